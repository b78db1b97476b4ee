/** A log that grows in a real database, read as reader threads read it, for the tests beside it. */
import { parseTilePath } from '@affidavit/ledger';
import type { Kysely } from 'kysely';

import { eventOf, openLogs, submissionOf, type TestLogs } from '../sequence/log.fixture.ts';
import { openReadStore } from '../store/open.ts';
import type { Tables } from '../store/tables.ts';
import type { Fetch } from './testing/c2sp-client.ts';
import { proveOperations } from './operations.ts';

export const APP = 1;
export const START = 1_790_000_000_000;

/** Logs in a database of either kind. */
export type LogSource = Pick<TestLogs, 'db' | 'newWriter' | 'verifierKeys' | 'close'>;

export class GrowingLog {
  readonly logs: LogSource;
  readonly read: Kysely<Tables>;
  readonly ask: ReturnType<typeof proveOperations>;
  /** The signed notes, by the size that they sign. */
  readonly checkpoints = new Map<number, string>();
  size = 0;
  now = START;
  readonly #writer;

  constructor(logs: LogSource, read: Kysely<Tables>) {
    this.logs = logs;
    this.read = read;
    this.ask = proveOperations((work) => this.read.transaction().execute(work));
    this.#writer = logs.newWriter(() => this.now);
  }

  get vkey(): string {
    return this.logs.verifierKeys.get(APP) as string;
  }

  /** Appends entries in one batch; all are at the same time. */
  async grow(count: number): Promise<string> {
    const events = Array.from({ length: count }, (_, i) => eventOf(`evt_${this.size + i}`));
    const [verdict] = await this.#writer.write([submissionOf(APP, events)]);
    if (!verdict?.ok) throw new Error('the log did not grow');
    this.size += count;
    this.checkpoints.set(this.size, verdict.receipt.checkpoint);
    return verdict.receipt.checkpoint;
  }

  /** Grows in steps to a size. */
  async growTo(size: number, step = 2000): Promise<void> {
    while (this.size < size) await this.grow(Math.min(step, size - this.size));
  }

  /** As over HTTP: null where there is nothing. */
  readonly fetch: Fetch = (path) =>
    this.ask.ledgerResource({ app: APP, tile: parseTilePath(path) });

  async close(): Promise<void> {
    await this.read.destroy();
    await this.logs.close();
  }
}

export async function openGrowingLog(): Promise<GrowingLog> {
  const logs = await openLogs(1);
  return new GrowingLog(logs, await openReadStore({ kind: 'sqlite', path: logs.path }));
}
