import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { AffidavitError } from '@affidavit/schema';
import type { ProviderRequest, ProviderResult } from './call.ts';
import { openEgress, providerRequest, SECRET, startProvider, text } from './loopback.fixture.ts';

function answerOf(result: ProviderResult): ProviderResult & { kind: 'answer' } {
  assert.equal(result.kind, 'answer', JSON.stringify(result));
  return result as ProviderResult & { kind: 'answer' };
}

function reasonOf(result: ProviderResult): string {
  return result.kind === 'failure' ? result.reason : `answered ${result.status}`;
}

describe('callProvider', () => {
  it('sends the request with its credential and gives the answer', async (t) => {
    const provider = await startProvider(t, (_request, response) => {
      response.writeHead(201, { 'content-type': 'text/plain', 'set-cookie': ['a=1', 'b=2'] });
      response.end('made');
    });
    const ticks = [1_000, 1_041.6];
    const egress = openEgress(t, { now: () => ticks.shift() ?? 0 });
    const result = await egress.callProvider(
      providerRequest(`${provider.origin}/v1`, `${provider.origin}/v1/things?a=b#c`, {
        method: 'post',
        headers: { 'X-Trace': 't', 'Content-Type': 'application/json', 'Content-Length': '999' },
        body: '{"caf\u00e9":1}',
      }),
    );
    const answer = answerOf(result);
    assert.equal(answer.status, 201);
    assert.equal(text(answer.body), 'made');
    assert.deepEqual(answer.headers['set-cookie'], ['a=1', 'b=2']);
    assert.equal(answer.headers['content-type'], 'text/plain');
    assert.equal(answer.latency_ms, 42);
    assert.equal(answer.retry_count, 0);
    assert.deepEqual(answer.redirects, []);
    assert.equal(answer.final_url, `${provider.origin}/v1/things?a=b#c`);
    const [received] = provider.received;
    assert.equal(received?.method, 'POST');
    assert.equal(received?.url, '/v1/things?a=b');
    assert.equal(received?.body, '{"caf\u00e9":1}');
    assert.deepEqual(received?.headers, {
      host: `127.0.0.1:${provider.port}`,
      connection: 'keep-alive',
      'x-trace': 't',
      'content-type': 'application/json',
      authorization: `Bearer ${SECRET}`,
      'accept-encoding': 'identity',
      'content-length': '11',
    });
  });

  it('sends bytes as they are', async (t) => {
    const provider = await startProvider(t, (_request, response) => response.end());
    const egress = openEgress(t);
    const body = Buffer.from('--bytes--').subarray(2, 7);
    const request = providerRequest(provider.origin, `${provider.origin}/`, {
      method: 'PUT',
      body,
    });
    assert.equal(answerOf(await egress.callProvider(request)).body.length, 0);
    assert.equal(provider.received[0]?.body, 'bytes');
  });

  it('drops hop-by-hop headers both ways', async (t) => {
    const provider = await startProvider(t, (_request, response) => {
      response.writeHead(200, {
        connection: 'keep-alive, X-Internal',
        'keep-alive': 'timeout=5',
        'x-internal': 'secret route',
        'proxy-authenticate': 'Basic',
        trailer: 'x',
        'x-kept': 'yes',
      });
      response.end('ok');
    });
    const egress = openEgress(t);
    const request = providerRequest(provider.origin, `${provider.origin}/`, {
      headers: {
        Connection: 'close, X-Hop',
        'X-Hop': 'x',
        'Keep-Alive': 'timeout=1',
        TE: 'trailers',
        Trailer: 'x',
        'Transfer-Encoding': 'chunked',
        Upgrade: 'websocket',
        'Proxy-Authorization': 'Basic x',
        'Proxy-Connection': 'keep-alive',
        Host: 'evil.example',
        Expect: '100-continue',
        'Accept-Encoding': 'gzip',
        'X-Kept': 'yes',
      },
    });
    const answer = answerOf(await egress.callProvider(request));
    assert.deepEqual(Object.keys(answer.headers).sort(), ['date', 'x-kept']);
    assert.deepEqual(provider.received[0]?.headers, {
      host: `127.0.0.1:${provider.port}`,
      connection: 'keep-alive',
      'x-kept': 'yes',
      authorization: `Bearer ${SECRET}`,
      'accept-encoding': 'identity',
    });
  });

  it("lets the credential win over the client's header of the same name", async (t) => {
    const provider = await startProvider(t, (_request, response) => response.end());
    const egress = openEgress(t);
    const request = providerRequest(provider.origin, `${provider.origin}/`, {
      headers: { AUTHORIZATION: 'Bearer of the client' },
    });
    answerOf(await egress.callProvider(request));
    assert.equal(provider.received[0]?.headers.authorization, `Bearer ${SECRET}`);
  });

  it('attaches no credential out of scope', async (t) => {
    const provider = await startProvider(t, (_request, response) => response.end());
    const egress = openEgress(t);
    const base = `${provider.origin}/v1`;
    answerOf(await egress.callProvider(providerRequest(base, `${provider.origin}/v10`)));
    assert.equal(provider.received[0]?.headers.authorization, undefined);
  });

  const bad: Readonly<Record<string, [Partial<ProviderRequest>, string, string]>> = {
    'a line break in a value': [{ headers: { 'X-A': 'a\r\nX-B: b' } }, 'invalid_request', 'X-A'],
    'NUL in a value': [{ headers: { 'X-A': 'a\0' } }, 'invalid_request', 'X-A'],
    'a line break in a name': [{ headers: { 'X-A\r\nX-B': 'b' } }, 'invalid_request', 'X-A'],
    'a header that is not Latin-1': [{ headers: { 'X-A': '\u20ac' } }, 'invalid_request', 'X-A'],
    'a header given twice': [{ headers: { 'x-a': '1', 'X-A': '2' } }, 'invalid_request', 'x-a'],
    CONNECT: [{ method: 'CONNECT' }, 'invalid_request', 'method'],
    TRACE: [{ method: 'trace' }, 'invalid_request', 'method'],
    'a method with a space': [{ method: 'GET /' }, 'invalid_request', 'method'],
    'another scheme': [{ url: new URL('ftp://127.0.0.1/') }, 'egress_blocked', 'http'],
    'a user name': [{ url: new URL('http://u:p@127.0.0.1/') }, 'egress_blocked', 'user name'],
    'a blocked address': [{ url: new URL('http://[::ffff:a00:1]/') }, 'egress_blocked', 'private'],
    'a credential with a line break': [
      { credential: { attach: ({ headers }) => void (headers['x-key'] = `${SECRET}\n`) } },
      'invalid_request',
      'x-key',
    ],
    'a credential that moves the request': [
      { credential: { attach: ({ url }) => void (url.host = 'evil.example') } },
      'internal',
      'credential',
    ],
  };
  for (const [name, [overrides, code, said]] of Object.entries(bad)) {
    it(`throws before anything is sent: ${name}`, async (t) => {
      const provider = await startProvider(t, (_request, response) => response.end());
      const egress = openEgress(t);
      await assert.rejects(
        egress.callProvider(providerRequest(provider.origin, `${provider.origin}/`, overrides)),
        (error: unknown) =>
          error instanceof AffidavitError &&
          error.code === code &&
          error.message.includes(said) &&
          !error.message.includes(SECRET),
      );
      assert.equal(provider.connections(), 0);
    });
  }

  it('keeps connections and uses them again', async (t) => {
    const provider = await startProvider(t, (_request, response) => response.end('ok'));
    const egress = openEgress(t, { maxConnections: 1 });
    for (let index = 0; index < 5; index += 1) {
      answerOf(await egress.callProvider(providerRequest(provider.origin, `${provider.origin}/`)));
    }
    assert.equal(provider.received.length, 5);
    assert.equal(provider.connections(), 1);
  });

  it('opens no more connections than it may, and lets the others wait in line', async (t) => {
    let active = 0;
    let most = 0;
    const provider = await startProvider(t, (_request, response) => {
      active += 1;
      most = Math.max(most, active);
      setTimeout(() => {
        active -= 1;
        response.end('ok');
      }, 5);
    });
    const egress = openEgress(t, { maxConnections: 2, maxWaiting: 4 });
    const request = providerRequest(provider.origin, `${provider.origin}/`);
    const results = await Promise.all(
      Array.from({ length: 8 }, () => egress.callProvider(request)),
    );
    assert.equal(most, 2);
    assert.ok(provider.connections() <= 2);
    assert.deepEqual(results.map(reasonOf).sort(), [
      ...Array.from({ length: 6 }, () => 'answered 200'),
      'other',
      'other',
    ]);
    assert.equal(reasonOf(await egress.callProvider(request)), 'answered 200');
  });

  it('reads no body of HEAD, 204 and 304', async (t) => {
    const provider = await startProvider(t, (request, response) => {
      const status = Number(request.url?.slice(1)) || 200;
      response.writeHead(status, status === 200 ? { 'content-length': '99999999999' } : {});
      response.end();
    });
    const egress = openEgress(t);
    for (const [method, path, status] of [
      ['HEAD', '', 200],
      ['GET', '204', 204],
      ['GET', '304', 304],
    ] as const) {
      const request = providerRequest(provider.origin, `${provider.origin}/${path}`, { method });
      const answer = answerOf(await egress.callProvider(request));
      assert.equal(answer.status, status);
      assert.equal(answer.body.length, 0);
    }
  });

  it('gives provider errors as answers', async (t) => {
    const provider = await startProvider(t, (_request, response) => {
      response.writeHead(503).end('down');
    });
    const egress = openEgress(t);
    const request = providerRequest(provider.origin, `${provider.origin}/`);
    const answer = answerOf(await egress.callProvider(request));
    assert.equal(answer.status, 503);
    assert.equal(answer.retry_count, 0);
    assert.equal(text(answer.body), 'down');
  });
});

