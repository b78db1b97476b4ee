import { basename, dirname, join } from 'node:path';

import { ConfigError, type Config } from './config.ts';
import type { Database } from '../store/open.ts';

/** What a data folder holds, beside the key file. */
const DATABASE_FILE = 'affidavit.db';
export const GUARD_FILE = 'last-checkpoints.json';

/** Where the ledger of a server is kept. */
export function databaseOf({ database_url: url, data_folder }: Config): Database {
  return url === undefined
    ? { kind: 'sqlite', path: join(data_folder, DATABASE_FILE) }
    : { kind: 'postgres', url };
}

/** The file of last checkpoints of a server. */
export function guardPathOf({ guard_path, data_folder }: Config): string {
  return guard_path ?? join(data_folder, GUARD_FILE);
}

/** A ledger that is copied, or is to be: where it is, and the data folder of its server. */
export interface Place {
  readonly database: Database;
  /** Where its master key and its last checkpoints are kept, if that is known. */
  readonly folder: string | null;
}

/**
 * Reads `sqlite:FOLDER` or a URL of PostgreSQL. `folder` is the data folder of a server on
 * PostgreSQL. Throws `ConfigError`, which never repeats the text: it may hold a password.
 */
export function parsePlace(option: string, text: string, folder: string | null): Place {
  if (text.startsWith('sqlite:') && text.length > 'sqlite:'.length) {
    const path = text.slice('sqlite:'.length);
    const own = basename(path) === DATABASE_FILE ? dirname(path) : path;
    return { database: { kind: 'sqlite', path: join(own, DATABASE_FILE) }, folder: own };
  }
  if (/^postgres(ql)?:\/\//.test(text) && URL.canParse(text)) {
    return { database: { kind: 'postgres', url: text }, folder };
  }
  throw new ConfigError(
    `${option}: expected sqlite:FOLDER or postgres://user:password@host:port/database`,
  );
}

/** Whether two places are the same ledger. */
export function isSamePlace({ database: one }: Place, { database: other }: Place): boolean {
  if (one.kind === 'sqlite') return other.kind === 'sqlite' && one.path === other.path;
  return other.kind === 'postgres' && one.url === other.url;
}
