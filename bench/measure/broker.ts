import type { Affidavit } from '../affidavit.ts';
import { startLoopbackService, type Bench } from '../bench.ts';
import { openGrant } from '../grant.ts';
import { runLoad, type LoadResult } from '../load.ts';
import { milliseconds, perSecond, row, type Row, type Section } from '../report.ts';
import { onEachStore } from '../stores.ts';

/** A call through the broker beside the same call made directly, by the same client. */

interface Case {
  readonly name: string;
  readonly path: string;
  readonly inFlight: number;
  readonly target: string;
}

const CASES: readonly Case[] = [
  {
    name: '1 in flight, service answers at once',
    path: '/messages',
    inFlight: 1,
    target: '–',
  },
  {
    name: '32 in flight, service takes 50 ms',
    path: '/slow',
    inFlight: 32,
    target: 'p50 ≤ 3 ms, p99 ≤ 20 ms more',
  },
  {
    name: '32 in flight, service answers at once',
    path: '/messages',
    inFlight: 32,
    target: 'p50 ≤ 3 ms, p99 ≤ 20 ms more',
  },
];
const RUN = 20;

function call(serviceUrl: string, { path }: Case, grant_id: string, n: number): Buffer {
  return Buffer.from(
    JSON.stringify({
      method: 'GET',
      url: `${serviceUrl}${path}/${n}`,
      grant_id,
      reason: `Read message ${n} for the morning briefing`,
      run_id: `run_${Math.floor(n / RUN)}`,
      context: { tool: 'read_mail' },
    }),
  );
}

interface Pair {
  readonly one: Case;
  readonly store: string;
  readonly direct: LoadResult;
  readonly brokered: LoadResult;
}

async function measurePair(
  bench: Bench,
  one: Case,
  server: Affidavit,
  service: { readonly url: string; readonly grant_id: string },
): Promise<Omit<Pair, 'store'>> {
  const { inFlight, path } = one;
  const { warmUpMs, baselineMs: measureMs } = bench;
  const load = { inFlight, status: 200, warmUpMs, measureMs };
  const direct = await runLoad({
    ...load,
    origin: service.url,
    headers: {},
    shot: (n) => ({ method: 'GET', path: `${path}/${n}` }),
  });
  const brokered = await runLoad({
    ...load,
    origin: server.url,
    headers: server.headers,
    shot: (n) => {
      const body = call(service.url, one, service.grant_id, n);
      return { method: 'POST', path: '/v1/request', body };
    },
  });
  return { one, direct, brokered };
}

function rowsOf({ one, store, direct, brokered }: Pair): Row[] {
  const [d50 = NaN, d99 = NaN] = direct.latencies.percentiles(0.5, 0.99);
  const [b50 = NaN, b99 = NaN] = brokered.latencies.percentiles(0.5, 0.99);
  return [
    row({
      name: `Broker on ${store}, ${one.name}`,
      rate: perSecond(brokered.perSecond),
      p50: milliseconds(b50),
      p99: milliseconds(b99),
      beside: `p50 + ${milliseconds(b50 - d50)}, p99 + ${milliseconds(b99 - d99)}`,
      target: one.target,
    }),
    row({
      name: `Baseline: direct, ${one.name}`,
      rate: perSecond(direct.perSecond),
      p50: milliseconds(d50),
      p99: milliseconds(d99),
    }),
  ];
}

export async function measureBroker(bench: Bench): Promise<Section> {
  const service = await startLoopbackService();
  const measure = async (server: Affidavit, store: string): Promise<Pair[]> => {
    const pairs: Pair[] = [];
    const grant_id = await openGrant(server, service.said);
    for (const one of CASES) {
      bench.tell(`broker on ${store}: ${one.name}`);
      const pair = await measurePair(bench, one, server, { url: service.said, grant_id });
      pairs.push({ ...pair, store });
    }
    return pairs;
  };
  const pairs = await onEachStore(bench, 'broker', measure).finally(service.stop);
  return {
    title: 'Broker overhead',
    meaning: [
      '`POST /v1/request` to an HTTP service on loopback, beside calling that service directly with the same client. Through the broker each call is decided by policy, its intent fsynced under a checkpoint before the credential is opened, and its outcome fsynced before the answer: two commits a call.',
      'A service that takes 50 ms is what agents call in use; there the server is not saturated and the difference is what the broker adds to a call. With a service that answers at once, 32 in flight saturate the server, and the latency is 32 divided by its throughput.',
    ],
    rows: pairs.flat().flatMap(rowsOf),
    notes: [],
  };
}
