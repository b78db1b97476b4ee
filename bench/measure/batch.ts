import type { Affidavit } from '../affidavit.ts';
import type { Bench, Tables } from '../bench.ts';
import { batchBody, createEvents } from '../events.ts';
import { runLoad, type LoadResult } from '../load.ts';
import { milliseconds, perSecond, row, type Row, type Section } from '../report.ts';
import { onEachStore } from '../stores.ts';
import { besideTables, tableRows } from './single.ts';

/** Batches of 500 events by 4 clients. */

const CLIENTS = 4;
const BATCH = 500;
const BODIES = 64;

interface OnStore {
  readonly store: string;
  readonly ours: LoadResult;
}

function rowOf({ store, ours }: OnStore, tables: Tables): Row {
  const rate = ours.perSecond * BATCH;
  const [p50 = NaN, p99 = NaN] = ours.latencies.percentiles(0.5, 0.99);
  return row({
    name: `Affidavit on ${store}, ${CLIENTS} clients, ${BATCH} events a request`,
    rate: perSecond(rate),
    p50: milliseconds(p50),
    p99: milliseconds(p99),
    beside: besideTables(rate, tables),
    target: '5 × PostgreSQL',
  });
}

export async function measureBatch(bench: Bench): Promise<Section> {
  const { tell, warmUpMs, measureMs } = bench;
  const next = createEvents(2);
  const bodies = Array.from({ length: BODIES }, () => batchBody(next, BATCH));
  const measure = async (server: Affidavit, store: string): Promise<OnStore> => {
    tell(`batches of ${BATCH}: Affidavit on ${store}`);
    const ours = await runLoad({
      origin: server.url,
      headers: server.headers,
      inFlight: CLIENTS,
      status: 201,
      warmUpMs,
      measureMs,
      shot: (n) => ({ method: 'POST', path: '/v1/events', body: bodies[n % BODIES] as Buffer }),
    });
    return { store, ours };
  };
  const results = await onEachStore(bench, 'batch', measure);
  const tables = await bench.tables();
  return {
    title: 'Batches',
    meaning: [
      'Batches of 500 events from 4 clients, each batch all or nothing. The rate counts events, the latencies are those of whole batches. The baselines are those of single events.',
    ],
    rows: [...results.map((result) => rowOf(result, tables)), ...tableRows(tables)],
    notes: [
      ...results.map(
        ({ store, ours }) =>
          `On ${store} the load generator took ${ours.clientCores.toFixed(2)} of a core beside the server.`,
      ),
      'Indexes are made behind the ledger; those still to be made when the time is over are not in these figures.',
    ],
  };
}
