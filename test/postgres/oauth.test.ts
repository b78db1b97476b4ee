import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, suite, test } from 'node:test';

import { prepareConnecting, type Connecting } from '../support/connecting.ts';
import { postgres, whyNoPostgres } from '../support/database.ts';
import { consent, startOAuthServer, type OAuthServer } from '../support/oauth-server.ts';
import { startAffidavit, type Affidavit } from '../support/server.ts';
import { eventually, sleep } from '../support/trail.ts';
import { find } from '../support/world.ts';

/** OAuth grants in several server processes on one database. */

const skip = await whyNoPostgres();
const PROCESSES = 3;
const CALLS = 60;
const PUBLIC_URL = 'http://127.0.0.1:7411';
const DEAD_AFTER_MS = 60_000;

suite('processes that share OAuth grants', { skip }, () => {
  const env = {
    AFFIDAVIT_DATABASE_URL: '',
    AFFIDAVIT_MASTER_KEY: randomBytes(32).toString('base64'),
    AFFIDAVIT_PUBLIC_URL: PUBLIC_URL,
  };
  let servers: Affidavit[] = [];
  let oauth: OAuthServer;
  let world: Connecting;

  before(async () => {
    env.AFFIDAVIT_DATABASE_URL = await (await postgres()).newDatabase();
    servers = await Promise.all(Array.from({ length: PROCESSES }, () => startAffidavit({ env })));
    oauth = await startOAuthServer(`${PUBLIC_URL}/v1/connect/callback`);
    world = await prepareConnecting(servers[0] as Affidavit, oauth);
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await oauth?.close();
  });

  const of = (index: number) => servers[index % servers.length] as Affidavit;
  const refreshes = () => oauth.asked.filter((type) => type === 'refresh_token').length;

  async function expired(): Promise<string> {
    oauth.behaviour.accessTokenSeconds = 1;
    const grant_id = await world.connect();
    oauth.behaviour.accessTokenSeconds = 600;
    await sleep(1100);
    oauth.asked.length = 0;
    return grant_id;
  }

  const callOn = (server: Affidavit, grant_id: string) =>
    server.request('POST', '/v1/request', {
      key: world.agent.key,
      body: { grant_id, url: 'inbox', reason: 'to read mail' },
    });

  test('refresh a token once for calls in all of them', async () => {
    const grant_id = await expired();
    const answers = await Promise.all(
      Array.from({ length: CALLS }, (_, index) => callOn(of(index), grant_id)),
    );
    for (const { body, text } of answers) assert.equal(body.status, 200, text);
    assert.equal(refreshes(), 1);
  });

  test('take a state once, wherever it is brought', async () => {
    const { connect_id, url } = await world.start();
    const { pathname, search } = new URL(await consent(url));
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        of(index).request('GET', pathname + search, { key: null }),
      ),
    );
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    const found = await find(of(1), world.app.key, { q: connect_id });
    assert.deepEqual(found.map((entry) => entry.event_type).sort(), [
      'grant.connect_failed',
      'grant.connect_started',
      'grant.created',
    ]);
  });

  test('go on with a grant whose refresh died with a process', async () => {
    const grant_id = await expired();
    oauth.behaviour.delayMs = 700;
    oauth.behaviour.cut = 'before';
    const doomed = servers.pop() as Affidavit;
    const lost = callOn(doomed, grant_id).catch(() => 'lost');
    await eventually('the refresh is under way', () => refreshes() === 1);
    await doomed.kill('SIGKILL');
    assert.equal(await lost, 'lost');
    Object.assign(oauth.behaviour, { cut: null, delayMs: 0 });
    // They wait until it is sure that nobody is at it any more.
    await eventually(
      'the others call',
      async () => (await callOn(of(1), grant_id)).body.status === 200,
      DEAD_AFTER_MS,
    );
    const [first] = await find(of(0), world.app.key, { grant_id, event_type: 'token.refreshed' });
    assert.deepEqual([first?.outcome, first?.error_code], ['unknown', 'process_ended']);
  });
});
