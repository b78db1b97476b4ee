import { SALT_SIZE } from '@affidavit/ledger';
import { PART_FIELDS, type AuditEvent } from '@affidavit/schema';

import { drawRandom } from '../random-pool.ts';
import { commitText } from '../sequence/hash.ts';
import type { PreparedEvent } from '../sequence/submission.ts';
import type { NewPart } from '../store/port.ts';
import { canonicalText, envelopeText } from './envelope.ts';

export interface Identity {
  readonly event_id: string;
  readonly retriable: boolean;
  readonly fingerprint: Uint8Array | null;
}

const PARTS = [...PART_FIELDS] as readonly (keyof AuditEvent)[];

/**
 * Splits a redacted event into its parts and commits to each (DESIGN §5). What the header says,
 * the envelope does not repeat.
 */
export function prepareEvent(event: AuditEvent, identity: Identity): PreparedEvent {
  const parts: NewPart[] = [];
  const commitments: Record<string, string> = {};
  const commit = (part: string, body: string) => {
    const salt = drawRandom(SALT_SIZE);
    parts.push({ part, salt, body });
    commitments[part] = commitText(part, salt, body);
  };
  for (const part of PARTS) {
    if (event[part] !== undefined) commit(part, canonicalText(event[part]));
  }
  commit('envelope', envelopeText(event));
  return { ...identity, parts, commitments };
}
