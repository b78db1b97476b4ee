import { StoreFailure, type FailureReason } from '../port.ts';

/** SQLite primary result codes (https://sqlite.org/rescode.html) as reasons an operator can act on. */
const REASONS: Readonly<Record<number, readonly [FailureReason, string]>> = {
  5: ['locked', 'the database file is locked by another process'],
  6: ['locked', 'the database file is locked by another process'],
  8: ['read_only', 'the database file or its folder cannot be written'],
  10: ['io_error', 'the disk refused to write or to sync'],
  11: ['damaged', 'the database file is damaged'],
  13: ['disk_full', 'the disk is full'],
  14: ['io_error', 'the database file cannot be opened'],
  26: ['damaged', 'the file is not a database'],
};

/** The primary result code of an error thrown by `node:sqlite`, or undefined. */
export function sqliteCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}

export const SQLITE_BUSY = 5;
export const SQLITE_CONSTRAINT = 19;

/** Turns what SQLite threw into a `StoreFailure`. */
export function toStoreFailure(error: unknown, committed: 'no' | 'unknown'): StoreFailure {
  if (error instanceof StoreFailure) return error;
  const [reason, message] =
    REASONS[sqliteCode(error) ?? 0] ?? (['io_error', 'the database failed'] as const);
  return new StoreFailure(reason, message, { committed, cause: error });
}
