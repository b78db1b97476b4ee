import { startAffidavit, type Affidavit } from '../affidavit.ts';
import type { Bench } from '../bench.ts';
import { singleBodies } from '../events.ts';
import { runLoad } from '../load.ts';
import { milliseconds, perSecond, row, times, type Row, type Section } from '../report.ts';
import { Samples } from '../samples.ts';
import { openDatabase } from '../stores.ts';

/** Single events to several processes that write one app's ledger in one PostgreSQL. */

const PROCESSES = [1, 2, 4];
const CLIENTS = 64;
const BODIES = 8192;

interface Measured {
  readonly processes: number;
  readonly perSecond: number;
  readonly latencies: Samples;
}

async function startAll(count: number, databaseUrl: string): Promise<Affidavit[]> {
  const servers: Affidavit[] = [];
  try {
    for (let n = 0; n < count; n++) {
      servers.push(await startAffidavit(null, 'processes', databaseUrl));
    }
    return servers;
  } catch (error) {
    await stopAll(servers);
    throw error;
  }
}

const stopAll = (servers: readonly Affidavit[]) => Promise.all(servers.map(({ stop }) => stop()));

async function load(servers: readonly Affidavit[], bench: Bench): Promise<Measured> {
  const { warmUpMs, measureMs } = bench;
  const bodies = singleBodies(BODIES, 9);
  const processes = servers.length;
  const results = await Promise.all(
    servers.map(({ url: origin, headers }, which) =>
      runLoad({
        origin,
        headers,
        inFlight: CLIENTS / processes,
        status: 201,
        warmUpMs,
        measureMs,
        shot: (n) => {
          const body = bodies[(n * processes + which) % BODIES] as Buffer;
          return { method: 'POST', path: '/v1/events', body };
        },
      }),
    ),
  );
  const latencies = new Samples();
  for (const one of results) latencies.addAll(one.latencies);
  const rate = results.reduce((sum, one) => sum + one.perSecond, 0);
  return { processes, perSecond: rate, latencies };
}

function rowOf({ processes, perSecond: rate, latencies }: Measured, alone: number): Row {
  const [p50 = NaN, p99 = NaN] = latencies.percentiles(0.5, 0.99);
  return row({
    name: processes === 1 ? 'One process' : `${processes} processes`,
    rate: perSecond(rate),
    p50: milliseconds(p50),
    p99: milliseconds(p99),
    beside: times(rate / alone, 'one process'),
  });
}

export async function measureProcesses(bench: Bench): Promise<Section> {
  const measured: Measured[] = [];
  const notes: string[] = [];
  for (const processes of PROCESSES) {
    bench.tell(`${processes} processes on one PostgreSQL`);
    const database = await openDatabase('postgres');
    if (typeof database === 'string') {
      notes.push(database);
      break;
    }
    try {
      const servers = await startAll(processes, database.url as string);
      measured.push(await load(servers, bench).finally(() => stopAll(servers)));
    } finally {
      await database.close();
    }
  }
  return {
    title: 'Processes on one ledger',
    meaning: [
      'Single events from 64 clients, spread over so many processes of Affidavit on one PostgreSQL, all into the ledger of one app: the head of its log is the lock, and each process commits what it has gathered when it is its turn.',
      'All processes, the database and the load generator share two cores here, so that more processes can bring safety but hardly speed; on machines of their own the head row is the limit.',
    ],
    rows: measured.map((one) => rowOf(one, (measured[0] as Measured).perSecond)),
    notes,
  };
}
