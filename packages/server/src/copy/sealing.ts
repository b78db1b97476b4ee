import { createKeyring, keyIdOf } from '@affidavit/vault/sealing';
import { sql, type Kysely } from 'kysely';

import { findMasterKeys, masterKeyFile } from '../config/master-key.ts';
import { openSigningKey } from '../sequence/signing-keys.ts';
import type { SigningKey } from '../store/port.ts';
import type { Tables } from '../store/tables.ts';
import { CopyFailure } from './failure.ts';
import type { Place } from '../config/place.ts';
import { TABLES } from './state.ts';

/** Answers that are kept for a day; what is sealed goes where its key is rotated out. */
const PASSING: ReadonlySet<keyof Tables> = new Set(['idempotency', 'action_keys']);
/** A sealed text begins with `v1.<key id>.` (vault/src/sealing.ts). */
const SEALED = /^v1\.([0-9a-f]{8})/;
const SEALED_LENGTH = 11;

/**
 * Looks for the master keys of a ledger, and that they open what is sealed in it: a copy that
 * nobody can open is worth nothing. Resolves to the ids of those that a server on the copy must be
 * given, mostly one. Throws `CopyFailure`; `ConfigError` for a key that cannot be read.
 */
export async function checkMasterKeys(
  { folder }: Place,
  db: Kysely<Tables>,
  variable: string | undefined,
): Promise<string[]> {
  const keys = findMasterKeys(variable, folder);
  const needed = await sealingKeys(db);
  const given = keys.map(keyIdOf);
  const missing = needed.filter((id) => !given.includes(id));
  if (missing.length > 0) {
    const file = folder === null ? 'no data folder was named by --data' : masterKeyFile(folder);
    throw new CopyFailure(
      `the ledger is sealed under a master key that is not given (its id is ${missing.join(', ')})`,
      `Set AFFIDAVIT_MASTER_KEY to it. Looked at: AFFIDAVIT_MASTER_KEY, and ${file}.`,
    );
  }
  if (needed.length === 0) return needed;
  const keyring = createKeyring(keys);
  const signing = db.selectFrom('signing_keys').selectAll();
  // Of a key that signs no more, the private half may have been destroyed.
  for (const key of await signing.where('sealed_private_key', '<>', '').execute()) {
    assertOpens(key, () => openSigningKey(keyring, key));
  }
  return needed;
}

function assertOpens({ origin }: SigningKey, open: () => unknown): void {
  try {
    open();
  } catch (cause) {
    throw new CopyFailure(
      `the signing key of ${origin} does not open`,
      'The database was damaged or changed: look for a sound backup.',
      cause,
    );
  }
}

/** The ids of all master keys under which something is sealed, in columns that are called so. */
async function sealingKeys(db: Kysely<Tables>): Promise<string[]> {
  const ids = new Set<string>();
  for (const table of TABLES) {
    if (PASSING.has(table)) continue;
    for (const column of await sealedColumns(db, table)) {
      const value = sql<string | null>`substr(${sql.ref(column)}, 1, ${sql.lit(SEALED_LENGTH)})`;
      const { rows } = await sql<{ start: string | null }>`
        SELECT DISTINCT ${value} AS start FROM ${sql.table(table)}`.execute(db);
      for (const { start } of rows) ids.add(SEALED.exec(start ?? '')?.[1] ?? '');
    }
  }
  ids.delete('');
  return [...ids].sort();
}

async function sealedColumns(db: Kysely<Tables>, table: keyof Tables): Promise<string[]> {
  if (table === 'installation') return ['value'];
  const { rows } = await sql<object>`SELECT * FROM ${sql.table(table)} LIMIT 1`.execute(db);
  return Object.keys(rows[0] ?? {}).filter((name) => name.startsWith('sealed_'));
}
