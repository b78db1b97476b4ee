/** A trail in a real database that can be swept, for the tests beside it. */
import type { AuditEvent } from '@affidavit/schema';
import type { Kysely } from 'kysely';
import { pino } from 'pino';

import { StoredDirectory } from '../access/directory.ts';
import { Trail } from '../ingest/trail.ts';
import type { ReaderPool } from '../query/reader-pool.ts';
import type { RowsRequest } from '../query/reader-thread.ts';
import { openLogs, type TestLogs } from '../sequence/log.fixture.ts';
import { Sequencer } from '../sequence/sequencer.ts';
import type { Effect } from '../store/port.ts';
import { openReadStore } from '../store/open.ts';
import type { Tables } from '../store/tables.ts';
import { Clock } from './clock.ts';
import type { DailyServices } from './daily.ts';
import { newDecision, newRetention } from './decision.ts';
import { Erasures } from './erase.ts';
import { retainOperations } from './operations.ts';
import { Sweep } from './sweep.ts';

export const APP = { app: 1, app_id: 'app_1' } as const;
export const START = 1_790_000_000_000;
export const system = { actor_type: 'system', actor_id: 'test' } as const;

/** What the process would answer by its reader threads, from a connection of its own. */
function readersOn(db: Kysely<Tables>, afterRead: (op: string) => Promise<void>): ReaderPool {
  const operations: Record<string, (request: never) => Promise<unknown>> = {
    ...retainOperations((work) => db.transaction().execute(work)),
    rows: ({ table, where, limit }: RowsRequest) =>
      db
        .selectFrom(table as 'installation')
        .selectAll()
        .where((eb) => eb.and(where as never))
        .limit(limit)
        .execute(),
  };
  const run = async (op: string, request: object) => {
    const deadline = Date.now() + 30_000;
    const answer = await operations[op]?.({ deadline, ...request } as never);
    await afterRead(op);
    return answer;
  };
  return { run } as unknown as ReaderPool;
}

export class KeptTrail {
  readonly logs: TestLogs;
  readonly db: Kysely<Tables>;
  readonly trail: Trail;
  readonly sweep: Sweep;
  readonly erasures: Erasures;
  readonly services: DailyServices;
  /** Lines that the journal got. */
  readonly said: string[] = [];
  /** Called when something was read, before it is acted on. */
  afterRead: (op: string) => Promise<void> = async () => undefined;
  now = START;
  uptime = 0;
  readonly #sequencer: Sequencer;

  constructor(logs: TestLogs, db: Kysely<Tables>) {
    this.logs = logs;
    this.db = db;
    const writer = logs.newWriter(() => this.now);
    const readers = readersOn(db, (op) => this.afterRead(op));
    const directory = new StoredDirectory(readers);
    this.#sequencer = new Sequencer({
      write: (submissions) => writer.write(submissions),
      now: () => this.now,
      deadlineMs: 10_000,
      queueLimit: 10_000,
      batchLimit: 2000,
      onCommit: ({ effects }) => directory.onEffects(effects),
    });
    this.trail = new Trail(this.#sequencer);
    const clock = new Clock(
      () => this.now,
      () => this.uptime,
    );
    const base = { readers, trail: this.trail, now: () => this.now };
    this.sweep = new Sweep(base);
    this.erasures = new Erasures({ ...base, fingerprintKey: new Uint8Array(32) });
    const journal = pino({ level: 'warn' }, { write: (line: string) => void this.said.push(line) });
    const config = { home_app: APP.app };
    const { trail, sweep } = this;
    this.services = { readers, directory, trail, journal, config, sweep, clock };
  }

  /** Time goes by, while the process runs. */
  pass(ms: number): void {
    this.now += ms;
    this.uptime += ms;
  }

  async record(events: readonly AuditEvent[], effects: readonly Effect[] = []) {
    return (await this.trail.record({ ...APP, events, effects })).events;
  }

  /** Changes what is kept without an entry of its own. */
  change(effects: readonly Effect[]): Promise<void> {
    return this.trail.apply(APP.app, [...effects, newDecision(APP.app)]);
  }

  async close(): Promise<void> {
    await this.#sequencer.close();
    await this.db.destroy();
    await this.logs.close();
  }
}

/** App 1 with an empty log and the retention that every app begins with. */
export async function openKeptTrail(): Promise<KeptTrail> {
  const logs = await openLogs(1);
  const db = await openReadStore({ kind: 'sqlite', path: logs.path });
  const kept = new KeptTrail(logs, db);
  await kept.trail.apply(APP.app, [newRetention(APP.app, START)]);
  return kept;
}
