import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';

import { prepareConnecting, type Connecting } from './support/connecting.ts';
import { startOAuthServer, type OAuthServer } from './support/oauth-server.ts';
import { startAffidavit, type Affidavit } from './support/server.ts';
import { ask, find, makeAgent, problem } from './support/world.ts';

/** The end of OAuth grants, here and at their server; and to whom they are delegated until then. */

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
  oauth.revoked.length = 0;
  oauth.behaviour.revocationStatus = null;
});

const entries = (grant_id: string, event_type: string) =>
  find(server, world.app.key, { grant_id, event_type });
const revoke = (grant_id: string) =>
  ask(server, 200, 'DELETE', `/v1/grants/${grant_id}`, { key: world.app.key });

async function until(what: string, test: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await test()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`not in time: ${what}`);
}

describe('a grant that is revoked', () => {
  it('ends at its server too, and both are on the record', async () => {
    const grant_id = await world.connect();
    const { status, provider_revocation } = await revoke(grant_id);
    assert.deepEqual([status, provider_revocation], ['revoked', 'revoked']);
    assert.equal(oauth.revoked.length, 1);
    const [revoked] = await entries(grant_id, 'token.revoked');
    assert.equal(revoked?.outcome, 'success');
    assert.equal(revoked?.actor_id, world.app.key_id);
    assert.equal(revoked?.response_status, 200);
    assert.equal((await entries(grant_id, 'grant.revoked')).length, 1);
    const denied = problem(await world.call(grant_id), 403, 'policy_denied');
    assert.equal(denied.policy_id, 'builtin:grant_status');
    await ask(server, 409, 'DELETE', `/v1/grants/${grant_id}`, { key: world.app.key });
    await ask(server, 409, 'POST', '/v1/connect', { key: world.app.key, body: { grant_id } });
  });

  it('is told to a server that does not answer, until it does', async () => {
    const grant_id = await world.connect();
    oauth.behaviour.revocationStatus = 503;
    assert.equal((await revoke(grant_id)).provider_revocation, 'pending');
    const [first] = await entries(grant_id, 'token.revoked');
    assert.equal(first?.outcome, 'network_error');
    oauth.behaviour.revocationStatus = null;
    await until(
      'the second try',
      async () => (await entries(grant_id, 'token.revoked')).length === 2,
    );
    const [, second] = await entries(grant_id, 'token.revoked');
    assert.equal(second?.outcome, 'success');
    assert.equal(second?.actor_type, 'system');
  });

  it('while its token is refreshed takes along what the refresh brings', async () => {
    oauth.behaviour.accessTokenSeconds = 1;
    const grant_id = await world.connect();
    oauth.behaviour.accessTokenSeconds = 600;
    await new Promise((resolve) => setTimeout(resolve, 1100));
    oauth.behaviour.holdMs = 500;
    const given = oauth.given.length;
    const call = world.call(grant_id);
    await until('the refresh is under way', async () => oauth.given.length > given);
    assert.equal((await revoke(grant_id)).provider_revocation, 'pending');
    oauth.behaviour.holdMs = 0;
    await call;
    await until('the end', async () => (await entries(grant_id, 'token.revoked')).length === 1);
    assert.equal(oauth.revoked.length, 1);
    assert.ok(oauth.given.slice(given).includes(oauth.revoked[0] as string));
  });

  it('is revoked once, however many ask', async () => {
    const grant_id = await world.connect();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        server.request('DELETE', `/v1/grants/${grant_id}`, { key: world.app.key }),
      ),
    );
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    assert.equal(answers.filter(({ status }) => status === 409).length, 49);
    assert.equal(oauth.revoked.length, 1);
  });
});

describe('a grant that is deleted', () => {
  it('is gone, and its history is not', async () => {
    const grant_id = await world.connect();
    const path = `/v1/grants/${grant_id}/delete`;
    const deleted = await ask(server, 200, 'POST', path, { key: world.app.key });
    assert.deepEqual([deleted.status, deleted.provider_revocation], ['deleted', 'revoked']);
    await ask(server, 404, 'GET', `/v1/grants/${grant_id}`, { key: world.app.key });
    problem(await world.call(grant_id), 404, 'not_found');
    const types = (await find(server, world.app.key, { grant_id })).map((one) => one.event_type);
    for (const type of ['grant.created', 'grant.revoked', 'token.revoked', 'grant.deleted']) {
      assert.ok(types.includes(type), type);
    }
  });
});

describe('a grant that expires', () => {
  it('says so by itself, and goes on when it gets more time', async () => {
    const grant_id = await world.connect();
    const { key } = world.app;
    const path = `/v1/grants/${grant_id}`;
    const expires_at = new Date(Date.now() + 500).toISOString();
    await ask(server, 200, 'PATCH', path, { key, body: { expires_at } });
    await until('the entry', async () => (await entries(grant_id, 'grant.expired')).length === 1);
    const [expired] = await entries(grant_id, 'grant.expired');
    assert.equal(expired?.actor_type, 'system');
    assert.equal((await world.grant(grant_id)).status, 'expired');
    problem(await world.call(grant_id), 403, 'policy_denied');
    const later = new Date(Date.now() + 60_000).toISOString();
    await ask(server, 200, 'PATCH', path, { key, body: { expires_at: later } });
    assert.equal((await world.call(grant_id)).status, 200);
  });
});

