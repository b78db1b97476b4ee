import { SALT_SIZE } from '@affidavit/ledger';
import { PART_FIELDS, type AuditEvent } from '@affidavit/schema';

import { drawRandom } from '../random-pool.ts';
import { commitText } from '../sequence/hash.ts';
import type { PreparedEvent, PreparedPart } from '../sequence/submission.ts';
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
  const parts: PreparedPart[] = [];
  for (const part of PARTS) {
    if (event[part] !== undefined) parts.push(commit(part, canonicalText(event[part])));
  }
  parts.push(commit('envelope', envelopeText(event)));
  return { ...identity, parts };
}

function commit(part: string, body: string): PreparedPart {
  const salt = drawRandom(SALT_SIZE);
  return { part, salt, body, commitment: commitText(part, salt, body) };
}
