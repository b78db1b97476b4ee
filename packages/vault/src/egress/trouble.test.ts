import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import type { ProviderResult } from './call.ts';
import {
  deadPort,
  listen,
  openEgress,
  providerRequest,
  SECRET,
  startProvider,
} from './loopback.fixture.ts';

type Failure = ProviderResult & { kind: 'failure' };

function failureOf(result: ProviderResult): Failure {
  assert.equal(result.kind, 'failure');
  assert.ok(!JSON.stringify(result).includes(SECRET));
  return result as Failure;
}

describe('retries', () => {
  it('repeat a connection that is refused, whatever the method', async (t) => {
    const base = `http://127.0.0.1:${await deadPort()}`;
    const slept: number[] = [];
    const egress = openEgress(t, {
      random: () => 0.5,
      sleep: async (milliseconds) => slept.push(milliseconds),
    });
    for (const method of ['GET', 'POST']) {
      const request = providerRequest(base, `${base}/`, { method, body: 'x' });
      const failure = failureOf(await egress.callProvider(request));
      assert.equal(failure.reason, 'refused');
      assert.equal(failure.retry_count, 2);
      assert.equal(failure.request_sent, false);
    }
    assert.deepEqual(slept, [50, 100, 50, 100]);
  });

  it('repeat a safe method after a reset, and no other', async (t) => {
    const provider = await startProvider(t, (request) => request.socket.destroy());
    const egress = openEgress(t);
    const expected = { GET: 2, HEAD: 2, OPTIONS: 2, POST: 0, PUT: 0, DELETE: 0, PATCH: 0 };
    for (const [method, retries] of Object.entries(expected)) {
      provider.received.length = 0;
      const request = providerRequest(provider.origin, `${provider.origin}/`, { method });
      const failure = failureOf(await egress.callProvider(request));
      assert.equal(failure.reason, 'reset', method);
      assert.equal(failure.retry_count, retries, method);
      assert.equal(failure.request_sent, true, method);
      assert.equal(provider.received.length, retries + 1, method);
    }
  });

  it('end with the first answer', async (t) => {
    let calls = 0;
    const provider = await startProvider(t, (request, response) => {
      calls += 1;
      if (calls === 1) request.socket.resetAndDestroy();
      else response.end('ok');
    });
    const request = providerRequest(provider.origin, `${provider.origin}/`);
    const result = await openEgress(t).callProvider(request);
    assert.equal(result.kind, 'answer');
    assert.equal(result.retry_count, 1);
  });

  it('repeat after a reset in the middle of a body, announced or chunked', async (t) => {
    const provider = await startProvider(t, (request, response) => {
      if (request.url === '/announced') response.setHeader('content-length', '1000');
      response.write('half of it', () => request.socket.destroy());
    });
    const egress = openEgress(t);
    for (const path of ['/announced', '/chunked']) {
      const request = providerRequest(provider.origin, provider.origin + path);
      const failure = failureOf(await egress.callProvider(request));
      assert.equal(failure.reason, 'reset');
      assert.equal(failure.retry_count, 2);
    }
  });

  it('stop when the call is over while backing off', async (t) => {
    const base = `http://127.0.0.1:${await deadPort()}`;
    const sleep = (_milliseconds: number, signal: AbortSignal): Promise<never> =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('woken')), { once: true });
      });
    const egress = openEgress(t, { timeoutMs: 30, sleep });
    const failure = failureOf(await egress.callProvider(providerRequest(base, `${base}/`)));
    assert.equal(failure.reason, 'timeout');
    assert.equal(failure.retry_count, 0);
  });
});

