import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { startAffidavit, type Affidavit } from './support/server.ts';
import { startService, type Service } from './support/service.ts';
import { ask, execution, makeAgent, makeApp, makeGrant, problem } from './support/world.ts';
import type { AgentUnderTest, AppUnderTest, Entry } from './support/world.ts';

/** Rates: never a call more than the limit in any window, never one less, whoever asks at once. */

const SECRET = 'sk_rates_8172635409';

let server: Affidavit;
let service: Service;
let app: AppUnderTest;
let ada: AgentUnderTest;
let eva: AgentUnderTest;

before(async () => {
  server = await startAffidavit();
  service = await startService();
  app = await makeApp(server, 'rates');
  ada = await makeAgent(server, app, 'Ada');
  eva = await makeAgent(server, app, 'Eva');
});
after(async () => {
  await service.close();
  await server.stop();
});

interface Evaluated {
  readonly policy: { readonly template: object };
  readonly compared: { readonly used: number };
}

let made = 0;
async function limited(template: object, applies_to: object = {}) {
  const provider = `limited-${++made}`;
  const ids = await makeGrant(server, app, { provider, base_url: service.url, secret: SECRET });
  const { policy_id } = await ask<{ policy_id: string }>(server, 201, 'POST', '/v1/policies', {
    key: app.key,
    body: {
      name: 'not so fast',
      template: { kind: 'rate', ...template },
      applies_to: { provider, ...applies_to },
    },
  });
  return { ...ids, provider, policy_id };
}

const call = (grant_id: string, key = ada.key) =>
  server.request<Record<string, unknown>>('POST', '/v1/request', {
    key,
    body: { url: '/', grant_id },
  });

describe('a rate', () => {
  it('lets as many calls through as it says, and says when the next may come', async () => {
    const { grant_id, policy_id } = await limited({ limit: 3, window_seconds: 3600 });
    const calls = service.received.length;
    for (let n = 0; n < 3; n++) assert.equal((await call(grant_id)).status, 200);
    const answer = await call(grant_id);
    const denied = problem(answer, 403, 'policy_denied');
    assert.deepEqual([denied.policy_id, denied.rule], [policy_id, 'rate']);
    const wait = Number(answer.headers['retry-after']);
    assert.ok(wait > 3500 && wait <= 3600, String(wait));
    assert.equal(service.received.length, calls + 3);
    const [entry] = await execution(server, app.key, denied.execution_id);
    assert.equal(entry?.event_type, 'credential.denied');
    assert.equal(entry?.policy_id, policy_id);
    assert.ok(entry?.policies_checked?.includes(policy_id));
    const { policy, compared } = (entry as Entry).policy_context as unknown as Evaluated;
    assert.deepEqual(policy.template, { kind: 'rate', limit: 3, window_seconds: 3600 });
    assert.equal(compared.used, 3);
  });

  it('lets exactly its limit through of many calls at once', async () => {
    const { grant_id } = await limited({ limit: 17, window_seconds: 3600 });
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => call(grant_id, n % 2 === 0 ? ada.key : eva.key)),
    );
    assert.equal(answers.filter(({ status }) => status === 200).length, 17);
    assert.equal(answers.filter(({ status }) => status === 403).length, 83);
  });

  it('slides: what is older than the window counts no more', async () => {
    const { grant_id } = await limited({ limit: 2, window_seconds: 1 });
    assert.equal((await call(grant_id)).status, 200);
    await sleep(600);
    assert.equal((await call(grant_id)).status, 200);
    assert.equal((await call(grant_id)).status, 403);
    await sleep(450);
    assert.equal((await call(grant_id)).status, 200);
    assert.equal((await call(grant_id)).status, 403);
  });

  it('counts for each agent, where it says so', async () => {
    const { grant_id } = await limited({ limit: 1, window_seconds: 3600, per: 'agent' });
    assert.equal((await call(grant_id)).status, 200);
    assert.equal((await call(grant_id)).status, 403);
    assert.equal((await call(grant_id, eva.key)).status, 200);
    assert.equal((await call(grant_id, eva.key)).status, 403);
  });

  it('does not count what is denied by another policy, nor what another rate has no place for', async () => {
    const { grant_id, provider, policy_id } = await limited({ limit: 3, window_seconds: 3600 });
    const body = {
      name: 'one by one',
      template: { kind: 'rate', limit: 1, window_seconds: 1 },
      applies_to: { provider },
    };
    const options = { key: app.key, body };
    const second = await ask<{ policy_id: string }>(server, 201, 'POST', '/v1/policies', options);
    assert.equal((await call(grant_id)).status, 200);
    for (let n = 0; n < 4; n++) {
      assert.equal(problem(await call(grant_id), 403, 'policy_denied').policy_id, second.policy_id);
    }
    const path = `/v1/policies/${second.policy_id}`;
    await ask(server, 200, 'DELETE', path, { key: app.key });
    assert.equal((await call(grant_id)).status, 200);
    assert.equal((await call(grant_id)).status, 200);
    assert.equal(problem(await call(grant_id), 403, 'policy_denied').policy_id, policy_id);
  });

  it('begins anew when its policy is changed', async () => {
    const { grant_id, provider, policy_id } = await limited({ limit: 1, window_seconds: 3600 });
    assert.equal((await call(grant_id)).status, 200);
    assert.equal((await call(grant_id)).status, 403);
    const template = { kind: 'rate', limit: 2, window_seconds: 3600 };
    const body = { name: 'faster', template, applies_to: { provider } };
    const path = `/v1/policies/${policy_id}`;
    await ask(server, 200, 'PUT', path, { key: app.key, body });
    const statuses = [];
    for (let n = 0; n < 3; n++) statuses.push((await call(grant_id)).status);
    assert.deepEqual(statuses, [200, 200, 403]);
    await ask(server, 200, 'PUT', path, { key: app.key, body });
    assert.equal((await call(grant_id)).status, 200);
  });
});
