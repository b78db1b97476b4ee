import { DatabaseSync } from 'node:sqlite';

import { StoreFailure } from '../port.ts';
import { MIGRATIONS } from './schema.ts';

/** SQLite 3.7.0 to 3.51.2 can corrupt a WAL on reset; 3.52.0 was withdrawn. */
export function assertSoundVersion(version: string): void {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  const order = major * 1e6 + minor * 1e3 + patch;
  const sound = order >= 3_051_003 && order !== 3_052_000;
  if (!sound) {
    throw new StoreFailure(
      'damaged',
      `SQLite ${version} has a known corruption bug; run Affidavit on the Node that npm ci installs`,
    );
  }
}

function pragma(db: DatabaseSync, name: string): unknown {
  const row = db.prepare(`PRAGMA ${name}`).get();
  return row === undefined ? undefined : Object.values(row)[0];
}

/** Opens a connection that fsyncs every commit, and reads back that it does. */
export function openWriter(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    assertSoundVersion(String(Object.values(db.prepare('SELECT sqlite_version()').get() ?? {})[0]));
    db.exec('PRAGMA busy_timeout = 2000');
    db.exec('PRAGMA page_size = 8192');
    db.exec('PRAGMA auto_vacuum = INCREMENTAL');
    db.exec('PRAGMA journal_mode = WAL');
    db.exec('PRAGMA synchronous = FULL');
    db.exec('PRAGMA secure_delete = ON');
    db.exec('PRAGMA wal_autocheckpoint = 0');
    db.exec('PRAGMA cache_size = -16384');
    if (pragma(db, 'journal_mode') !== 'wal' || pragma(db, 'synchronous') !== 2) {
      throw new StoreFailure('damaged', 'SQLite refused journal_mode=WAL or synchronous=FULL');
    }
    migrate(db);
    db.exec('PRAGMA busy_timeout = 0');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Opens a connection that cannot write; a careful one looks at each page before it uses it. No page
 * is mapped into memory: a file that is cut short would end the process, and a long export would
 * make all of it count as memory of the process, for at most a tenth of its speed.
 */
export function openReader(path: string, careful = false): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 2000 });
  db.exec('PRAGMA query_only = ON');
  db.exec('PRAGMA cache_size = -4096');
  if (careful) db.exec('PRAGMA cell_size_check = ON');
  return db;
}

function migrate(db: DatabaseSync): void {
  const version = Number(pragma(db, 'user_version'));
  if (version > MIGRATIONS.length) {
    throw new StoreFailure(
      'damaged',
      `the database was written by a newer Affidavit (schema ${version}, this one knows ${MIGRATIONS.length})`,
    );
  }
  for (let step = version; step < MIGRATIONS.length; step++) {
    db.exec('BEGIN IMMEDIATE');
    try {
      db.exec(MIGRATIONS[step] as string);
      db.exec(`PRAGMA user_version = ${step + 1}`);
      db.exec('COMMIT');
    } catch (error) {
      db.exec('ROLLBACK');
      throw error;
    }
  }
}
