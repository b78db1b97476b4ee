import type { Kysely } from 'kysely';

import type { Findable } from '../indexing/terms.ts';
import type { Tables } from '../store/tables.ts';
import type { Order } from './cursor.ts';

/** One entry as read back: enough to check it against a filter and to write it out. */
export interface StoredRecord {
  readonly seq: number;
  /** Epoch ms. */
  readonly created_at: number;
  readonly envelope: Findable;
  /** The whole record as JSON text, in the order: identity, envelope, bodies, proof. */
  readonly json: string;
}

interface Rows {
  readonly seq: number;
  readonly event_id: string;
  readonly created_at: number;
  readonly header: string;
  readonly leaf_hash: Uint8Array;
  readonly parts: Map<string, string>;
}

/** Reads entries by their positions; those whose envelope was erased or swept are left out. */
export async function readRecords(
  db: Kysely<Tables>,
  app: number,
  seqs: readonly number[],
  order: Order,
): Promise<StoredRecord[]> {
  if (seqs.length === 0) return [];
  const rows = await db
    .selectFrom('entries')
    .innerJoin('parts', (join) =>
      join.onRef('parts.app', '=', 'entries.app').onRef('parts.seq', '=', 'entries.seq'),
    )
    .select([
      'entries.seq',
      'entries.event_id',
      'entries.created_at',
      'entries.header',
      'entries.leaf_hash',
      'parts.part',
      'parts.body',
    ])
    .where('entries.app', '=', app)
    .where('entries.seq', 'in', seqs)
    // Said of both: PostgreSQL does not conclude it, and reads whole partitions where it knows little.
    .where('parts.app', '=', app)
    .where('parts.seq', 'in', seqs)
    .orderBy('entries.seq', order)
    .execute();
  const entries = new Map<number, Rows>();
  for (const { part, body, ...row } of rows) {
    const entry = entries.get(row.seq) ?? { ...row, parts: new Map<string, string>() };
    entry.parts.set(part, body);
    entries.set(row.seq, entry);
  }
  return [...entries.values()].filter((entry) => entry.parts.has('envelope')).map(assemble);
}

/** The chain hash stands at a fixed place near the end of the header. */
export function prevOf(header: string): string {
  const at = header.lastIndexOf('"prev":"') + 8;
  return header.slice(at, at + 64);
}

function assemble({ seq, event_id, created_at, header, leaf_hash, parts }: Rows): StoredRecord {
  const envelope = parts.get('envelope') as string;
  const identity = `"event_id":${JSON.stringify(event_id)},"seq":${seq},"created_at":"${new Date(created_at).toISOString()}"`;
  const inner = envelope.slice(1, -1);
  let bodies = '';
  for (const [part, body] of parts) if (part !== 'envelope') bodies += `,"${part}":${body}`;
  const proof = `"prev_hash":"${prevOf(header)}","leaf_hash":"${Buffer.from(leaf_hash).toString('hex')}"`;
  return {
    seq,
    created_at,
    envelope: { ...(JSON.parse(envelope) as Findable), event_id },
    json: `{${identity},${inner}${bodies},${proof}}`,
  };
}
