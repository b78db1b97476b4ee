import { existsSync } from 'node:fs';

import type { Kysely } from 'kysely';

import { findRollbacks, readGuard } from '../sequence/rollback-guard.ts';
import {
  databaseTroubles,
  describeDatabase,
  newestSchema,
  openReadStore,
  readSchema,
  type Database,
} from '../store/open.ts';
import { databaseCode } from '../store/postgres/failure.ts';
import { sqliteCode } from '../store/sqlite/failure.ts';
import type { Tables } from '../store/tables.ts';
import { REASONS } from './findings.ts';
import { checkIndex } from './index-check.ts';
import { checkLog } from './log.ts';
import { isDamage } from './source.ts';
import { checkState } from './state-check.ts';

/** Where something is wrong. */
export type Area =
  /** The file, or the tables and what guards them. */
  | 'database'
  /** A log: entries, parts, tree, head, checkpoint. */
  | 'ledger'
  /** The database is behind what was signed last, or has another history. */
  | 'rollback'
  /** What filters are answered from. It can be made again. */
  | 'index'
  /** What administration and calls under way have left. */
  | 'state';

export interface Problem {
  readonly area: Area;
  readonly app_id: string | null;
  readonly seq: number | null;
  /** One of `REASONS` in the ledger, else null. */
  readonly reason: string | null;
  /** For people. */
  readonly what: string;
}

export interface FsckProgress {
  readonly area: Area;
  readonly app_id: string | null;
  readonly checked: number;
  readonly total: number;
}

export interface FsckOptions {
  readonly database: Database;
  /** The file of last checkpoints; null where there is none to compare with. */
  readonly guardPath: string | null;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FsckProgress) => void;
}

export interface FsckReport {
  readonly ok: boolean;
  /** Logs that were checked, with what there is of them. */
  readonly logs: readonly {
    readonly app_id: string;
    readonly size: number;
    readonly removed_parts: number;
  }[];
  readonly problems: readonly Problem[];
  /** Whether there are more problems than are named. */
  readonly more_problems: boolean;
}

/** A check that cannot be made as things are: nothing is known. Both texts are for the operator. */
export class FsckFailure extends Error {
  override readonly name = 'FsckFailure';
  readonly advice: string;

  constructor(message: string, advice: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.advice = advice;
  }
}

const STATEMENT_MS = 3_600_000;
/** Of each log, of its index, and of all the rest. */
const PROBLEMS_MAX = 1000;
const SQLITE_ERROR = 1;
/** PostgreSQL: there is no such table or column. */
const UNDEFINED = /^42(P01|703)$/;

/**
 * Makes everything again that is stored of a ledger and compares. Reads alone, and takes no lock:
 * a server may be at work on it. Throws `FsckFailure`.
 */
export async function fsck(options: FsckOptions): Promise<FsckReport> {
  const { database } = options;
  if (database.kind === 'sqlite' && !existsSync(database.path)) {
    throw new FsckFailure(`there is no ledger at ${database.path}`, 'Look at the name of --data.');
  }
  const run = new Fsck(options);
  try {
    await run.all();
  } catch (error) {
    if (error instanceof FsckFailure || options.signal?.aborted) throw error;
    const where = describeDatabase(database);
    const text = `${where} cannot be read: ${(error as Error).message}`;
    throw new FsckFailure(text, 'Look at the database and at who may read it.', error);
  }
  return run.report();
}

/** Whether what is stored is to blame; it may also lack tables or columns. */
const isBroken = (error: unknown) =>
  isDamage(error) ||
  sqliteCode(error) === SQLITE_ERROR ||
  UNDEFINED.test(databaseCode((error as Error).cause) ?? '');

interface App {
  readonly app: number;
  readonly app_id: string;
}

class Fsck {
  readonly #options: FsckOptions;
  readonly #logs: { app_id: string; size: number; removed_parts: number }[] = [];
  readonly #problems: Problem[] = [];
  #more = false;

  constructor(options: FsckOptions) {
    this.#options = options;
  }

