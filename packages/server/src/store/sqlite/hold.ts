import { DatabaseSync } from 'node:sqlite';

import { StoreFailure } from '../port.ts';
import { SQLITE_BUSY, sqliteCode, toStoreFailure } from './failure.ts';

/**
 * Takes the data folder for this process alone, until it ends: two servers on one file would take
 * each other's calls under way for those of a crash. The lock is one of the operating system, on
 * an empty file beside the database, so that a crash cannot leave it behind.
 */
export function holdFolder(path: string): { release(): void } {
  let lock: DatabaseSync | null = null;
  try {
    lock = new DatabaseSync(path, { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock?.close();
    if (sqliteCode(error) !== SQLITE_BUSY) throw toStoreFailure(error, 'no');
    throw new StoreFailure('locked', 'another Affidavit server is running on this data folder');
  }
  const held = lock;
  return { release: () => held.close() };
}