describe('compressed answers', () => {
  const plain = Buffer.from('{"hello":"world"}'.repeat(50));
  const codings: Readonly<Record<string, [string, Buffer]>> = {
    gzip: ['gzip', gzipSync(plain)],
    'x-gzip in capitals': ['X-GZIP', gzipSync(plain)],
    deflate: ['deflate', deflateSync(plain)],
    'raw deflate': ['deflate', deflateRawSync(plain)],
    brotli: ['br', brotliCompressSync(plain)],
    'two codings': ['gzip, br', brotliCompressSync(gzipSync(plain))],
  };
  for (const [name, [coding, body]] of Object.entries(codings)) {
    it(`undoes ${name}`, async (t) => {
      const provider = await startProvider(t, (_request, response) => {
        response.writeHead(200, { 'content-encoding': coding, 'content-length': body.length });
        response.end(body);
      });
      const request = providerRequest(provider.origin, `${provider.origin}/`);
      const answer = answerOf(await openEgress(t).callProvider(request));
      assert.deepEqual(Buffer.from(answer.body), plain);
      assert.equal(answer.headers['content-encoding'], undefined);
      assert.equal(answer.headers['content-length'], undefined);
    });
  }

  const callWith = async (
    t: Parameters<typeof openEgress>[0],
    coding: string,
    body: Buffer,
  ): Promise<ProviderResult> => {
    const provider = await startProvider(t, (_request, response) => {
      response.writeHead(200, { 'content-encoding': coding });
      response.end(body);
    });
    const request = providerRequest(provider.origin, `${provider.origin}/`);
    return openEgress(t, { maxResponseBytes: 100_000 }).callProvider(request);
  };

  it('stops at a bomb', async (t) => {
    const result = await callWith(t, 'gzip', gzipSync(Buffer.alloc(50_000_000)));
    assert.equal(reasonOf(result), 'too_large');
    assert.equal(result.kind === 'failure' && result.message, 'response larger than 100000 bytes');
  });

  it('fails on a body that is cut or not of its coding', async (t) => {
    assert.equal(reasonOf(await callWith(t, 'gzip', gzipSync(plain).subarray(0, 30))), 'other');
    assert.equal(reasonOf(await callWith(t, 'br', Buffer.from('not brotli'))), 'other');
    assert.equal(reasonOf(await callWith(t, 'gzip,gzip,gzip,gzip', gzipSync(plain))), 'other');
  });

  it('leaves a coding it does not know', async (t) => {
    const answer = answerOf(await callWith(t, 'x-own', Buffer.from('own')));
    assert.equal(answer.headers['content-encoding'], 'x-own');
    assert.equal(text(answer.body), 'own');
  });
});
