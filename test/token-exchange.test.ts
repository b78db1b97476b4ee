import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';

import { prepareConnecting, type Connecting } from './support/connecting.ts';
import { startOAuthServer, type OAuthServer } from './support/oauth-server.ts';
import { startAffidavit, type Affidavit } from './support/server.ts';
import { ask, execution, find, problem } from './support/world.ts';

/** Minted tokens on OAuth grants, where the provider's server exchanges access tokens (RFC 8693). */

const CALM = { accessTokenSeconds: 600, refusesAll: false, refusesExchange: false };
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

let server: Affidavit;
let oauth: OAuthServer;
let world: Connecting;
let grant_id: string;

before(async () => {
  server = await startAffidavit();
  oauth = await startOAuthServer(`${server.url}/v1/connect/callback`);
  world = await prepareConnecting(server, oauth);
  grant_id = await world.connect({ scopes: ['openid', 'read', 'write'] });
  await exchanging(true);
});
after(async () => {
  await server?.stop();
  await oauth?.close();
});
beforeEach(() => {
  Object.assign(oauth.behaviour, CALM, { exchangeScope: null });
  oauth.asked.length = 0;
});

/** Turns it on or off at the provider. */
async function exchanging(token_exchange: boolean): Promise<void> {
  const { provider_id } = world;
  const { data } = await ask<{ data: { provider_id: string; auth: object }[] }>(
    server,
    200,
    'GET',
    '/v1/providers',
    { key: world.app.key },
  );
  const auth = data.find((one) => one.provider_id === provider_id)?.auth;
  await ask(server, 200, 'PATCH', `/v1/providers/${provider_id}`, {
    key: world.app.key,
    body: { auth: { ...auth, token_exchange } },
  });
}

async function mint(scopes: string[]) {
  return ask<{ token: string; token_id: string }>(server, 201, 'POST', '/v1/tokens', {
    key: world.agent.key,
    body: { grant_id, scopes },
  });
}

const call = (key: string) =>
  server.request('POST', '/v1/request', { key, body: { url: 'inbox' } });
const exchanges = () => oauth.asked.filter((type) => type === EXCHANGE).length;
const seenBy = ({ body }: { body: Record<string, unknown> }) =>
  JSON.parse(String(body.body)) as { scope: string; sub: string };

describe('a call with a minted token', () => {
  it('goes by an access token that was cut down, once for many calls, on the record', async () => {
    const { token, token_id } = await mint(['read']);
    const answers = await Promise.all(Array.from({ length: 20 }, () => call(token)));
    for (const answer of answers) {
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual([seenBy(answer).scope, seenBy(answer).sub], ['read', 'ada']);
      for (const given of oauth.given) assert.ok(!answer.text.includes(given));
    }
    assert.equal(exchanges(), 1);
    const [exchanged, ...more] = await find(server, world.app.key, {
      token_id,
      event_type: 'token.exchanged',
    });
    assert.deepEqual(more, []);
    assert.deepEqual(exchanged?.scope_requested, ['read']);
    assert.deepEqual(exchanged?.scope_granted, ['read']);
    assert.deepEqual([exchanged?.response_status, exchanged?.outcome], [200, 'success']);
    assert.equal(exchanged?.agent_id, world.agent.agent_id);
    const steps = await execution(server, world.app.key, exchanged?.execution_id);
    assert.deepEqual(
      steps.map(({ event_type }) => event_type),
      ['credential.retrieved', 'token.exchanged', 'api.called'],
    );
    const other = await mint(['write']);
    assert.equal(seenBy(await call(other.token)).scope, 'write');
    assert.equal(exchanges(), 2);
  });

  it('goes by the whole one where it has all scopes, or nothing is exchanged there', async () => {
    const all = await mint(['openid', 'read', 'write']);
    assert.match(seenBy(await call(all.token)).scope, /openid read write/);
    assert.match(seenBy(await world.call(grant_id)).scope, /openid read write/);
    await exchanging(false);
    const { token } = await mint(['read']);
    assert.match(seenBy(await call(token)).scope, /openid read write/);
    assert.equal(exchanges(), 0);
    await exchanging(true);
  });

  it('is not made where the server refuses, or gives no less than there was', async () => {
    const { token, token_id } = await mint(['read']);
    const calls = oauth.calls.length;
    oauth.behaviour.refusesExchange = true;
    const refused = problem(await call(token), 409, 'conflict');
    assert.match(refused.detail, /invalid_scope/);
    oauth.behaviour.refusesExchange = false;
    oauth.behaviour.exchangeScope = 'read write';
    problem(await call(token), 409, 'conflict');
    assert.equal(oauth.calls.length, calls);
    const entries = await find(server, world.app.key, { token_id, event_type: 'token.exchanged' });
    assert.deepEqual(
      entries.map(({ outcome, error_code }) => [outcome, error_code]),
      [
        ['provider_error', 'invalid_scope'],
        ['provider_error', 'scopes_not_narrowed'],
      ],
    );
    const outcomes = await execution(server, world.app.key, refused.execution_id);
    assert.deepEqual(outcomes.at(-1)?.outcome, 'error');
    oauth.behaviour.exchangeScope = null;
    assert.equal(seenBy(await call(token)).scope, 'read');
  });

  it('goes by a new one when that has expired', async () => {
    oauth.behaviour.accessTokenSeconds = 4;
    const { token } = await mint(['read']);
    assert.equal(seenBy(await call(token)).scope, 'read');
    assert.equal(seenBy(await call(token)).scope, 'read');
    assert.equal(exchanges(), 2);
  });
});
