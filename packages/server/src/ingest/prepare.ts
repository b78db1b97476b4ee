import { canonicalize, commitPart, SALT_SIZE, toHex, type PartName } from '@affidavit/ledger';
import { PART_FIELDS, type AuditEvent, type FieldName } from '@affidavit/schema';

import { drawRandom } from '../random-pool.ts';
import { nativeSha256 } from '../sequence/hash.ts';
import type { PreparedEvent } from '../sequence/submission.ts';
import type { NewPart } from '../store/port.ts';

export interface Identity {
  readonly event_id: string;
  readonly retriable: boolean;
  readonly fingerprint: Uint8Array | null;
}

/**
 * Splits a redacted event into its parts and commits to each (DESIGN §5). What the header says,
 * the envelope does not repeat.
 */
export function prepareEvent(event: AuditEvent, identity: Identity): PreparedEvent {
  const envelope: Record<string, unknown> = {};
  const parts: NewPart[] = [];
  const commitments: Record<string, string> = {};
  const commit = (part: PartName, value: unknown) => {
    const body = canonicalize(value);
    const salt = drawRandom(SALT_SIZE);
    parts.push({ part, salt, body });
    commitments[part] = toHex(commitPart(part, salt, Buffer.from(body), nativeSha256));
  };
  for (const name of Object.keys(event) as FieldName[]) {
    const value = event[name as keyof AuditEvent];
    if (value === undefined || name === 'event_id') continue;
    if (PART_FIELDS.has(name)) commit(name as PartName, value);
    else envelope[name] = value;
  }
  commit('envelope', envelope);
  return { ...identity, parts, commitments };
}
