import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { CLIENT_ID, CLIENT_SECRET, consent, startOAuthServer } from './support/oauth-server.ts';
import type { OAuthServer } from './support/oauth-server.ts';
import { startAffidavit, type Affidavit } from './support/server.ts';
import { deadUrl } from './support/service.ts';
import { ask, find, makeApp, makeKey, problem } from './support/world.ts';
import type { AppUnderTest } from './support/world.ts';

/** Who says who people are: a real OpenID Connect provider, and whom its ID tokens make them here. */

const REDIRECT = 'http://127.0.0.1:1/callback';
const PATH = '/v1/identity-provider';

let server: Affidavit;
let issuer: OAuthServer;
let app: AppUnderTest;

before(async () => {
  server = await startAffidavit();
  issuer = await startOAuthServer(REDIRECT);
  app = await makeApp(server, 'people');
});
after(async () => {
  await server?.stop();
  await issuer?.close();
});

const config = (more: object = {}) => ({
  issuer: issuer.issuer,
  client_id: CLIENT_ID,
  client_secret: CLIENT_SECRET,
  ...more,
});
const put = (body: object, key = app.key) => server.request('PUT', PATH, { key, body });
const set = (more: object = {}) =>
  ask(server, 200, 'PUT', PATH, { key: app.key, body: config(more) });
const test = (body: object) => ask(server, 200, 'POST', `${PATH}/test`, { key: app.key, body });

/** The ID token of a person who signs in at the provider. */
async function idTokenOf(login: string, nonce: string): Promise<string> {
  const verifier = randomBytes(32).toString('base64url');
  const url = new URL(`${issuer.issuer}/auth`);
  url.search = new URLSearchParams({
    client_id: CLIENT_ID,
    redirect_uri: REDIRECT,
    response_type: 'code',
    scope: 'openid',
    nonce,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString();
  const back = new URL(await consent(url.href, { login }));
  const response = await fetch(`${issuer.issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${CLIENT_ID}:${CLIENT_SECRET}`)}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: back.searchParams.get('code') ?? '',
      redirect_uri: REDIRECT,
      code_verifier: verifier,
    }),
  });
  return ((await response.json()) as { id_token: string }).id_token;
}

describe('the configuration of an identity provider', () => {
  it('is set, shown, changed and taken away by owners, on the record and without its secret', async () => {
    problem(await server.request('GET', PATH, { key: app.key }), 404, 'not_found');
    const made = await set({ role_claim: 'groups', roles: { adas: 'analyst' } });
    assert.equal(made.client_authenticates, true);
    await set({ role_claim: 'groups', roles: { adas: 'auditor' }, client_secret: undefined });
    const shown = await ask(server, 200, 'GET', PATH, { key: app.key });
    assert.deepEqual(shown.roles, { adas: 'auditor' });
    assert.deepEqual(shown.scopes, ['openid', 'email', 'profile']);
    assert.equal(shown.client_authenticates, true);
    const moved = await set({ client_id: 'another', client_secret: undefined });
    assert.equal(moved.client_authenticates, false);
    await ask(server, 200, 'DELETE', PATH, { key: app.key });
    problem(await server.request('DELETE', PATH, { key: app.key }), 404, 'not_found');
    const entries = await find(server, app.key, { event_type: 'identity_provider.*' });
    assert.deepEqual(
      entries.map(({ event_type, category, args }) => [
        event_type,
        category,
        (args as { credential_changed?: boolean }).credential_changed,
      ]),
      [
        ['identity_provider.created', 'admin', true],
        ['identity_provider.updated', 'admin', false],
        ['identity_provider.updated', 'admin', true],
        ['identity_provider.deleted', 'admin', undefined],
      ],
    );
    const all = JSON.stringify([made, shown, entries]) + server.stdout();
    assert.ok(!all.includes(CLIENT_SECRET));
  });

  it('is for owners', async () => {
    for (const role of ['admin', 'analyst', 'auditor', 'approver']) {
      const { key } = await makeKey(server, app, { role });
      problem(await put(config(), key), 403, 'forbidden');
      problem(await server.request('GET', PATH, { key }), 403, 'forbidden');
    }
    const { key } = await makeKey(server, app, { role: 'owner' });
    assert.equal((await put(config(), key)).status, 200);
    await ask(server, 200, 'DELETE', PATH, { key });
  });

  it('is refused where nobody could sign in by it', async () => {
    problem(await put(config({ issuer: await deadUrl() })), 502, 'provider_unreachable');
    problem(await put(config({ issuer: server.url })), 502, 'provider_unreachable');
    const inside = await put(config({ issuer: 'http://169.254.169.254' }));
    assert.match(problem(inside, 502, 'provider_unreachable').detail, /may not be called/);
    for (const body of [
      { issuer: 'nowhere' },
      { scopes: ['email'] },
      { role_claim: 'groups' },
      { role_claim: 'groups', roles: { x: 'king' } },
      { audience: 'wallet', role_claim: 'groups', roles: { x: 'owner' } },
      { wallet: { principal_claim: 'sub' } },
      { email_domains: ['not a domain'] },
      { audience: 'everyone' },
    ]) {
      problem(await put(config(body)), 400, 'invalid_request');
    }
    problem(await server.request('GET', PATH, { key: app.key }), 404, 'not_found');
  });
});

