import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { ProviderRequest, ProviderResult } from './call.ts';
import {
  CERTIFICATE,
  openEgress,
  providerRequest,
  SECRET,
  startProvider,
} from './loopback.fixture.ts';
import type { Provider } from './loopback.fixture.ts';

/** Redirects `/<status>/<location>` and answers anything else. */
function startRedirector(t: TestContext, options?: { secure: boolean }): Promise<Provider> {
  return startProvider(
    t,
    (request, response) => {
      const [, status, location] = /^\/(?:v1\/)?(3\d\d)\/([^?]*)/.exec(request.url ?? '') ?? [];
      if (status === undefined || location === undefined) response.end('arrived');
      else
        response.writeHead(Number(status), { location: decodeURIComponent(location) }).end('moved');
    },
    options,
  );
}

const hop = (status: number, location: string): string =>
  `/${status}/${encodeURIComponent(location)}`;

const call = (
  t: TestContext,
  provider: Provider,
  path: string,
  overrides: Partial<ProviderRequest> = {},
): Promise<ProviderResult> =>
  openEgress(t, { ca: CERTIFICATE }).callProvider(
    providerRequest(provider.origin, provider.origin + path, overrides),
  );

const reasonOf = (result: ProviderResult): string =>
  result.kind === 'failure' ? result.reason : `answered ${result.status}`;

