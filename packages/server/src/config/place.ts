import { basename, dirname, join } from 'node:path';

import { ConfigError } from './config.ts';
import type { Database } from '../store/open.ts';

const FILE_NAME = 'affidavit.db';

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
    const own = basename(path) === FILE_NAME ? dirname(path) : path;
    return { database: { kind: 'sqlite', path: join(own, FILE_NAME) }, folder: own };
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
