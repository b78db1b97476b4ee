import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { CLIENT_ID, CLIENT_SECRET, consent, startOAuthServer } from './support/oauth-server.ts';
import type { OAuthServer } from './support/oauth-server.ts';
import { startAffidavit, type Affidavit, type Answer } from './support/server.ts';
import { browserWith, cookieOf, type Browser } from './support/signed-in.ts';
import { ask, find, makeApp, problem } from './support/world.ts';
import type { AppUnderTest } from './support/world.ts';

/** Signing in with an identity provider, there and back, as a browser goes. */

const PATH = '/v1/identity-provider';

let server: Affidavit;
let issuer: OAuthServer;
let app: AppUnderTest;

before(async () => {
  server = await startAffidavit();
  issuer = await startOAuthServer(`${server.url}/v1/sign-in/callback`);
  app = await makeApp(server, 'people');
  await set({ role_claim: 'groups', roles: { adas: 'analyst' } });
  await set({ audience: 'wallet', wallet: { principal_claim: 'sub' } });
});
after(async () => {
  await server?.stop();
  await issuer?.close();
});

function set(more: object) {
  const client = { issuer: issuer.issuer, client_id: CLIENT_ID, client_secret: CLIENT_SECRET };
  const body = { ...client, scopes: ['openid'], ...more };
  return ask(server, 200, 'PUT', PATH, { key: app.key, body });
}

const visit = (path: string, cookie = '') =>
  server.request('GET', path, { key: null, headers: { cookie } });
const startPath = (audience: string, to = '') =>
  `/v1/sign-in/start?audience=${audience}&app_id=${app.app_id}${to && `&to=${to}`}`;
const leadsTo = ({ headers }: Answer<unknown>) => String(headers.location);

interface Trip {
  /** Where the provider sent the browser back to. */
  readonly back: string;
  readonly pending: string;
}

/** To the provider and, signed in there, on the way back. */
async function trip(audience: string, options: { login?: string; denies?: boolean; to?: string }) {
  const started = await visit(startPath(audience, options.to));
  assert.equal(started.status, 303, started.text);
  assert.match(
    String(started.headers['set-cookie']),
    /^affidavit_sign_in=\S+; Path=\/v1\/sign-in; Max-Age=600; HttpOnly; SameSite=Lax$/,
  );
  const pending = cookieOf(started, 'affidavit_sign_in') ?? '';
  const { pathname, search } = new URL(await consent(leadsTo(started), options));
  return { back: pathname + search, pending } as Trip;
}

async function signInWith(audience: string, options: { login?: string; to?: string } = {}) {
  const { back, pending } = await trip(audience, options);
  const answer = await visit(back, pending);
  assert.equal(answer.status, 303);
  const name = audience === 'wallet' ? 'affidavit_wallet' : 'affidavit_session';
  const cookie = cookieOf(answer, name);
  return { answer, browser: cookie === undefined ? null : browserWith(server, cookie, '') };
}

/** What a browser that is signed in is told. */
const told = async (browser: Browser | null, path: string): Promise<Answer> => {
  assert.ok(browser, 'nobody is signed in');
  return browser.request('GET', path);
};

describe('the ways to sign in', () => {
  it('are told to anyone, and those of an unknown app are none', async () => {
    const ways = (query: string) => visit(`/v1/sign-in?${query}`).then(({ body }) => body);
    const { oidc, audience } = await ways(`app_id=${app.app_id}`);
    assert.equal(audience, 'operators');
    assert.equal((oidc as { issuer: string }).issuer, issuer.issuer);
    assert.equal((oidc as { start: string }).start, startPath('operators'));
    const none = { audience: 'wallet', oidc: null };
    assert.deepEqual(await ways('audience=wallet'), none);
    assert.deepEqual(await ways('audience=wallet&app_id=app_none'), none);
    problem(await visit('/v1/sign-in?audience=x'), 400, 'invalid_request');
    assert.equal(leadsTo(await visit('/v1/sign-in/start')), '/sign-in?error=not_set_up');
  });
});

