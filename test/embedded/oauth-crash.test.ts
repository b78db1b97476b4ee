import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, beforeEach, suite, test } from 'node:test';

import { prepareConnecting, type Connecting } from '../support/connecting.ts';
import {
  CLIENT_SECRET,
  consent,
  startOAuthServer,
  type OAuthServer,
} from '../support/oauth-server.ts';
import { startAffidavit, temporaryFolder, type Affidavit } from '../support/server.ts';
import { eventually, sleep } from '../support/trail.ts';
import { find, problem } from '../support/world.ts';

/** OAuth grants when processes die, the trail cannot be written, and the master key rotates. */

const PUBLIC_URL = 'http://127.0.0.1:7411';

suite('tokens of a server that ends', () => {
  const dataFolder = temporaryFolder();
  let masterKeys = randomBytes(32).toString('base64');
  let server: Affidavit;
  let oauth: OAuthServer;
  let world: Connecting;
  /** The same world on the server that runs now. */
  const current: Affidavit = new Proxy({} as Affidavit, {
    get: (_, name) => server[name as keyof Affidavit],
  });
  const start = async () => {
    server = await startAffidavit({
      dataFolder,
      env: {
        AFFIDAVIT_MASTER_KEY: masterKeys,
        AFFIDAVIT_PUBLIC_URL: PUBLIC_URL,
        AFFIDAVIT_WRITE_DEADLINE_MS: '1000',
      },
    });
  };

  before(async () => {
    await start();
    oauth = await startOAuthServer(`${PUBLIC_URL}/v1/connect/callback`);
    world = await prepareConnecting(current, oauth);
  });
  after(async () => {
    await server?.stop();
    await oauth?.close();
  });
  beforeEach(() => {
    Object.assign(oauth.behaviour, { accessTokenSeconds: 600, cut: null, delayMs: 0, holdMs: 0 });
    oauth.asked.length = 0;
  });

  const refreshes = () => oauth.asked.filter((type) => type === 'refresh_token').length;
  const entries = (grant_id: string, event_type: string) =>
    find(server, world.app.key, { grant_id, event_type });

  async function expired(): Promise<string> {
    oauth.behaviour.accessTokenSeconds = 1;
    const grant_id = await world.connect();
    oauth.behaviour.accessTokenSeconds = 600;
    await sleep(1100);
    return grant_id;
  }

  /** Killed while the OAuth server has the request. */
  async function killInRefresh(grant_id: string, until = () => refreshes() === 1): Promise<void> {
    const lost = world.call(grant_id).catch(() => 'lost');
    await eventually('the refresh is under way', until);
    await server.kill('SIGKILL');
    assert.equal(await lost, 'lost');
    oauth.behaviour.delayMs = 0;
  }

  test('a crash before the answer of the OAuth server has come: it is known, and what came of it', async () => {
    const grant_id = await expired();
    oauth.behaviour.holdMs = 700;
    const given = oauth.given.length;
    await killInRefresh(grant_id, () => oauth.given.length > given);
    oauth.behaviour.holdMs = 0;
    await start();
    const [unknown] = await entries(grant_id, 'token.refreshed');
    assert.deepEqual([unknown?.outcome, unknown?.error_code], ['unknown', 'process_ended']);
    problem(await world.call(grant_id), 409, 'conflict');
    const [reuse] = await entries(grant_id, 'token.reuse_detected');
    const { answer_lost_of } = reuse!.args as Record<string, string>;
    assert.equal(answer_lost_of, unknown?.execution_id);
    assert.equal((await world.grant(grant_id)).status, 'needs_reauth');
  });

  test('a crash before the OAuth server has done anything: the grant goes on', async () => {
    const grant_id = await expired();
    oauth.behaviour.cut = 'before';
    oauth.behaviour.delayMs = 700;
    await killInRefresh(grant_id);
    oauth.behaviour.cut = null;
    await start();
    const answer = await world.call(grant_id);
    assert.equal(answer.body.status, 200, answer.text);
    const [, started] = await entries(grant_id, 'token.refresh_started');
    assert.ok((started!.args as Record<string, string>).answer_lost_of);
  });

  test('fresh tokens that cannot be written are kept until they can', async () => {
    const grant_id = await expired();
    oauth.behaviour.delayMs = 500;
    const refused = world.call(grant_id);
    await eventually('the refresh is under way', () => refreshes() === 1);
    const other = new DatabaseSync(join(dataFolder, 'affidavit.db'));
    other.exec('BEGIN IMMEDIATE');
    problem(await refused, 503, 'audit_unavailable');
    other.exec('ROLLBACK');
    other.close();
    await eventually('it is ready', async () => {
      return (await server.request('GET', '/readyz')).status === 200;
    });
    const answer = await world.call(grant_id);
    assert.equal(answer.body.status, 200, answer.text);
    assert.equal(refreshes(), 1, 'the tokens of the one refresh were not lost');
    const [refreshed] = await entries(grant_id, 'token.refreshed');
    assert.equal(refreshed?.outcome, 'success');
  });

  test('tokens and client secrets are sealed anew with the master key, and are in no file', async () => {
    const grant_id = await expired();
    const old = masterKeys;
    const fresh = randomBytes(32).toString('base64');
    for (const keys of [`${fresh},${old}`, fresh]) {
      await server.stop();
      masterKeys = keys;
      await start();
      const answer = await world.call(grant_id);
      assert.equal(answer.body.status, 200, answer.text);
    }
    await world.connect();
    await server.stop();
    const files = readdirSync(dataFolder).map((name) => join(dataFolder, name));
    const secrets = [CLIENT_SECRET, ...oauth.given];
    for (const file of files) {
      const bytes = readFileSync(file);
      for (const secret of secrets) assert.ok(!bytes.includes(secret), file);
    }
    assert.ok(secrets.length > 10);
    await start();
  });

  test('whoever comes back too late, or never, is on the record', async () => {
    const late = await world.start();
    const never = await world.start();
    const answer = await consent(late.url);
    const db = new DatabaseSync(join(dataFolder, 'affidavit.db'));
    db.prepare('UPDATE connects SET expires_at = 1 WHERE ended_at IS NULL').run();
    db.close();
    await world.comeBack(answer);
    await eventually('both have ended', async () => {
      const ended = await Promise.all([
        world.status(late.connect_id),
        world.status(never.connect_id),
      ]);
      return ended.every(({ status, error }) => status === 'failed' && error === 'expired');
    });
    for (const { connect_id } of [late, never]) {
      const [, failed, ...more] = await find(server, world.app.key, { q: connect_id });
      assert.deepEqual(
        [failed?.event_type, failed?.error_code],
        ['grant.connect_failed', 'expired'],
      );
      assert.deepEqual(more, []);
    }
  });
});
