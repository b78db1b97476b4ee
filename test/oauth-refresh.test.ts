import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';

import { prepareConnecting, type Connecting } from './support/connecting.ts';
import { consent, startOAuthServer, type OAuthServer } from './support/oauth-server.ts';
import { startAffidavit, type Affidavit } from './support/server.ts';
import { find, problem } from './support/world.ts';

/** Tokens that are refreshed: by one at a time, with a server that takes each refresh token once. */

const CALM = {
  accessTokenSeconds: 600,
  cut: null,
  delayMs: 0,
  refused: new Set<string>(),
  refusesAll: false,
} as const;

let server: Affidavit;
let oauth: OAuthServer;
let world: Connecting;

before(async () => {
  server = await startAffidavit();
  oauth = await startOAuthServer(`${server.url}/v1/connect/callback`);
  world = await prepareConnecting(server, oauth);
});
after(async () => {
  await server?.stop();
  await oauth?.close();
});
beforeEach(() => {
  Object.assign(oauth.behaviour, CALM, { refreshScope: null, introspectedScope: null });
  oauth.asked.length = 0;
  oauth.calls.length = 0;
});

const refreshes = () => oauth.asked.filter((type) => type === 'refresh_token').length;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A grant whose access token has expired. */
async function expired(): Promise<string> {
  oauth.behaviour.accessTokenSeconds = 1;
  const grant_id = await world.connect();
  oauth.behaviour.accessTokenSeconds = 600;
  await sleep(1100);
  return grant_id;
}

const typesOf = async (grant_id: string) =>
  (await find(server, world.app.key, { grant_id }))
    .map(({ event_type, outcome }) => `${event_type} ${outcome ?? '-'}`)
    .filter((type) => /^(token|grant)/.test(type));

describe('an access token that has expired', () => {
  it('is refreshed once for 50 calls at the same time, and all of them succeed', async () => {
    const grant_id = await expired();
    oauth.behaviour.delayMs = 100;
    const answers = await Promise.all(Array.from({ length: 50 }, () => world.call(grant_id)));
    for (const answer of answers) {
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.body.status, 200, answer.text);
    }
    assert.equal(refreshes(), 1);
    assert.deepEqual(await typesOf(grant_id), [
      'grant.created success',
      'token.refresh_started -',
      'token.refreshed success',
    ]);
    const [refreshed] = await find(server, world.app.key, {
      grant_id,
      event_type: 'token.refreshed',
    });
    assert.equal(refreshed?.actor_type, 'system');
    assert.equal(refreshed?.response_status, 200);
    assert.equal((refreshed!.args as { rotated: boolean }).rotated, true);
  });

  it('is refreshed before its end, and again and again', async () => {
    const grant_id = await expired();
    oauth.behaviour.accessTokenSeconds = 1;
    for (let round = 1; round <= 3; round++) {
      const answer = await world.call(grant_id);
      assert.equal(answer.body.status, 200, answer.text);
      assert.equal(refreshes(), round);
      await sleep(950);
    }
    assert.ok(!oauth.calls.includes(401), 'no call was made with a token that had expired');
  });
});

describe('a provider that refuses a token before its time', () => {
  it('gets a fresh one from 50 calls at the same time, which ask for it once', async () => {
    const grant_id = await world.connect();
    oauth.behaviour.refused = new Set(oauth.given);
    oauth.behaviour.delayMs = 50;
    const answers = await Promise.all(Array.from({ length: 50 }, () => world.call(grant_id)));
    for (const { body, text } of answers) assert.equal(body.status, 200, text);
    assert.equal(refreshes(), 1);
  });

  it('gets a fresh one, once', async () => {
    const grant_id = await world.connect();
    oauth.behaviour.refusesAll = true;
    const answer = await world.call(grant_id);
    assert.equal(answer.body.status, 401);
    assert.equal(answer.body.retry_count, 1);
    assert.deepEqual(oauth.calls, [401, 401]);
    assert.equal(refreshes(), 1);
    // It refuses whatever it gets: it is not asked over and over.
    assert.equal((await world.call(grant_id)).body.status, 401);
    assert.equal(refreshes(), 1);
    for (const token of oauth.given) assert.ok(!answer.text.includes(token));
  });
});

