import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

import { LedgerError, toBase64, type Checkpoint } from '@affidavit/ledger';
import type { Kysely } from 'kysely';

import { checkpointOf } from '../prove/head.ts';
import { rootAt } from '../prove/nodes.ts';
import { StoreFailure } from '../store/port.ts';
import type { Tables } from '../store/tables.ts';

/**
 * The last checkpoint of every log, kept in a file apart from the database. A database that is
 * behind it, or that has another history, was restored or replaced, and must not be signed for.
 */
export type LastCheckpoints = Record<string, string>;

/** Throws `StoreFailure` for a file that is there and cannot be used: it must not count as none. */
export function readGuard(path: string): LastCheckpoints {
  try {
    const kept: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (isCheckpoints(kept)) return kept;
    throw new TypeError('not an object of texts');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    const message = `the file of last checkpoints cannot be read: ${path}`;
    throw new StoreFailure('damaged', message, { cause: error });
  }
}

function isCheckpoints(kept: unknown): kept is LastCheckpoints {
  const isObject = typeof kept === 'object' && kept !== null && !Array.isArray(kept);
  return isObject && Object.values(kept).every((note) => typeof note === 'string');
}

/** Replaces the file whole: after a crash it is the old one or the new one. */
export function writeGuard(path: string, checkpoints: LastCheckpoints): void {
  mkdirSync(dirname(path), { recursive: true });
  const fresh = `${path}.new.${process.pid}`;
  const file = openSync(fresh, 'w', 0o600);
  try {
    writeSync(file, JSON.stringify(checkpoints, null, 1));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(fresh, path);
}

/** Of two files of last checkpoints, as processes that share a folder keep them, the later ones. */
export function newest(one: LastCheckpoints, other: LastCheckpoints): LastCheckpoints {
  const all = { ...other, ...one };
  for (const [app_id, note] of Object.entries(other)) {
    if (readSigned(note).size > readSigned(all[app_id] as string).size) all[app_id] = note;
  }
  return all;
}

export interface Rollback {
  readonly app_id: string;
  readonly signed_size: number;
  readonly found_size: number;
  readonly reason: 'behind' | 'other_history';
}

/** The logs whose database does not contain what was signed last. */
export async function findRollbacks(
  db: Kysely<Tables>,
  checkpoints: LastCheckpoints,
): Promise<Rollback[]> {
  const rollbacks: Rollback[] = [];
  for (const [app_id, note] of Object.entries(checkpoints)) {
    const signed = readSigned(note);
    const found = await headSize(db, app_id);
    const sizes = { app_id, signed_size: signed.size, found_size: found.size };
    if (found.size < signed.size) rollbacks.push({ ...sizes, reason: 'behind' });
    else if (!(await holds(db, found.app, signed))) {
      rollbacks.push({ ...sizes, reason: 'other_history' });
    }
  }
  return rollbacks;
}

function readSigned(note: string): Checkpoint {
  try {
    return checkpointOf(note);
  } catch (error) {
    throw new StoreFailure('damaged', 'the file of last checkpoints is damaged', { cause: error });
  }
}

/** Whether the first entries of a log are those that were signed. */
async function holds(db: Kysely<Tables>, app: number, signed: Checkpoint): Promise<boolean> {
  try {
    return toBase64(await rootAt(db, app, signed.size)) === toBase64(signed.root);
  } catch (error) {
    if (error instanceof LedgerError) return false;
    throw error;
  }
}

async function headSize(db: Kysely<Tables>, appId: string): Promise<{ app: number; size: number }> {
  const row = await db
    .selectFrom('heads')
    .innerJoin('apps', 'apps.app', 'heads.app')
    .select(['heads.app', 'heads.size'])
    .where('apps.app_id', '=', appId)
    .executeTakeFirst();
  return row ?? { app: -1, size: 0 };
}
