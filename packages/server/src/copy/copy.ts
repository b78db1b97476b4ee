import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { Kysely } from 'kysely';

import { newest, readGuard, writeGuard } from '../sequence/rollback-guard.ts';
import type { Loader } from '../store/loader.ts';
import { holdDatabase, openLoader, openReadStore, type Database } from '../store/open.ts';
import type { Tables } from '../store/tables.ts';
import { CopyFailure, unlessTaken } from './failure.ts';
import { GUARD_FILE, isSamePlace, parsePlace, type Place } from '../config/place.ts';
import { checkMasterKeys } from './sealing.ts';
import { identify, openSource, STATEMENT_MS, type Source } from './source.ts';
import { formatState, parseState, stateOf, TABLES, type CopyState } from './state.ts';
import { copyTables, type Run } from './tables.ts';
import { verifyCopy, type CopyVerdict } from './verify.ts';

export interface CopyOptions extends Run {
  /** `sqlite:FOLDER` or a URL of PostgreSQL. */
  readonly from: string;
  readonly to: string;
  /** Data folder of a server on PostgreSQL: its master key and last checkpoints. */
  readonly dataFolder?: string;
  /** AFFIDAVIT_MASTER_KEY. */
  readonly masterKeys?: string;
  /** Compares every row of the large tables too, which the check of each log looks at anyway. */
  readonly full?: boolean;
}

export interface CopyReport extends CopyVerdict {
  /** Whether an earlier copy that was interrupted was gone on with. */
  readonly resumed: boolean;
  /** By this run; an earlier one may have copied others. */
  readonly rowsCopied: number;
  readonly copyMs: number;
  readonly checkMs: number;
  /** Ids of the master keys that a server on the target must be given. */
  readonly masterKeyIds: readonly string[];
  /** The file of last checkpoints that was written beside the target, if it has a folder. */
  readonly guardPath: string | null;
}

const NEEDS_EMPTY = 'Take an empty target, with no server on it.';

/**
 * Copies a ledger at rest into an empty database: all of it, byte for byte, so that whatever was
 * proved of the one is proved of the other. What was interrupted goes on where it was. At the end
 * the target is read again and checked; only if it is sound can a server start on it (`differences`
 * is empty). Throws `CopyFailure`, `ConfigError` and `StoreFailure`.
 */
export async function copyLedger(options: CopyOptions): Promise<CopyReport> {
  const folder = options.dataFolder ?? null;
  const from = parsePlace('--from', options.from, folder);
  const to = parsePlace('--to', options.to, folder);
  if (isSamePlace(from, to)) {
    throw new CopyFailure('source and target are the same', 'Give a target that is empty.');
  }
  const source = await openSource(from);
  try {
    const masterKeyIds = await checkMasterKeys(from, source.db, options.masterKeys);
    const report = await copyInto(to, source, options);
    const isSound = report.differences.length === 0;
    const guardPath = isSound ? await keepGuard(to, source.db) : null;
    return { ...report, masterKeyIds, guardPath };
  } finally {
    await source.close();
  }
}

async function copyInto(to: Place, source: Source, options: CopyOptions) {
  if (to.database.kind === 'sqlite') makeFolder(dirname(to.database.path));
  const hold = await unlessTaken(() => holdDatabase(to.database), NEEDS_EMPTY);
  let loader: Loader | null = null;
  try {
    loader = await openLoader(to.database);
    return await copyAndCheck(to.database, loader, source, options);
  } finally {
    await loader?.close();
    hold.release();
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new CopyFailure(`${path} cannot be made`, 'Look at the name of --to.', cause);
  }
}

async function copyAndCheck(
  target: Database,
  loader: Loader,
  source: Source,
  options: CopyOptions,
) {
  const fresh: CopyState = { v: 1, source: source.identity, tables: {} };
  const known = await unlessTaken(() => loader.begin(formatState(fresh)), NEEDS_EMPTY);
  const begun = known === null ? fresh : parseState(known);
  if (begun.source !== source.identity) {
    throw new CopyFailure(
      'the target holds the beginning of another copy, or the source has changed since',
      'Take an empty target, or empty this one.',
    );
  }
  const started = performance.now();
  const state = await copyTables(source, loader, begun, options);
  if ((await identify(source.db)) !== source.identity) {
    throw new CopyFailure(
      'the source was written while it was copied',
      'Stop every server on it, empty the target, and copy again.',
    );
  }
  const copied = performance.now();
  const verdict = await check(target, state, options);
  if (verdict.differences.length === 0) await loader.finish();
  return {
    ...verdict,
    resumed: known !== null,
    rowsCopied: countRows(state) - countRows(begun),
    copyMs: copied - started,
    checkMs: performance.now() - copied,
  };
}

const countRows = (state: CopyState) =>
  TABLES.reduce((sum, table) => sum + stateOf(state, table).rows, 0);

async function check(target: Database, state: CopyState, options: CopyOptions) {
  const db = await openReadStore(target, { statementTimeoutMs: STATEMENT_MS, careful: true });
  try {
    return await verifyCopy({ ...options, target: db, kind: target.kind, state });
  } finally {
    await db.destroy();
  }
}

/**
 * The last checkpoints beside a target with a data folder, so that a server there refuses a
 * database that goes back behind the copy.
 */
async function keepGuard({ folder }: Place, source: Kysely<Tables>): Promise<string | null> {
  if (folder === null) return null;
  const path = join(folder, GUARD_FILE);
  const heads = await source
    .selectFrom('heads')
    .innerJoin('apps', 'apps.app', 'heads.app')
    .select(['apps.app_id', 'heads.checkpoint'])
    .where('heads.size', '>', 0)
    .execute();
  const signed = Object.fromEntries(heads.map(({ app_id, checkpoint }) => [app_id, checkpoint]));
  writeGuard(path, newest(signed, readGuard(path)));
  return path;
}