describe('deadlines', () => {
  it('end a call whose answer does not come, or does not end', async (t) => {
    const provider = await startProvider(t, (request, response) => {
      if (request.url === '/slow-body') response.write('first');
    });
    const egress = openEgress(t, { timeoutMs: 60 });
    for (const path of ['/silent', '/slow-body']) {
      const request = providerRequest(provider.origin, provider.origin + path);
      const failure = failureOf(await egress.callProvider(request));
      assert.equal(failure.reason, 'timeout');
      assert.equal(failure.message, 'the provider did not answer within 60 ms');
      assert.equal(failure.retry_count, 0);
      assert.equal(failure.request_sent, true);
    }
  });

  it('end a call that waits for a connection', async (t) => {
    const provider = await startProvider(t, () => undefined);
    const egress = openEgress(t, { maxConnections: 1 });
    const request = providerRequest(provider.origin, `${provider.origin}/`);
    const stop = new AbortController();
    const first = egress.callProvider(request, { signal: stop.signal });
    const second = failureOf(await egress.callProvider(request, { timeoutMs: 30 }));
    assert.equal(second.reason, 'timeout');
    assert.equal(second.request_sent, false);
    stop.abort();
    assert.equal(failureOf(await first).reason, 'other');
    assert.equal(provider.received.length <= 1, true);
  });

  it('end a handshake that does not', async (t) => {
    const port = await listen(
      t,
      createServer((socket) => socket.resume()),
    );
    const base = `https://127.0.0.1:${port}`;
    const egress = openEgress(t, { connectTimeoutMs: 30 });
    const failure = failureOf(await egress.callProvider(providerRequest(base, `${base}/`)));
    assert.equal(failure.reason, 'timeout');
    assert.equal(failure.message, 'no connection to the provider in time');
    assert.equal(failure.retry_count, 2);
    assert.equal(failure.request_sent, false);
  });

  it('come early when the caller gives up', async (t) => {
    const stop = new AbortController();
    const provider = await startProvider(t, () => stop.abort());
    const egress = openEgress(t);
    const request = providerRequest(provider.origin, `${provider.origin}/`);
    const failure = failureOf(await egress.callProvider(request, { signal: stop.signal }));
    assert.deepEqual([failure.reason, failure.message], ['other', 'the call was cancelled']);
    assert.equal(failure.request_sent, true);
    const never = failureOf(await egress.callProvider(request, { signal: stop.signal }));
    assert.equal(never.request_sent, false);
    assert.equal(provider.received.length, 1);
  });

  it('keep back a request that has no connection yet', async (t) => {
    const provider = await startProvider(t, (_request, response) => response.end('ok'));
    const stop = new AbortController();
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const egress = openEgress(t, {
      maxConnections: 1,
      resolve: async () => {
        stop.abort();
        await released;
        return [{ address: '127.0.0.1', family: 4 }];
      },
    });
    const base = `http://api.test:${provider.port}`;
    const cancelled = providerRequest(base, `${base}/cancelled`, { method: 'POST' });
    const failure = failureOf(await egress.callProvider(cancelled, { signal: stop.signal }));
    assert.equal(failure.request_sent, false);
    release();
    assert.equal((await egress.callProvider(providerRequest(base, `${base}/next`))).kind, 'answer');
    assert.deepEqual(
      provider.received.map(({ url }) => url),
      ['/next'],
    );
  });

  it('give their place back: a way out of one connection goes on', async (t) => {
    const provider = await startProvider(t, (request, response) => {
      if (request.url !== '/silent') response.end('ok');
    });
    const egress = openEgress(t, { maxConnections: 1 });
    for (let round = 0; round < 3; round += 1) {
      const silent = providerRequest(provider.origin, `${provider.origin}/silent`);
      assert.equal(
        failureOf(await egress.callProvider(silent, { timeoutMs: 20 })).reason,
        'timeout',
      );
      const loud = providerRequest(provider.origin, `${provider.origin}/`);
      assert.equal((await egress.callProvider(loud)).kind, 'answer');
    }
  });
});

describe('large answers', () => {
  it('are not read beyond the limit', async (t) => {
    const provider = await startProvider(t, (request, response) => {
      if (request.url === '/announced') response.setHeader('content-length', '5000');
      response.end(Buffer.alloc(5000));
    });
    const egress = openEgress(t, { maxResponseBytes: 4999 });
    for (const path of ['/announced', '/chunked']) {
      const request = providerRequest(provider.origin, provider.origin + path);
      const failure = failureOf(await egress.callProvider(request));
      assert.equal(failure.reason, 'too_large');
      assert.equal(failure.message, 'response larger than 4999 bytes');
      assert.equal(failure.retry_count, 0);
      assert.equal((await egress.callProvider(request, { maxResponseBytes: 5000 })).kind, 'answer');
    }
  });

  it('that announce too much are not waited for', async (t) => {
    const provider = await startProvider(t, (_request, response) => {
      response.writeHead(200, { 'content-length': '5000' }).write('first');
    });
    const request = providerRequest(provider.origin, `${provider.origin}/`);
    const egress = openEgress(t, { maxResponseBytes: 4999, timeoutMs: 5_000 });
    assert.equal(failureOf(await egress.callProvider(request)).reason, 'too_large');
  });

  it('without end are cut off at the provider too', async (t) => {
    const closed: Promise<void>[] = [];
    const provider = await startProvider(t, (_request, response) => {
      const timer = setInterval(() => response.write(Buffer.alloc(65_536)), 1);
      closed.push(
        new Promise((resolve) => {
          response.on('close', () => {
            clearInterval(timer);
            resolve();
          });
        }),
      );
    });
    const egress = openEgress(t, { maxResponseBytes: 1_000_000 });
    const request = providerRequest(provider.origin, `${provider.origin}/`);
    assert.equal(failureOf(await egress.callProvider(request)).reason, 'too_large');
    assert.equal(closed.length, 1);
    await closed[0];
  });
});

describe('other trouble', () => {
  it('is an answer that is not HTTP', async (t) => {
    const port = await listen(
      t,
      createServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n\r\n')),
    );
    const base = `http://127.0.0.1:${port}`;
    const failure = failureOf(await openEgress(t).callProvider(providerRequest(base, base)));
    assert.equal(failure.reason, 'other');
    assert.equal(failure.message, 'the answer of the provider is not valid HTTP');
  });

  it('is headers without end', async (t) => {
    const provider = await startProvider(t, (_request, response) => {
      response.setHeader('x-long', 'x'.repeat(100_000));
      response.end();
    });
    const request = providerRequest(provider.origin, `${provider.origin}/`);
    assert.equal(failureOf(await openEgress(t).callProvider(request)).reason, 'too_large');
  });

  it('is a way out that was closed', async (t) => {
    const provider = await startProvider(t, () => undefined);
    const egress = openEgress(t);
    const request = providerRequest(provider.origin, `${provider.origin}/`);
    const pending = egress.callProvider(request);
    await egress.close();
    assert.equal(failureOf(await pending).reason, 'other');
    assert.equal(
      failureOf(await egress.callProvider(request)).message,
      'the broker is shutting down',
    );
  });
});
