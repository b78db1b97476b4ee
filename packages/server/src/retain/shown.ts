import type { Kysely } from 'kysely';

import type { StoredRecord } from '../query/records.ts';
import type { Tables } from '../store/tables.ts';
import { holdOn, readFilterHolds, readHeld } from './holds.ts';
import { readUntil } from './keeping.ts';

/**
 * Records with what is known of their keeping beside them: an entry never changes, so that an
 * extension, or a hold, is not in it. In the snapshot that the records were read in.
 */
export async function withKeeping(
  db: Kysely<Tables>,
  app: number,
  records: readonly StoredRecord[],
): Promise<StoredRecord[]> {
  const ids = records.map(({ envelope }) => String(envelope.event_id));
  const [holds, held] = [await readFilterHolds(db, app), await readHeld(db, app, ids)];
  const until = await readUntil(db, app, ids);
  return records.map((record, index) => {
    const id = ids[index] as string;
    const isHeld = held.has(id) || holdOn(holds, record) !== undefined;
    return withFacts(record, isHeld, until.get(id));
  });
}

function withFacts(record: StoredRecord, isHeld: boolean, until: number | undefined): StoredRecord {
  const said = record.envelope.retention_until;
  const isSaid = until === undefined || (said !== undefined && Date.parse(String(said)) === until);
  if (isSaid && !isHeld) return record;
  const { prev_hash, leaf_hash, ...whole } = JSON.parse(record.json) as Record<string, unknown>;
  const facts = {
    ...(isSaid ? {} : { retention_until: new Date(until).toISOString() }),
    ...(isHeld ? { legal_hold: true } : {}),
  };
  return { ...record, json: JSON.stringify({ ...whole, ...facts, prev_hash, leaf_hash }) };
}