describe('delegation', () => {
  const list = async (grant_id: string) => {
    const path = `/v1/grants/${grant_id}/delegations?limit=1000`;
    const { key } = world.app;
    return (await ask<{ data: { agent_id: string }[] }>(server, 200, 'GET', path, { key })).data;
  };

  it('lets one more agent use a grant, and takes it back', async () => {
    const { key } = world.app;
    const grant_id = await world.connect();
    const other = await makeAgent(server, world.app, 'Bea');
    const call = (by: string) =>
      server.request('POST', '/v1/request', { key: by, body: { grant_id, url: 'inbox' } });
    problem(await call(other.key), 403, 'policy_denied');
    const path = `/v1/grants/${grant_id}/delegations`;
    const body = { agent_id: other.agent_id };
    await ask(server, 201, 'POST', path, { key, body });
    await ask(server, 201, 'POST', path, { key, body });
    assert.equal((await call(other.key)).status, 200);
    assert.deepEqual(
      (await list(grant_id)).map((one) => one.agent_id).sort(),
      [other.agent_id, world.agent.agent_id].sort(),
    );
    const usable = await ask<{ data: { grant_id: string }[] }>(
      server,
      200,
      'GET',
      `/v1/agents/${other.agent_id}/grants`,
      { key },
    );
    assert.deepEqual(
      usable.data.map((one) => one.grant_id),
      [grant_id],
    );
    await ask(server, 200, 'DELETE', `${path}/${other.agent_id}`, { key });
    problem(await call(other.key), 403, 'policy_denied');
    await ask(server, 404, 'DELETE', `${path}/${other.agent_id}`, { key });
    const [given] = await entries(grant_id, 'grant.delegated');
    assert.equal(given?.agent_id, other.agent_id);
    assert.equal((await entries(grant_id, 'grant.delegated')).length, 1);
    assert.equal((await entries(grant_id, 'grant.delegation_revoked')).length, 1);
  });

  it('loses none of 50 that come at once', async () => {
    const { key } = world.app;
    const grant_id = await world.connect();
    const agents = await Promise.all(
      Array.from({ length: 50 }, (_, index) => makeAgent(server, world.app, `agent ${index}`)),
    );
    const path = `/v1/grants/${grant_id}/delegations`;
    await Promise.all(
      agents.map(({ agent_id }) => ask(server, 201, 'POST', path, { key, body: { agent_id } })),
    );
    const listed = (await list(grant_id)).map((one) => one.agent_id);
    for (const { agent_id } of agents) assert.ok(listed.includes(agent_id));
    assert.equal((await entries(grant_id, 'grant.delegated')).length, 50);
  });

  it('to every agent cannot be taken from one', async () => {
    const { key } = world.app;
    const grant_id = await world.connect({ agents: '*' });
    assert.deepEqual(await list(grant_id), [{ agent_id: '*', status: 'active' }]);
    const path = `/v1/grants/${grant_id}/delegations/${world.agent.agent_id}`;
    const answer = problem(await server.request('DELETE', path, { key }), 409, 'conflict');
    assert.match(answer.advice, /PATCH/);
  });
});

describe('an agent that another agent sent', () => {
  const agentUnder = async (parent_agent_id: string | undefined, name: string) => {
    const { key } = world.app;
    const body = { name, ...(parent_agent_id === undefined ? {} : { parent_agent_id }) };
    const made = await ask<{ agent_id: string }>(server, 201, 'POST', '/v1/agents', { key, body });
    const { agent_id } = made;
    const minted = await ask<{ key: string }>(server, 201, 'POST', '/v1/keys', {
      key,
      body: { name, scopes: ['calls:execute'], agent_id },
    });
    return { agent_id, key: minted.key };
  };
  const decisions = async (execution_id: unknown) => {
    const found = await find(server, world.app.key, { execution_id: String(execution_id) });
    return found.map(({ parent_agent_id, policy_context }) => {
      const { act, act_claimed } = policy_context as Record<string, unknown>;
      return { parent_agent_id, act, act_claimed };
    });
  };

  it('is on the entries with all above it, as they are known and as they are claimed', async () => {
    const grant_id = await world.connect({ agents: '*' });
    const top = await agentUnder(undefined, 'top');
    const middle = await agentUnder(top.agent_id, 'middle');
    const low = await agentUnder(middle.agent_id, 'low');
    const claim = { sub: 'planner', act: { sub: 'assistant' } };
    const made = await ask(server, 200, 'POST', '/v1/request', {
      key: low.key,
      body: { grant_id, url: 'inbox', act: claim },
    });
    const chain = { sub: low.agent_id, act: { sub: middle.agent_id, act: { sub: top.agent_id } } };
    const told = { parent_agent_id: middle.agent_id, act: chain, act_claimed: claim };
    assert.deepEqual(await decisions(made.execution_id), [told, told]);
    // Whoever has no parent of its own has the one that is claimed.
    const alone = await ask(server, 200, 'POST', '/v1/request', {
      key: top.key,
      body: { grant_id, url: 'inbox', act: claim },
    });
    const said = { parent_agent_id: 'planner', act: undefined, act_claimed: claim };
    assert.deepEqual(await decisions(alone.execution_id), [said, said]);
    const parents = await find(server, world.app.key, { parent_agent_id: 'planner' });
    assert.equal(parents.length, 2);
  });

  it('is refused where the claim is not one', async () => {
    const { key } = world.agent;
    const deep = Array.from({ length: 20 }).reduce<object>((act) => ({ sub: 'x', act }), {
      sub: 'y',
    });
    for (const body of [
      { act: deep },
      { act: { sub: '' } },
      { act: { sub: 'a', iss: 'b' } },
      { act: 'a' },
      { act: { sub: 'a' }, parent_agent_id: 'b' },
    ]) {
      const answer = await server.request('POST', '/v1/request', {
        key,
        body: { provider: 'mail', url: 'inbox', ...body },
      });
      problem(answer, 400, 'invalid_request');
    }
  });
});