  report(): FsckReport {
    const problems = this.#problems;
    const ok = problems.length === 0;
    return { ok, logs: this.#logs, problems, more_problems: this.#more };
  }

  async all(): Promise<void> {
    const { database } = this.#options;
    await this.#step('database', null, async () => {
      const db = await openReadStore(database, { statementTimeoutMs: STATEMENT_MS, careful: true });
      try {
        await this.#allIn(db);
      } finally {
        await db.destroy();
      }
    });
  }

  async #allIn(db: Kysely<Tables>): Promise<void> {
    const { database, guardPath } = this.#options;
    await assertVersion(database, db);
    await this.#step('database', null, async () => {
      for (const what of await databaseTroubles(database, db))
        this.#tell({ area: 'database', what });
    });
    const apps = await db.selectFrom('apps').select(['app', 'app_id']).orderBy('app').execute();
    for (const app of apps) {
      await this.#step('ledger', app.app_id, () => this.#log(db, app));
    }
    if (guardPath !== null) await this.#step('rollback', null, () => this.#guard(db, guardPath));
    for (const app of apps) {
      await this.#step('index', app.app_id, () => this.#index(db, app));
    }
    await this.#step('state', null, () => this.#state(db, apps));
  }

  /** A step that meets damage ends, and the next ones follow. */
  async #step(area: Area, app_id: string | null, work: () => Promise<void>): Promise<void> {
    const { signal, onProgress } = this.#options;
    signal?.throwIfAborted();
    onProgress?.({ area, app_id, checked: 0, total: 0 });
    try {
      await work();
    } catch (error) {
      if (!isBroken(error)) throw error;
      this.#tell({ area, app_id, what: `it cannot be read: ${(error as Error).message}` });
    }
  }

  async #log(db: Kysely<Tables>, { app, app_id }: App): Promise<void> {
    const { database, signal, onProgress } = this.#options;
    const verdict = await checkLog(
      { db, kind: database.kind, app },
      {
        max: PROBLEMS_MAX,
        ...(signal ? { signal } : {}),
        onProgress: (progress) => onProgress?.({ area: 'ledger', app_id, ...progress }),
      },
    );
    for (const { seq, reason } of verdict.broken) {
      this.#tell({ area: 'ledger', app_id, seq, reason, what: REASONS[reason] });
    }
    if (verdict.more_broken) this.#more = true;
    const { size, removed_parts } = verdict;
    this.#logs.push({ app_id, size, removed_parts });
  }

  async #guard(db: Kysely<Tables>, path: string): Promise<void> {
    for (const { app_id, signed_size, found_size, reason } of await findRollbacks(
      db,
      readGuard(path),
    )) {
      const what =
        reason === 'behind'
          ? `signed up to ${signed_size} entries, and the database has ${found_size}`
          : `the database has another history than the ${signed_size} entries signed`;
      this.#tell({ area: 'rollback', app_id, what });
    }
  }

  async #index(db: Kysely<Tables>, { app, app_id }: App): Promise<void> {
    const { database, signal, onProgress } = this.#options;
    const size = this.#logs.find((log) => log.app_id === app_id)?.size ?? 0;
    let told = 0;
    await checkIndex({ db, kind: database.kind, app }, size, {
      ...(signal ? { signal } : {}),
      onProgress: (progress) => onProgress?.({ area: 'index', app_id, ...progress }),
      tell: (seq, what) => {
        if (++told <= PROBLEMS_MAX) this.#tell({ area: 'index', app_id, seq, what });
        else this.#more = true;
      },
    });
  }

  async #state(db: Kysely<Tables>, apps: readonly App[]): Promise<void> {
    const names = new Map(apps.map(({ app, app_id }) => [app, app_id]));
    const found = await db.transaction().execute(checkState);
    for (const { app, what } of found) {
      this.#tell({ area: 'state', app_id: names.get(app) ?? `app ${app}`, what });
    }
  }

  #tell(problem: Pick<Problem, 'area' | 'what'> & Partial<Problem>): void {
    this.#problems.push({ app_id: null, seq: null, reason: null, ...problem });
  }
}

async function assertVersion(database: Database, db: Kysely<Tables>): Promise<void> {
  const [found, newest] = [await readSchema(database, db), await newestSchema(database)];
  if (found === newest) return;
  throw new FsckFailure(
    `${describeDatabase(database)} has tables of version ${found}, this Affidavit has ${newest}`,
    found < newest
      ? 'Start this version of the server on it once: that brings the tables up.'
      : 'Check it with the Affidavit that wrote it.',
  );
}
