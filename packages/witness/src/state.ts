import { generateKeyPairSync } from 'node:crypto';
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { WitnessError } from './error.ts';

/**
 * All that a witness must never forget, in one file that only its owner may read: its key, and the
 * newest checkpoint that it has cosigned for each log. Key and state are one file on purpose. A
 * witness that kept its key and lost its state, or got an older one back, could be made to cosign
 * two histories.
 */

const FILE = 'witness.db';
const BUSY_MS = 2000;
/** `PRAGMA synchronous`: EXTRA, which also syncs the folder after the journal is removed. */
const EXTRA = 3;

const TABLES = `
CREATE TABLE IF NOT EXISTS identity (
  one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL, private_key BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS logs (
  origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, checkpoint TEXT NOT NULL
) STRICT;
`;

/** The newest checkpoint that was cosigned for a log. */
export interface Cosigned {
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** The note: signed by the log, and by this witness. */
  readonly checkpoint: string;
}

export interface Identity {
  /** Name of the key: a schema-less URL. */
  readonly name: string;
  /** Ed25519, PKCS #8 in DER. */
  readonly private_key: Uint8Array;
}

export interface WitnessState {
  readonly identity: Identity;
  /** The newest checkpoint cosigned for a log, or null. */
  newest(origin: string): Cosigned | null;
  /**
   * Hands the newest checkpoint to `decide` and keeps what it returns, on stable storage, before it
   * returns itself. Nothing comes between, not even another process on the same file. What `decide`
   * throws leaves everything as it was.
   */
  advance<T>(origin: string, decide: (newest: Cosigned | null) => readonly [Cosigned, T]): T;
  close(): void;
}

/**
 * Opens the state in a folder; the first time, makes it, with a key of this name. Throws
 * `WitnessError` where the name is missing or another, or others may read the file.
 */
export function openState(folder: string, name: string | undefined): WitnessState {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, FILE);
  closeSync(openSync(path, 'a', 0o600));
  if ((statSync(path).mode & 0o077) !== 0) {
    throw new WitnessError(`${path}: others may read it; run: chmod 600 ${path}`);
  }
  const db = new DatabaseSync(path);
  try {
    prepare(db);
    return stateOn(db, identify(db, name));
  } catch (error) {
    db.close();
    throw error;
  }
}

function prepare(db: DatabaseSync): void {
  db.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
  db.exec('PRAGMA journal_mode = DELETE');
  db.exec('PRAGMA synchronous = EXTRA');
  const [synchronous] = Object.values(db.prepare('PRAGMA synchronous').get() ?? {});
  if (synchronous !== EXTRA) throw new WitnessError('SQLite refused synchronous=EXTRA');
  db.exec(TABLES);
}

/** The witness of this file. Two that start at once on a new file agree on one key. */
function identify(db: DatabaseSync, name: string | undefined): Identity {
  db.exec('BEGIN IMMEDIATE');
  try {
    const found = db.prepare('SELECT name, private_key FROM identity').get();
    const identity = (found as Identity | undefined) ?? newIdentity(db, name);
    db.exec('COMMIT');
    if (name === undefined || name === identity.name) return identity;
    throw new WitnessError(
      `this witness is called ${identity.name}; its name belongs to its key and cannot change`,
    );
  } finally {
    if (db.isTransaction) db.exec('ROLLBACK');
  }
}

function newIdentity(db: DatabaseSync, name: string | undefined): Identity {
  if (name === undefined) {
    throw new WitnessError('--name: a new witness needs a name, such as witness.example.com/w1');
  }
  const { privateKey } = generateKeyPairSync('ed25519');
  const private_key = privateKey.export({ format: 'der', type: 'pkcs8' });
  db.prepare('INSERT INTO identity (one, name, private_key) VALUES (1, ?, ?)').run(
    name,
    private_key,
  );
  return { name, private_key };
}

function stateOn(db: DatabaseSync, identity: Identity): WitnessState {
  const select = db.prepare('SELECT size, root, checkpoint FROM logs WHERE origin = ?');
  const replace = db.prepare(
    'INSERT OR REPLACE INTO logs (origin, size, root, checkpoint) VALUES (?, ?, ?, ?)',
  );
  const newest = (origin: string) => (select.get(origin) as Cosigned | undefined) ?? null;
  return {
    identity,
    newest,
    advance: (origin, decide) => {
      db.exec('BEGIN IMMEDIATE');
      try {
        const [next, answer] = decide(newest(origin));
        replace.run(origin, next.size, next.root, next.checkpoint);
        db.exec('COMMIT');
        return answer;
      } finally {
        if (db.isTransaction) db.exec('ROLLBACK');
      }
    },
    close: () => db.close(),
  };
}
