import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, it } from 'node:test';

import * as fc from 'fast-check';

import { backoffMs } from './deadline.ts';
import { retryAfterSeconds } from './errors.ts';
import { sendJson, startLoopback } from './testing/loopback.ts';
import { formatTraceparent } from './traceparent.ts';
import { queryString, Transport } from './transport.ts';

describe('queryString', () => {
  it('writes dates, lists and absent values', () => {
    const at = new Date('2026-11-21T09:00:00Z');
    assert.equal(
      queryString({ a: 1, b: ['x', 'y z'], c: null, d: undefined, e: at, f: false }),
      '?a=1&b=x&b=y+z&e=2026-11-21T09%3A00%3A00.000Z&f=false',
    );
    assert.equal(queryString({}), '');
  });
});

describe('retryAfterSeconds', () => {
  const read = (value: string) =>
    retryAfterSeconds(new Headers({ 'retry-after': value }), Date.parse('2026-11-21T09:00:00Z'));
  it('reads seconds and HTTP dates', () => {
    assert.equal(read('120'), 120);
    assert.equal(read('Sat, 21 Nov 2026 09:00:30 GMT'), 30);
    assert.equal(read('Sat, 21 Nov 2026 08:00:00 GMT'), 0);
    assert.equal(read('soon'), undefined);
    assert.equal(retryAfterSeconds(new Headers()), undefined);
  });
});

describe('backoffMs', () => {
  it('stays within its cap and above zero', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (n, r) => {
          const wait = backoffMs(n, 100, 2000, () => r);
          assert.ok(wait >= 1 && wait <= Math.min(2000, 100 * 2 ** Math.min(n, 30)));
        },
      ),
    );
  });
});

describe('Transport', () => {
  it('repeats a GET, but not a POST that may have happened', async (t) => {
    const server = await startLoopback((_, response, index) =>
      index === 0 ? response.destroy() : sendJson(response, 200, { index }),
    );
    t.after(server.close);
    const transport = new Transport({ url: `${server.url}/`, apiKey: 'k', random: () => 0 });
    assert.deepEqual(await transport.json('GET', '/v1/stats'), { index: 1 });

    const closing = await startLoopback((_, response) => response.destroy());
    t.after(closing.close);
    const other = new Transport({ url: closing.url, apiKey: 'k', random: () => 0 });
    await assert.rejects(other.json('POST', '/v1/agents', { body: {} }), {
      code: 'connection_failed',
    });
    assert.equal(closing.seen.length, 1);
  });

  it('does not repeat a query that took too long', async (t) => {
    const server = await startLoopback((_, response) =>
      sendJson(response, 504, { code: 'query_timeout' }),
    );
    t.after(server.close);
    const transport = new Transport({ url: server.url, apiKey: 'k' });
    await assert.rejects(transport.json('GET', '/v1/events'), { code: 'query_timeout' });
    assert.equal(server.seen.length, 1);
  });

  it('never carries the key to where a redirect points', async (t) => {
    const elsewhere = await startLoopback((_, response) => sendJson(response, 200, {}));
    t.after(elsewhere.close);
    const server = await startLoopback((_, response) => {
      response.writeHead(307, { location: elsewhere.url });
      response.end();
    });
    t.after(server.close);
    const transport = new Transport({ url: server.url, apiKey: 'k' });
    await assert.rejects(transport.json('GET', '/v1/events'), { code: 'unexpected_answer' });
    assert.equal(elsewhere.seen.length, 0);
  });

  it('leaves an opened body to be read after the deadline, until the signal ends it', async (t) => {
    const server = await startLoopback((_, response) => {
      response.writeHead(200);
      response.write('first');
      setTimeout(() => response.write('second'), 150);
    });
    t.after(server.close);
    const transport = new Transport({ url: server.url, apiKey: 'k' });
    const controller = new AbortController();
    const answer = await transport.open('GET', '/', { timeoutMs: 100, signal: controller.signal });
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    assert.equal((await reader.read()).value, 'first');
    assert.equal((await reader.read()).value, 'second');
    controller.abort(new Error('enough'));
    await assert.rejects(reader.read());
  });
});

interface OpenTelemetry {
  readonly ROOT_CONTEXT: object;
  readonly context: {
    with<T>(context: object, run: () => T): T;
    setGlobalContextManager(held: object): boolean;
    disable(): void;
  };
  readonly trace: {
    setSpan(context: object, span: object): object;
    wrapSpanContext(span: object): object;
  };
}

const name: string = '@opentelemetry/api';
const openTelemetry = await import(name).then(
  (found) => found as OpenTelemetry,
  () => null,
);

describe('traceparent', () => {
  it('has the form of version 00', () => {
    const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
    assert.equal(formatTraceparent(span), `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`);
  });

  it('comes from the active OpenTelemetry span', { skip: !openTelemetry }, async (t) => {
    assert.ok(openTelemetry);
    const { context, trace, ROOT_CONTEXT } = openTelemetry;
    const storage = new AsyncLocalStorage<object>();
    context.setGlobalContextManager({
      active: () => storage.getStore() ?? ROOT_CONTEXT,
      with: (active: object, run: () => unknown) => storage.run(active, run),
      disable: () => storage.disable(),
    });
    t.after(() => context.disable());
    const server = await startLoopback((_, response) => sendJson(response, 200, {}));
    t.after(server.close);
    const transport = new Transport({ url: server.url, apiKey: 'k' });
    const span = trace.wrapSpanContext({
      traceId: 'c'.repeat(32),
      spanId: 'd'.repeat(16),
      traceFlags: 0,
    });
    await transport.json('GET', '/');
    await context.with(trace.setSpan(ROOT_CONTEXT, span), () => transport.json('GET', '/'));
    assert.equal(server.seen[0]?.headers['traceparent'], undefined);
    assert.equal(
      server.seen[1]?.headers['traceparent'],
      `00-${'c'.repeat(32)}-${'d'.repeat(16)}-00`,
    );
  });
});
