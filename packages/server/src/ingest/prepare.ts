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
    const body = canonicalBody(value);
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

/**
 * The part as JCS text. What a client sends is well-formed when it comes here; what the server
 * itself saw is recorded even where a text was cut in the middle of a character.
 */
function canonicalBody(value: unknown): string {
  try {
    return canonicalize(value);
  } catch {
    return canonicalize(JSON.parse(withoutHalves(JSON.stringify(value))));
  }
}

/** JSON escapes half surrogate pairs, and no whole ones; they become U+FFFD. */
function withoutHalves(json: string): string {
  return json.replaceAll(/\\(?:u(d[89a-f][0-9a-f]{2})|.)/g, (escape, half?: string) =>
    half === undefined ? escape : '\ufffd',
  );
}
