import { toBase64, type Evidence } from '@affidavit/ledger';
import type { Kysely } from 'kysely';

import type { Tables } from '../store/tables.ts';
import { findEntry, proveReceipts } from './proofs.ts';

/**
 * All that is needed to check one entry offline, its contents included. A part that was erased or
 * swept is not in it: its commitment stays in the header. Throws `not_found`.
 */
export async function readEvidence(
  db: Kysely<Tables>,
  app: number,
  event_id: string,
): Promise<Evidence> {
  const { seq, header } = await findEntry(db, app, { event_id });
  const rows = await db
    .selectFrom('parts')
    .select(['part', 'salt', 'body'])
    .where('app', '=', app)
    .where('seq', '=', seq)
    .orderBy('part')
    .execute();
  const parts = rows.map(({ part: name, salt, body: canonical }) => {
    return { name, salt: toBase64(salt), canonical };
  });
  const { proofs, checkpoint } = await proveReceipts(db, app, [seq]);
  return { header, parts, proof: proofs[0] as string, checkpoint };
}
