import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { startAffidavit, type Affidavit } from './support/server.ts';
import { ask, makeAgent, makeApp, makeKey } from './support/world.ts';
import type { AppUnderTest } from './support/world.ts';

/** A stream shows the entries of its app, for as long as its key lives. */

let server: Affidavit;
let app: AppUnderTest;

before(async () => {
  server = await startAffidavit();
  app = await makeApp(server, 'streams');
});
after(() => server.stop());

interface Follower {
  /** All that came until `needle` did, or until the end. Rejects after a while without it. */
  until(needle: string): Promise<string>;
  /** All that came until the server ended the stream. */
  end(): Promise<string>;
}

async function follow(key: string): Promise<Follower> {
  const response = await fetch(`${server.url}/v1/events/stream?event_type=note.*`, {
    headers: { authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(20_000),
  });
  assert.equal(response.status, 200);
  assert.match(String(response.headers.get('content-type')), /^text\/event-stream/);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let heard = '';
  const readUntil = async (isEnough: () => boolean) => {
    for (let done = isEnough(); !done; done ||= isEnough()) {
      const chunk = await reader.read();
      done = chunk.done;
      if (chunk.value) heard += decoder.decode(chunk.value, { stream: true });
    }
    return heard;
  };
  return {
    until: (needle) => readUntil(() => heard.includes(needle)),
    end: () => readUntil(() => false),
  };
}

const note = (reason: string, own = app) =>
  ask(server, 201, 'POST', '/v1/events', {
    key: own.key,
    body: { event_type: 'note.taken', reason },
  });

describe('an open stream', () => {
  it('ends when its key is revoked, before anything that comes after', async () => {
    const { key, key_id } = await makeKey(server, app, { scopes: ['events:read'] });
    const stream = await follow(key);
    await stream.until('retry');
    await note('while the key lives');
    await stream.until('while the key lives');
    await ask(server, 200, 'DELETE', `/v1/keys/${key_id}`, { key: app.key });
    await note('after the end of the key');
    const heard = await stream.end();
    assert.ok(!heard.includes('after the end of the key'), heard);
  });

  it('ends when its agent is revoked', async () => {
    const agent = await makeAgent(server, app, 'Ada');
    const stream = await follow(agent.key);
    await stream.until('retry');
    await ask(server, 200, 'DELETE', `/v1/agents/${agent.agent_id}`, { key: app.key });
    await note('after the end of the agent');
    assert.ok(!(await stream.end()).includes('after the end of the agent'));
  });

  it('shows nothing of another app', async () => {
    const other = await makeApp(server, 'others');
    const { key, key_id } = await makeKey(server, app, { scopes: ['events:read'] });
    const stream = await follow(key);
    await stream.until('retry');
    await note('of the other app', other);
    await note('of its own app');
    const heard = await stream.until('of its own app');
    assert.ok(!heard.includes('of the other app'));
    await ask(server, 200, 'DELETE', `/v1/keys/${key_id}`, { key: app.key });
    await stream.end();
  });
});
