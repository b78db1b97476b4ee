import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

import { startAffidavit, temporaryFolder, type Affidavit } from './support/server.ts';
import { problem } from './support/world.ts';

/** The pages of the portal and the wallet, as files of a build. */

const SCRIPT = `console.log(${JSON.stringify('a'.repeat(5000))});`;

const folder = temporaryFolder();
let server: Affidavit;
let unbuilt: Affidavit;

before(async () => {
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Portal</title>');
  writeFileSync(join(folder, 'wallet.html'), '<!doctype html><title>Wallet</title>');
  writeFileSync(join(folder, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  writeFileSync(join(folder, 'assets', 'index-a1b2C3_-.js'), SCRIPT);
  writeFileSync(join(folder, 'assets', 'index-a1b2C3_-.js.map'), '{}');
  writeFileSync(join(folder, 'assets', 'theme.js'), 'let theme;');
  writeFileSync(join(folder, 'built-from'), 'x');
  server = await startAffidavit({ env: { AFFIDAVIT_PAGES_FOLDER: folder } });
  unbuilt = await startAffidavit({ env: { AFFIDAVIT_PAGES_FOLDER: temporaryFolder() } });
});
after(() => Promise.all([server.stop(), unbuilt.stop()]));

const open = (path: string, headers: Record<string, string> = {}, at = server) =>
  at.request('GET', path, { key: null, headers: { accept: 'text/html,*/*;q=0.8', ...headers } });

describe('a page', () => {
  it('is the portal at every path of it, and the wallet at its own', async () => {
    for (const path of [
      '/',
      '/sign-in',
      '/trail?q=x&q=y',
      '/runs/run_1',
      '/index.html',
      '/walletx',
    ]) {
      const { status, text, headers } = await open(path);
      assert.equal(status, 200, path);
      assert.match(String(headers['content-type']), /^text\/html; charset=utf-8/);
      assert.match(text, /Portal/, path);
    }
    for (const path of ['/wallet', '/wallet/activity', '/wallet?error=expired']) {
      assert.match((await open(path)).text, /Wallet/, path);
    }
    assert.equal((await server.request('HEAD', '/', { key: null })).status, 200);
  });

  it('may load nothing from elsewhere, run nothing inline, and stand in no frame', async () => {
    const { headers } = await open('/trail');
    const policy = String(headers['content-security-policy']).split('; ');
    assert.deepEqual(policy.slice(0, 3), [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
    ]);
    assert.ok(policy.includes("frame-ancestors 'none'") && policy.includes("base-uri 'none'"));
    assert.ok(!policy.join().includes('unsafe'));
    assert.equal(headers['referrer-policy'], 'no-referrer');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
    assert.match(String(headers['permissions-policy']), /camera=\(\)/);
    assert.equal(headers['strict-transport-security'], undefined);
    assert.equal(headers['access-control-allow-origin'], undefined);
  });

  it('over https tells browsers to come that way alone', async () => {
    const secure = await startAffidavit({
      env: { AFFIDAVIT_PAGES_FOLDER: folder, AFFIDAVIT_PUBLIC_URL: 'https://audit.example.com' },
    });
    try {
      const { headers } = await open('/', {}, secure);
      assert.equal(headers['strict-transport-security'], 'max-age=31536000');
    } finally {
      await secure.stop();
    }
  });

  it('is asked for again each time, and sent only where it changed', async () => {
    const first = await open('/');
    assert.equal(first.headers['cache-control'], 'no-cache');
    const again = await open('/trail', { 'if-none-match': String(first.headers.etag) });
    assert.deepEqual([again.status, again.text], [304, '']);
  });

  it('is not in the way of the API', async () => {
    for (const path of ['/v1', '/v1/none', '/v1/events/x/y/z', '/healthz/x', '/assets/none.js']) {
      problem(await open(path), 404, 'not_found');
    }
    problem(await server.request('GET', '/nothing', { key: null }), 404, 'not_found');
    problem(await server.request('POST', '/', { key: null, body: {} }), 404, 'not_found');
    const { body } = await server.request<{ paths: object }>('GET', '/openapi.json', { key: null });
    assert.ok(
      !Object.keys(body.paths).some((path) => !/^\/(v1|healthz|readyz|metrics)/.test(path)),
    );
  });

  it('says how it is built where it is not', async () => {
    const { status, text } = await open('/', {}, unbuilt);
    assert.equal(status, 503);
    assert.match(text, /npm run prepare/);
    assert.equal((await unbuilt.request('GET', '/healthz', { key: null })).status, 200);
  });
});

describe('a file', () => {
  it('is kept for ever under its hashed name, and comes compressed where that is taken', async () => {
    const path = '/assets/index-a1b2C3_-.js';
    const fetched = async (encoding: string) => {
      const answer = await open(path, { 'accept-encoding': encoding });
      assert.equal(answer.headers['cache-control'], 'public, max-age=31536000, immutable');
      assert.match(String(answer.headers['content-type']), /^text\/javascript/);
      return answer;
    };
    const br = await fetched('gzip, deflate, br');
    assert.equal(br.headers['content-encoding'], 'br');
    assert.equal(brotliDecompressSync(br.bytes).toString(), SCRIPT);
    const gzip = await fetched('gzip;q=1.0, br;q=0');
    assert.equal(gzip.headers['content-encoding'], 'gzip');
    assert.equal(gunzipSync(gzip.bytes).toString(), SCRIPT);
    const plain = await fetched('identity');
    assert.equal(plain.headers['content-encoding'], undefined);
    assert.equal(plain.text, SCRIPT);
    problem(await open(`${path}.map`), 404, 'not_found');
    const theme = await open('/assets/theme.js');
    assert.equal(theme.headers['cache-control'], 'no-cache');
  });

  it('beside the pages is served as what it is, and none above them', async () => {
    const icon = await server.request('GET', '/favicon.svg', { key: null });
    assert.equal(icon.headers['content-type'], 'image/svg+xml');
    problem(await server.request('GET', '/built-from', { key: null }), 404, 'not_found');
    for (const path of ['/%2e%2e/package.json', '/assets/..%2f..%2fpackage.json', '/..\\x']) {
      const { status } = await server.request('GET', path, { key: null });
      assert.ok(status === 404 || status === 400, path);
    }
  });
});
