import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';

import { AffidavitError } from '@affidavit/schema';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import type { CryptoKey, JWTPayload } from 'jose';

import { createEgress } from '../egress/call.ts';
import { createEgressGuard } from '../egress/guard.ts';
import { IdTokens } from './id-tokens.ts';

/** An issuer of our own, that says what a test has it say. */
const said: Record<string, unknown> = {};
const asked: string[] = [];
const server = createServer((request, response) => {
  asked.push(request.url ?? '');
  const body = said[request.url ?? ''];
  response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body ?? {}));
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const guard = createEgressGuard({ allow: ['127.0.0.0/8'] });
const egress = createEgress({ guard });
after(async () => {
  await egress.close();
  server.closeAllConnections();
  server.close();
});

const signing = await generateKeyPair('ES256');
const publicKey = { ...(await exportJWK(signing.publicKey)), kid: 'one', alg: 'ES256' };
const metadata = {
  issuer,
  authorization_endpoint: `${issuer}/auth`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/keys`,
  id_token_signing_alg_values_supported: ['ES256'],
};
said['/.well-known/openid-configuration'] = metadata;
said['/keys'] = { keys: [publicKey] };

const NOW = Date.parse('2026-11-21T12:00:00Z');
const seconds = NOW / 1000;
const whole = {
  iss: issuer,
  aud: 'us',
  sub: 'ada',
  nonce: 'n-1',
  iat: seconds,
  exp: seconds + 300,
};
const check = { issuer, client_id: 'us', nonce: 'n-1' as string | undefined };

const sign = (claims: JWTPayload, key: CryptoKey | Uint8Array = signing.privateKey, header = {}) =>
  new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'one', ...header }).sign(key);

const idTokens = () => new IdTokens({ egress, guard }, () => NOW);
const refuses = (code: string, said_: RegExp) => (error: unknown) => {
  assert.ok(error instanceof AffidavitError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, said_);
  return true;
};

test('a token of the issuer for us, that answers our request, tells its claims', async () => {
  const claims = await idTokens().verify(await sign({ ...whole, email: 'a@b.c' }), check);
  assert.deepEqual([claims.sub, claims.email], ['ada', 'a@b.c']);
  const shared = { ...whole, aud: ['us', 'others'], azp: 'us' };
  assert.equal((await idTokens().verify(await sign(shared), check)).sub, 'ada');
  const late = await sign({ ...whole, exp: seconds - 30 });
  assert.equal((await idTokens().verify(late, check)).sub, 'ada');
});

test('whatever does not hold refuses it', async () => {
  const without = (name: keyof typeof whole) =>
    Object.fromEntries(Object.entries(whole).filter(([one]) => one !== name));
  const wrong: [JWTPayload, RegExp][] = [
    [{ ...whole, iss: 'https://other.test' }, /iss/],
    [{ ...whole, aud: 'them' }, /aud/],
    [{ ...whole, aud: ['us', 'them'] }, /azp/],
    [{ ...whole, azp: 'them' }, /azp/],
    [{ ...whole, nonce: 'n-2' }, /nonce/],
    [without('nonce'), /nonce/],
    [{ ...whole, exp: seconds - 61 }, /expired/],
    [without('exp'), /exp/],
    [without('iat'), /iat/],
    [{ ...whole, iat: seconds - 25 * 3600 }, /expired|iat/],
    [{ ...whole, iat: seconds + 3600 }, /iat/],
    [{ ...whole, nbf: seconds + 3600 }, /nbf/],
    [without('sub'), /sub/],
    [{ ...whole, sub: 'x'.repeat(256) }, /sub/],
  ];
  for (const [claims, why] of wrong) {
    const text = await sign(claims);
    await assert.rejects(idTokens().verify(text, check), refuses('unauthorized', why));
  }
});

test('a signature by anybody else, or none, refuses it', async () => {
  const stranger = await generateKeyPair('ES256');
  const secret = new TextEncoder().encode(JSON.stringify(publicKey));
  const good = await sign(whole);
  const texts = [
    await sign(whole, stranger.privateKey),
    await sign(whole, stranger.privateKey, { kid: 'two' }),
    await sign(whole, secret, { alg: 'HS256' }),
    new UnsecuredJWT(whole).encode(),
    `${good.slice(0, -4)}AAAA`,
    good.split('.').slice(0, 2).join('.'),
    'not.a.token',
  ];
  for (const text of texts) {
    await assert.rejects(idTokens().verify(text, check), refuses('unauthorized', /not valid/));
  }
});

test('a key that is new is fetched, and an unknown one not again and again', async () => {
  const tokens = idTokens();
  await tokens.verify(await sign(whole), check);
  const before = asked.filter((path) => path === '/keys').length;
  const stranger = await generateKeyPair('ES256');
  const unknown = await sign(whole, stranger.privateKey, { kid: 'unknown' });
  for (let time = 0; time < 5; time++) {
    await assert.rejects(tokens.verify(unknown, check), refuses('unauthorized', /not valid/));
  }
  assert.ok(asked.filter((path) => path === '/keys').length <= before + 1);
});

test('an issuer that is none is told from one that is away', async () => {
  const lacking = { ...metadata, jwks_uri: undefined };
  const weak = { ...metadata, id_token_signing_alg_values_supported: ['HS256', 'none'] };
  for (const [described, why] of [
    [lacking, /jwks_uri/],
    [weak, /algorithm/],
  ] as const) {
    said['/.well-known/openid-configuration'] = described;
    await assert.rejects(idTokens().describe(issuer, 'us'), refuses('invalid_request', why));
  }
  said['/.well-known/openid-configuration'] = { ...metadata, issuer: 'https://other.test' };
  await assert.rejects(idTokens().describe(issuer, 'us'), refuses('provider_unreachable', /./));
  said['/.well-known/openid-configuration'] = { ...metadata, jwks_uri: `${issuer}/none` };
  const text = await sign(whole);
  await assert.rejects(idTokens().verify(text, check), refuses('provider_unreachable', /keys/));
  said['/.well-known/openid-configuration'] = metadata;
});
