import type { Kysely } from 'kysely';

import { StoreFailure, type LedgerStore, type Reclaimed, type StoreTransaction } from '../port.ts';
import type { Tables } from '../tables.ts';
import { isDatabaseError, timedOut, toStoreFailure } from './failure.ts';
import { Growth } from './growth.ts';
import { kyselyOn } from './kysely.ts';
import type { Link } from './link.ts';
import { publish } from './news.ts';
import { reclaimPartition } from './reclaim.ts';
import { PostgresTransaction, type Learnt } from './transaction.ts';
import { openWriterLink } from './writer-link.ts';

/** A lock that is free is taken even at the deadline. */
const WAIT_MIN_MS = 20;
/** PostgreSQL gives up a statement this long after the lock, and the store the connection. */
const STATEMENT_GRACE_MS = 500;
export const CONNECTION_GRACE_MS = 2000;
const WAIT_MAX_MS = 600_000;

export interface PostgresStoreOptions {
  /** As libpq takes it: postgres://user:password@host:port/database?sslmode=… */
  readonly url: string;
  /** How the connection is called in `pg_stat_activity`. */
  readonly name?: string;
}

interface Connection {
  readonly link: Link;
  readonly learnt: Learnt;
  readonly db: Kysely<Tables>;
  readonly onCitus: boolean;
}

/** What a transaction has come to before its commit. */
interface Done<T> {
  readonly value: T;
  /** What was sent and not waited for. */
  readonly unanswered: readonly Promise<unknown>[];
  /** Sizes of logs, by app. */
  readonly grown: ReadonlyMap<number, number>;
}

/**
 * The store for teams: one connection of its own, beside those of any number of other processes.
 * See `LedgerStore` for what it promises. It connects, and connects again, when it is asked for
 * something; a connection on which something failed is not used again.
 */
export class PostgresStore implements LedgerStore {
  readonly db: Kysely<Tables>;
  readonly #options: PostgresStoreOptions;
  readonly #growth = new Growth();
  #connection: Connection | null = null;
  #opening: Promise<Connection> | null = null;

  constructor(options: PostgresStoreOptions) {
    this.#options = options;
    this.db = kyselyOn(async () => sessionOf((await this.#open()).link));
  }

  async transact<T>(deadline: number, work: (tx: StoreTransaction) => Promise<T>): Promise<T> {
    const connection = await this.#open();
    const { link, learnt } = connection;
    return this.#inTransaction(connection, deadline, async (begun) => {
      const transaction = new PostgresTransaction(link, learnt, begun);
      const value = await work(transaction);
      const told = publish(link, transaction.changes());
      return { value, unanswered: [...transaction.unanswered, told], grown: transaction.grown };
    });
  }

  async derive(deadline: number, work: (db: Kysely<Tables>) => Promise<void>): Promise<void> {
    const connection = await this.#open();
    await this.#inTransaction(connection, deadline, async (begun) => {
      await begun;
      return { value: await work(connection.db), unanswered: [], grown: new Map() };
    });
  }

  /** PostgreSQL keeps itself tidy. */
  async tidy(): Promise<void> {}

  reclaim(step: number): Promise<Reclaimed> {
    return reclaimPartition(this.#options.url, step);
  }

  async close(): Promise<void> {
    const connection = this.#connection ?? (await this.#opening?.catch(() => null));
    this.#connection = null;
    await this.#growth.end();
    await connection?.link.close();
  }

  /** One connection attempt at a time, shared by all who wait for it. */
  async #open(): Promise<Connection> {
    if (this.#connection && !this.#connection.link.lost) return this.#connection;
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #connect(): Promise<Connection> {
    const { url, name = 'affidavit writer' } = this.#options;
    const { link, partitions, onCitus } = await openWriterLink(url, name);
    const learnt = { partitions, effects: new Map<string, string>() };
    this.#connection = { link, learnt, onCitus, db: kyselyOn(async () => sessionOf(link)) };
    return this.#connection;
  }

  /** The body gets the answer to BEGIN. */
  async #inTransaction<T>(
    { link, onCitus }: Connection,
    deadline: number,
    body: (begun: Promise<unknown>) => Promise<Done<T>>,
  ): Promise<T> {
    const wait = Math.min(Math.max(deadline - Date.now(), WAIT_MIN_MS), WAIT_MAX_MS);
    const watchdog = setTimeout(() => link.destroy(timedOut()), wait + CONNECTION_GRACE_MS);
    let durable: ReadonlyMap<number, number> = new Map();
    this.#growth.hold();
    try {
      const { value, unanswered, grown } = await attempt(link, 'no', async () => {
        const begun = begin(link, wait, onCitus);
        const [result] = await Promise.all([body(begun), begun]);
        if (link.lost) throw link.lost;
        return result;
      });
      await attempt(link, 'unknown', () => commit(link, unanswered));
      durable = grown;
      return value;
    } finally {
      clearTimeout(watchdog);
      this.#growth.release(link, durable);
    }
  }
}

/** One message; but Citus passes the whole message on for each SET LOCAL that it finds in one. */
function begin(link: Link, wait: number, onCitus: boolean): Promise<unknown> {
  const statements = [
    'BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE',
    `SET LOCAL lock_timeout = ${Math.ceil(wait)}`,
    `SET LOCAL statement_timeout = ${Math.ceil(wait) + STATEMENT_GRACE_MS}`,
  ];
  if (!onCitus) return link.query(statements.join(';'));
  return Promise.all(statements.map((statement) => link.query(statement)));
}

/**
 * Sends the commit right behind what is on its way. PostgreSQL answers ROLLBACK to the COMMIT of a
 * transaction in which a statement had failed.
 */
async function commit(link: Link, unanswered: readonly Promise<unknown>[]): Promise<void> {
  const [ended, ...others] = await Promise.allSettled([link.query('COMMIT'), ...unanswered]);
  if (ended.status === 'rejected') throw ended.reason;
  if (ended.value.command === 'COMMIT') return;
  const failed = others.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw toStoreFailure(failed.reason);
  throw new StoreFailure('io_error', 'the database took the transaction back');
}

/** Runs a step; when it fails, only a connection that gave a plain answer is used again. */
async function attempt<T>(
  link: Link,
  committed: 'no' | 'unknown',
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const ofStore = link.lost !== null || error instanceof StoreFailure || isDatabaseError(error);
    const failure = ofStore ? failureOf(link, error, committed) : null;
    if (failure === null || failure.reason === 'locked') await rollBack(link);
    else link.destroy(failure);
    throw failure ?? error;
  }
}

/** A loss of the connection explains whatever else failed with it. */
function failureOf(link: Link, error: unknown, committed: 'no' | 'unknown'): StoreFailure {
  if (error instanceof StoreFailure && error !== link.lost) return error;
  const { reason, message } = link.lost ?? toStoreFailure(error);
  return new StoreFailure(reason, message, { committed, cause: error });
}

async function rollBack(link: Link): Promise<void> {
  try {
    await link.query('ROLLBACK');
  } catch (error) {
    link.destroy(toStoreFailure(error));
  }
}

function sessionOf(link: Link) {
  return {
    query: (text: string, values: unknown[]) => link.query({ text, values }),
    release: () => undefined,
  };
}
