import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { describe, it } from 'node:test';
import { Agent } from 'undici';
import { createEgress } from './call.ts';
import type { ProviderResult } from './call.ts';
import { exchange } from './exchange.ts';
import { faults } from './failure.ts';
import { createEgressGuard } from './guard.ts';
import {
  CERTIFICATE,
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

const LOOPBACK: readonly LookupAddress[] = [{ address: '127.0.0.1', family: 4 }];

describe('names', () => {
  it('that do not resolve are a dns failure, repeated only when the service is at fault', async (t) => {
    for (const [code, retries] of [
      ['ENOTFOUND', 0],
      ['EAI_AGAIN', 2],
    ] as const) {
      const resolve = async (): Promise<never> => {
        throw Object.assign(new Error(code), { code });
      };
      const request = providerRequest('http://api.test', 'http://api.test/');
      const failure = failureOf(await openEgress(t, { resolve }).callProvider(request));
      assert.equal(failure.reason, 'dns');
      assert.equal(failure.retry_count, retries);
      assert.equal(failure.request_sent, false);
    }
  });

  it('with one refused address among others are blocked', async (t) => {
    const resolve = async (): Promise<LookupAddress[]> => [
      ...LOOPBACK,
      { address: '169.254.169.254', family: 4 },
    ];
    const request = providerRequest('http://api.test', 'http://api.test/');
    const failure = failureOf(await openEgress(t, { resolve }).callProvider(request));
    assert.equal(failure.reason, 'blocked');
    assert.equal(failure.retry_count, 0);
    assert.equal(failure.request_sent, false);
  });

  it('are resolved once for a connection, and that address is the one connected to', async (t) => {
    const provider = await startProvider(t, (_request, response) => response.end('ok'));
    const answers = [LOOPBACK, [{ address: '10.0.0.1', family: 4 }]];
    let asked = 0;
    const resolve = async (): Promise<readonly LookupAddress[]> => {
      asked += 1;
      return answers[asked - 1] ?? [];
    };
    const base = `http://api.test:${provider.port}`;
    const egress = openEgress(t, { resolve, maxConnections: 1 });
    assert.equal((await egress.callProvider(providerRequest(base, `${base}/`))).kind, 'answer');
    assert.equal((await egress.callProvider(providerRequest(base, `${base}/`))).kind, 'answer');
    assert.equal(asked, 1);
    assert.equal(provider.received[0]?.headers.host, `api.test:${provider.port}`);
  });

  it('are of no help when the connection leads elsewhere', async (t) => {
    const provider = await startProvider(t, (_request, response) => response.end('ok'));
    const strict = createEgressGuard({ allow: [] });
    const lenient = createEgressGuard({ allow: ['0.0.0.0/0'], resolve: async () => LOOPBACK });
    const egress = createEgress({ guard: { ...strict, lookup: lenient.lookup } });
    t.after(() => egress.close());
    const base = `http://api.test:${provider.port}`;
    const failure = failureOf(await egress.callProvider(providerRequest(base, `${base}/`)));
    assert.equal(failure.reason, 'blocked');
    assert.equal(provider.received.length, 0);
  });
});

describe('literal addresses', () => {
  it('are refused before a connection is made, even if the URL was let through', async (t) => {
    const provider = await startProvider(t, (_request, response) => response.end('ok'));
    const guard = { ...createEgressGuard({ allow: [] }), checkUrl: () => undefined };
    const egress = createEgress({ guard });
    t.after(() => egress.close());
    const request = providerRequest(provider.origin, `${provider.origin}/`);
    assert.equal(failureOf(await egress.callProvider(request)).reason, 'blocked');
    assert.equal(provider.connections(), 0);
  });
});

describe('the gate', () => {
  it('gets its place back from a call that ended while it was let in', async (t) => {
    const agent = new Agent();
    t.after(() => agent.destroy());
    const stop = new AbortController();
    let left = 0;
    const gate = {
      enter: async () => {
        stop.abort(faults.cancelled);
        return true;
      },
      leave: () => (left += 1),
    };
    const request = {
      method: 'GET',
      url: new URL('http://127.0.0.1:9/'),
      headers: {},
      body: undefined,
      maxResponseBytes: 1,
    };
    const result = await exchange(agent, gate, request, stop.signal);
    assert.deepEqual(result, { ok: false, fault: faults.cancelled, sent: false });
    assert.equal(left, 1);
  });
});

describe('TLS', () => {
  it('takes certificates of the given authority for the right name only', async (t) => {
    const provider = await startProvider(t, (_request, response) => response.end('ok'), {
      secure: true,
    });
    const resolve = async (): Promise<readonly LookupAddress[]> => LOOPBACK;
    const trusting = openEgress(t, { resolve, ca: CERTIFICATE });
    const right = `https://secure.test:${provider.port}`;
    const wrong = `https://other.test:${provider.port}`;
    assert.equal((await trusting.callProvider(providerRequest(right, right))).kind, 'answer');
    const misnamed = failureOf(await trusting.callProvider(providerRequest(wrong, wrong)));
    assert.equal(misnamed.reason, 'tls');
    const distrusting = openEgress(t, { resolve });
    const unknown = failureOf(await distrusting.callProvider(providerRequest(right, right)));
    assert.equal(unknown.reason, 'tls');
    assert.equal(unknown.retry_count, 0);
    assert.equal(unknown.request_sent, false);
    assert.equal(provider.received.length, 1);
  });

  it('fails where no TLS is spoken', async (t) => {
    const provider = await startProvider(t, (_request, response) => response.end('ok'));
    const base = `https://127.0.0.1:${provider.port}`;
    const failure = failureOf(await openEgress(t).callProvider(providerRequest(base, base)));
    assert.equal(failure.reason, 'tls');
  });
});