describe('an OAuth server', () => {
  it('that does not answer leaves the grant as it was', async () => {
    const grant_id = await expired();
    oauth.behaviour.cut = 'before';
    const failed = await world.call(grant_id);
    problem(failed, 502, 'provider_unreachable');
    oauth.behaviour.cut = null;
    // The request was never seen, so that its token is still good.
    assert.equal((await world.call(grant_id)).body.status, 200);
  });

  it('whose answer is lost has taken the refresh token: the reuse is known for what it is', async () => {
    const grant_id = await expired();
    oauth.behaviour.cut = 'after';
    problem(await world.call(grant_id), 502, 'provider_unreachable');
    oauth.behaviour.cut = null;
    const denied = problem(await world.call(grant_id), 409, 'conflict');
    assert.match(denied.advice, /connect again/i);
    const [reuse] = await find(server, world.app.key, {
      grant_id,
      event_type: 'token.reuse_detected',
    });
    assert.equal(reuse?.error_code, 'invalid_grant');
    const [started] = await find(server, world.app.key, {
      grant_id,
      event_type: 'token.refresh_started',
    });
    assert.equal((reuse!.args as Record<string, string>).answer_lost_of, started?.execution_id);
    assert.equal((await world.grant(grant_id)).status, 'needs_reauth');
    // The next call is refused before anything is asked.
    const before = refreshes();
    const refused = problem(await world.call(grant_id), 409, 'conflict');
    assert.equal(refused.policy_id, 'builtin:grant_status');
    const entries = await find(server, world.app.key, {
      grant_id,
      event_type: 'credential.denied',
    });
    assert.equal(entries.at(-1)?.policy_id, 'builtin:grant_status');
    assert.equal(refreshes(), before);
  });

  it('is connected again, and the same grant goes on', async () => {
    const grant_id = await expired();
    oauth.behaviour.cut = 'after';
    await world.call(grant_id);
    oauth.behaviour.cut = null;
    problem(await world.call(grant_id), 409, 'conflict');
    const { connect_id, url } = await world.start({ grant_id });
    assert.equal((await world.comeBack(await consent(url))).status, 200);
    const ended = await world.status(connect_id);
    assert.equal(ended.grant_id, grant_id);
    assert.equal((await world.grant(grant_id)).status, 'active');
    assert.equal((await world.call(grant_id)).body.status, 200);
    assert.ok((await typesOf(grant_id)).includes('grant.reauthenticated success'));
  });

  it('that grants other scopes makes the grant drift', async () => {
    const grant_id = await expired();
    oauth.behaviour.refreshScope = 'openid offline_access';
    assert.equal((await world.call(grant_id)).body.status, 200);
    assert.deepEqual((await world.grant(grant_id)).scopes, ['openid', 'offline_access']);
    const [drift] = await find(server, world.app.key, {
      grant_id,
      event_type: 'grant.scope_drifted',
    });
    assert.deepEqual(drift?.args, {
      before: ['openid', 'offline_access', 'read'],
      after: ['openid', 'offline_access'],
      gained: [],
      lost: ['read'],
    });
    const denied = await world.call(grant_id, { scopes: ['read'] });
    assert.equal(problem(denied, 403, 'policy_denied').policy_id, 'builtin:scope');
  });
});

describe('a grant that is checked', () => {
  const check = (grant_id: string) =>
    server.request('POST', `/v1/grants/${grant_id}/check`, { key: world.app.key });

  it('follows what its server says of it now', async () => {
    const grant_id = await world.connect();
    const { status, body, text } = await check(grant_id);
    assert.equal(status, 200, text);
    assert.deepEqual([body.introspection, body.status], ['active', 'active']);
    oauth.behaviour.introspectedScope = 'openid offline_access';
    assert.deepEqual((await check(grant_id)).body.scopes, ['openid', 'offline_access']);
    const drifts = await find(server, world.app.key, {
      grant_id,
      event_type: 'grant.scope_drifted',
    });
    assert.equal(drifts.length, 1);
    assert.equal(drifts[0]?.actor_id, world.app.key_id);
    const asked = await find(server, world.app.key, { grant_id, event_type: 'api.called' });
    assert.equal(asked.length, 2);
    assert.equal((await world.call(grant_id)).body.status, 200);
  });

  it('is for OAuth grants that live', async () => {
    const grant_id = await world.connect();
    await server.request('DELETE', `/v1/grants/${grant_id}`, { key: world.app.key });
    problem(await check(grant_id), 409, 'conflict');
    problem(await check('grt_none'), 404, 'not_found');
  });
});
