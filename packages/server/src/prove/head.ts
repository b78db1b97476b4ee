import { parseCheckpoint, type Checkpoint } from '@affidavit/ledger';
import { AffidavitError } from '@affidavit/schema';
import type { Kysely } from 'kysely';

import type { SigningKeysTable, Tables } from '../store/tables.ts';

/** The newest signed head of a log. */
export interface LedgerHead {
  readonly size: number;
  /** The signed note. */
  readonly checkpoint: string;
  /** Epoch ms. */
  readonly last_created_at: number;
}

/** Throws `not_found` for a log without an entry: it has no checkpoint yet. */
export async function readHead(db: Kysely<Tables>, app: number): Promise<LedgerHead> {
  const head = await db
    .selectFrom('heads')
    .select(['size', 'checkpoint', 'last_created_at'])
    .where('app', '=', app)
    .executeTakeFirst();
  if (head) return head;
  throw new AffidavitError('not_found', 'the ledger is empty, so there is no checkpoint yet');
}

/** What a note says that this server signed. Throws `LedgerError` for anything else. */
export function checkpointOf(note: string): Checkpoint {
  return parseCheckpoint(note.slice(0, note.indexOf('\n\n') + 1));
}

export type LedgerKey = Pick<SigningKeysTable, 'origin' | 'verifier_key' | 'from_size' | 'to_size'>;

/** The keys that sign this log or have signed it, the oldest first. */
export function readKeys(db: Kysely<Tables>, app: number): Promise<LedgerKey[]> {
  return db
    .selectFrom('signing_keys')
    .select(['origin', 'verifier_key', 'from_size', 'to_size'])
    .where('app', '=', app)
    .orderBy('from_size')
    .execute();
}