describe('an ID token', () => {
  it('makes an operator of whom a claim gives a role, or who was added', async () => {
    await set({ role_claim: 'groups', roles: { adas: 'analyst', everyone: 'approver' } });
    const ada = await idTokenOf('ada', 'n-1');
    const mapped = await test({ id_token: ada, nonce: 'n-1' });
    assert.deepEqual(mapped, {
      verified: true,
      may_sign_in: true,
      subject: 'ada',
      email: 'ada@example.com',
      role: 'analyst',
    });
    const { operator_id } = await ask(server, 201, 'POST', '/v1/operators', {
      key: app.key,
      body: { email: 'Ada@example.com', role: 'owner' },
    });
    const added = await test({ id_token: ada });
    assert.deepEqual([added.role, added.operator_id], ['owner', operator_id]);
    const eva = await test({ id_token: await idTokenOf('eva', 'n-2'), nonce: 'n-2' });
    assert.equal(eva.role, 'approver');
    await set();
    const stranger = await test({ id_token: await idTokenOf('eva', 'n-3') });
    assert.deepEqual([stranger.verified, stranger.may_sign_in], [true, false]);
  });

  it('of an address that is not let in makes nobody of anyone', async () => {
    await set({ email_domains: ['Other.example'], role_claim: 'groups', roles: { adas: 'owner' } });
    const answer = await test({ id_token: await idTokenOf('ada', 'n') });
    assert.equal(answer.may_sign_in, false);
    assert.match(String(answer.why), /example\.com/);
  });

  it('says whose grants a wallet user sees', async () => {
    const audience = 'wallet';
    await set({ audience });
    const id_token = await idTokenOf('ada', 'n');
    assert.equal((await test({ audience, id_token })).principal_id, 'ada');
    await set({ audience, wallet: { principal_claim: 'email' } });
    assert.equal((await test({ audience, id_token })).principal_id, 'ada@example.com');
    await set({ audience, wallet: { principal_claim: 'employee' } });
    assert.equal((await test({ audience, id_token })).may_sign_in, false);
  });

  it('that was changed, is for another, or answers another request is refused', async () => {
    await set();
    const text = await idTokenOf('ada', 'n-1');
    const [header, payload = '', signature] = text.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'eva' })).toString('base64url');
    const changed = await test({ id_token: `${header}.${forged}.${signature}` });
    assert.equal(changed.verified, false);
    assert.equal((await test({ id_token: text, nonce: 'n-2' })).verified, false);
    await set({ client_id: 'another' });
    assert.match(String((await test({ id_token: text })).why), /aud/);
  });
});
