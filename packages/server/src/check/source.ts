import { sql, type Expression, type Kysely, type RawBuilder } from 'kysely';

import type { Database } from '../store/open.ts';
import { StoreFailure } from '../store/port.ts';
import { databaseCode } from '../store/postgres/failure.ts';
import { sqliteCode } from '../store/sqlite/failure.ts';
import type { Tables } from '../store/tables.ts';

/** One log as it is kept, for reading alone. */
export interface LogSource {
  readonly db: Kysely<Tables>;
  readonly kind: Database['kind'];
  readonly app: number;
}

/** The bytes of a text as they are stored: what is not UTF-8 is not mended on the way. */
export function bytesOfText(
  kind: Database['kind'],
  text: Expression<string>,
): RawBuilder<Uint8Array> {
  return kind === 'sqlite' ? sql`cast(${text} as blob)` : sql`convert_to(${text}, 'UTF8')`;
}

/** Bytes in lower-case hex, which costs half of what they cost as bytes. */
export function hexOf(kind: Database['kind'], bytes: Expression<Uint8Array>): RawBuilder<string> {
  return kind === 'sqlite' ? sql`lower(hex(${bytes}))` : sql`encode(${bytes}, 'hex')`;
}

/** SQLite's disk errors, damage, and files that are no database. */
const SQLITE_DAMAGE: ReadonlySet<number> = new Set([10, 11, 26]);
/** PostgreSQL's internal errors, disk errors, and texts that are none. */
const POSTGRES_DAMAGE = /^(XX|58|22021$)/;

/** Whether a read failed because of what is stored, and not because the database is away. */
export function isDamage(error: unknown): boolean {
  if (error instanceof StoreFailure) {
    const state = databaseCode(error.cause);
    return state === undefined ? error.reason === 'damaged' : POSTGRES_DAMAGE.test(state);
  }
  const code = sqliteCode(error);
  if (code !== undefined) return SQLITE_DAMAGE.has(code);
  // An integer that no writer of ours has written.
  return (error as { code?: unknown } | null)?.code === 'ERR_OUT_OF_RANGE';
}

/** The answer, or null where what is stored cannot be read. */
export async function readable<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (isDamage(error)) return null;
    throw error;
  }
}