describe('an operator', () => {
  it('is signed in with the role that a claim gives, and led where they wanted', async () => {
    const to = encodeURIComponent('/trail?q=a%20b');
    const { answer, browser } = await signInWith('operators', { to });
    assert.equal(leadsTo(answer), '/trail?q=a%20b');
    assert.match(String(answer.headers['set-cookie']), /affidavit_sign_in=; .*Max-Age=0/);
    const who = (await told(browser, '/v1/whoami')).body;
    assert.deepEqual(
      [who.role, who.actor_id, who.actor_name, who.app_id],
      ['analyst', 'ada', 'ada@example.com', app.app_id],
    );
    assert.equal((who.session as { how: string }).how, 'oidc');
    const [entry] = await find(server, app.key, { event_type: 'session.started', actor_id: 'ada' });
    assert.deepEqual(
      [entry!.actor_type, (entry!.args as { how: string }).how],
      ['operator', 'oidc'],
    );
  });

  it('who was added has the role that they have now, until they are removed', async () => {
    const body = { email: 'grace@example.com', role: 'admin', name: 'Grace' };
    const path = '/v1/operators';
    const { operator_id } = await ask(server, 201, 'POST', path, { key: app.key, body });
    const { browser } = await signInWith('operators', { login: 'grace' });
    const who = () => told(browser, '/v1/whoami');
    const first = (await who()).body;
    assert.deepEqual([first.role, first.actor_id, first.name], ['admin', operator_id, 'Grace']);
    const one = `${path}/${operator_id}`;
    await ask(server, 200, 'PATCH', one, { key: app.key, body: { role: 'auditor' } });
    assert.equal((await who()).body.role, 'auditor');
    await ask(server, 200, 'DELETE', one, { key: app.key });
    assert.equal((await who()).status, 401);
  });

  it('whom nobody knows is not let in, on the record', async () => {
    const { answer, browser } = await signInWith('operators', { login: 'mallory' });
    assert.equal(browser, null);
    assert.equal(leadsTo(answer), '/sign-in?error=not_known');
    const [entry] = await find(server, app.key, { event_type: 'session.refused' });
    const { subject, how } = entry!.args as { subject: string; how: string };
    assert.deepEqual([subject, how, entry!.outcome], ['mallory', 'oidc', 'blocked']);
  });
});

describe('the way back', () => {
  it('leads to own pages alone', async () => {
    for (const to of ['//evil.example', 'https://evil.example', '/\\evil', '/%09/evil', '/v1/x']) {
      const { answer } = await signInWith('operators', { to: encodeURIComponent(to) });
      assert.ok(['/', '/%09/evil'].includes(leadsTo(answer)), `${to}: ${leadsTo(answer)}`);
    }
    const { answer } = await signInWith('operators', { to: encodeURIComponent('/\t/evil') });
    assert.equal(leadsTo(answer), '/');
  });

  it('is only for the browser that set out, and good once', async () => {
    const { back, pending } = await trip('operators', {});
    const { pending: other } = await trip('operators', {});
    const expired = '/sign-in?error=expired';
    assert.equal(leadsTo(await visit(back)), expired);
    assert.equal(leadsTo(await visit(back, 'affidavit_sign_in=v1.x.y')), expired);
    assert.equal(leadsTo(await visit(back, `${pending.slice(0, -4)}AAAA`)), expired);
    const mixed = await visit(back, other);
    assert.equal(leadsTo(mixed), '/sign-in?error=refused');
    assert.equal(cookieOf(mixed, 'affidavit_session'), undefined);
    assert.equal(leadsTo(await visit(back, pending)), '/');
    assert.equal(leadsTo(await visit(back, pending)), '/sign-in?error=refused');
  });

  it('of who denied, and of a changed provider, ends at the sign-in', async () => {
    const denied = await trip('operators', { denies: true });
    const answer = await visit(denied.back, denied.pending);
    assert.equal(leadsTo(answer), '/sign-in?error=access_denied');
    const late = await trip('wallet', {});
    await ask(server, 200, 'DELETE', `${PATH}?audience=wallet`, { key: app.key });
    assert.equal(leadsTo(await visit(late.back, late.pending)), '/wallet?error=expired');
    await set({ audience: 'wallet', wallet: { principal_claim: 'sub' } });
  });
});

describe('a person', () => {
  it('opens their wallet, and no portal, until the provider is taken away', async () => {
    const { answer, browser } = await signInWith('wallet', { login: 'bob' });
    assert.equal(leadsTo(answer), '/wallet');
    const wallet = (await told(browser, '/v1/wallet')).body;
    assert.deepEqual(
      [wallet.principal_id, wallet.principal_type, wallet.email, wallet.signed_in_by],
      ['bob', 'user', 'bob@example.com', 'oidc'],
    );
    assert.equal(cookieOf(answer, 'affidavit_session'), undefined);
    await ask(server, 200, 'DELETE', `${PATH}?audience=wallet`, { key: app.key });
    assert.equal((await told(browser, '/v1/wallet')).status, 401);
  });
});

describe('on the record', () => {
  it('and in no answer is a secret of the way', async () => {
    const whole = JSON.stringify(await find(server, app.key, {})) + server.stdout();
    for (const secret of [CLIENT_SECRET, ...issuer.given]) assert.ok(!whole.includes(secret));
  });
});