describe('redirects', () => {
  it('are followed hop by hop, up to five', async (t) => {
    const provider = await startProvider(t, (request, response) => {
      const left = Number(request.url?.slice(1));
      if (left > 0) response.writeHead(302, { location: left > 1 ? `${left - 1}` : '/0?x=1' });
      response.end();
    });
    const result = await call(t, provider, '/5');
    assert.equal(reasonOf(result), 'answered 200');
    assert.equal(result.redirects.length, 5);
    assert.deepEqual(result.redirects[4], { status: 302, url: `${provider.origin}/0?x=1` });
    assert.equal(result.kind === 'answer' && result.final_url, `${provider.origin}/0?x=1`);
    assert.equal(provider.received.length, 6);
    for (const { headers } of provider.received) {
      assert.equal(headers.authorization, `Bearer ${SECRET}`);
    }
  });

  it('end at the sixth', async (t) => {
    const provider = await startProvider(t, (_request, response) => {
      response.writeHead(302, { location: '/again' }).end();
    });
    const result = await call(t, provider, '/');
    assert.equal(reasonOf(result), 'redirect_limit');
    assert.equal(provider.received.length, 6);
    assert.equal(result.redirects.length, 5);
  });

  const methods: readonly (readonly [number, string, string, string])[] = [
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [303, 'POST', 'GET', ''],
    [303, 'PUT', 'GET', ''],
    [303, 'HEAD', 'HEAD', ''],
    [301, 'PUT', 'PUT', 'body'],
    [302, 'DELETE', 'DELETE', 'body'],
    [307, 'POST', 'POST', 'body'],
    [308, 'PATCH', 'PATCH', 'body'],
  ];
  for (const [status, method, then, body] of methods) {
    it(`turn ${method} into ${then} after ${status}`, async (t) => {
      const provider = await startRedirector(t);
      const result = await call(t, provider, hop(status, '/end'), {
        method,
        headers: { 'content-type': 'text/plain', 'x-kept': 'yes' },
        body: method === 'HEAD' ? undefined : 'body',
      });
      assert.equal(reasonOf(result), 'answered 200');
      const last = provider.received[1];
      assert.equal(last?.method, then);
      assert.equal(last?.body, body);
      assert.equal(last?.headers['x-kept'], 'yes');
      const kept = then === method ? 'text/plain' : undefined;
      assert.equal(last?.headers['content-type'], kept);
    });
  }

  it('take no credential out of scope, and none back in', async (t) => {
    const provider = await startRedirector(t);
    const other = await startRedirector(t);
    const back = hop(307, `${provider.origin}/back`);
    const result = await call(t, provider, hop(307, other.origin + back), {
      method: 'POST',
      body: 'x',
      headers: { Authorization: 'mine', Cookie: 'a=b', 'X-Api-Key': 'k', 'X-Kept': 'yes' },
    });
    assert.equal(reasonOf(result), 'answered 200');
    assert.equal(provider.received[0]?.headers.authorization, `Bearer ${SECRET}`);
    assert.equal(provider.received[0]?.headers.cookie, 'a=b');
    for (const received of [other.received[0], provider.received[1]]) {
      assert.equal(received?.headers.authorization, undefined);
      assert.equal(received?.headers.cookie, undefined);
      assert.equal(received?.headers['x-api-key'], undefined);
      assert.equal(received?.headers['x-kept'], 'yes');
      assert.equal(received?.body, 'x');
    }
  });

  it('leave the scope by path as well as by origin', async (t) => {
    const provider = await startRedirector(t);
    const request = providerRequest(
      `${provider.origin}/v1`,
      `${provider.origin}/v1${hop(302, '/v10')}`,
    );
    assert.equal(reasonOf(await openEgress(t).callProvider(request)), 'answered 200');
    assert.deepEqual(
      provider.received.map(({ headers }) => headers.authorization),
      [`Bearer ${SECRET}`, undefined],
    );
  });

  it('do not carry on a credential that was in the query', async (t) => {
    const other = await startProvider(t, (_request, response) => response.end());
    const provider = await startProvider(t, (request, response) => {
      const query = new URL(request.url ?? '', 'http://x').search;
      response.writeHead(302, { location: `${other.origin}/end${query}` }).end();
    });
    const result = await call(t, provider, '/start?a=b', {
      credential: { attach: ({ url }) => url.searchParams.set('api_key', SECRET) },
    });
    assert.equal(reasonOf(result), 'answered 200');
    assert.equal(provider.received[0]?.url, `/start?a=b&api_key=${SECRET}`);
    assert.equal(other.received[0]?.url, '/end?a=b');
    assert.ok(!JSON.stringify(result.redirects).includes(SECRET));
    assert.equal(result.kind === 'answer' && result.final_url, `${other.origin}/end?a=b`);
  });

  const refused = [
    'http://169.254.169.254/latest/meta-data/',
    'http://[::ffff:10.0.0.1]/',
    'http://0x0a000001/',
    '//user:pass@127.0.0.1/',
    'file:///etc/passwd',
    'javascript:alert(1)',
  ];
  for (const location of refused) {
    it(`are not followed to ${location}`, async (t) => {
      const provider = await startRedirector(t);
      const result = await call(t, provider, hop(302, location));
      assert.equal(reasonOf(result), 'blocked');
      assert.equal(result.kind === 'failure' && result.request_sent, true);
      assert.equal(provider.received.length, 1);
    });
  }

  it('are not followed to a name that resolves to a blocked address', async (t) => {
    const provider = await startRedirector(t);
    const egress = openEgress(t, { resolve: async () => [{ address: '10.0.0.1', family: 4 }] });
    const request = providerRequest(
      provider.origin,
      provider.origin + hop(302, 'http://inner.test/'),
    );
    assert.equal(reasonOf(await egress.callProvider(request)), 'blocked');
  });

  it('are not followed from https to http', async (t) => {
    const secure = await startRedirector(t, { secure: true });
    const plain = await startRedirector(t);
    const result = await call(t, secure, hop(302, `${plain.origin}/end`));
    assert.equal(reasonOf(result), 'blocked');
    assert.equal(plain.received.length, 0);
    assert.equal(reasonOf(await call(t, plain, hop(302, `${secure.origin}/end`))), 'answered 200');
  });

  it('without a usable Location are answers', async (t) => {
    const provider = await startProvider(t, (request, response) => {
      const headers = request.url === '/bad' ? { location: 'http://[' } : {};
      response.writeHead(302, headers).end('where?');
    });
    assert.equal(reasonOf(await call(t, provider, '/bad')), 'answered 302');
    assert.equal(reasonOf(await call(t, provider, '/none')), 'answered 302');
  });

  it('with a body without end are followed all the same', async (t) => {
    const provider = await startProvider(t, (request, response) => {
      if (request.url === '/end') {
        response.end('arrived');
        return;
      }
      response.writeHead(302, { location: '/end' });
      const timer = setInterval(() => response.write(Buffer.alloc(32_768)), 1);
      response.on('close', () => clearInterval(timer));
    });
    assert.equal(reasonOf(await call(t, provider, '/')), 'answered 200');
  });
});
