import { randomFillSync } from 'node:crypto';

import { canonicalize, commitPart, SALT_SIZE, toHex, utf8, type PartName } from '@affidavit/ledger';
import { PART_FIELDS, type AuditEvent } from '@affidavit/schema';

import { nativeSha256 } from '../sequence/hash.ts';
import type { PreparedEvent } from '../sequence/submission.ts';
import type { NewPart } from '../store/port.ts';

/** Salts are drawn in bulk: one call to the system for many of them. */
const POOL_BYTES = SALT_SIZE * 512;
let pool = new Uint8Array(0);
let drawn = 0;

function newSalt(): Uint8Array {
  if (drawn + SALT_SIZE > pool.length) {
    pool = randomFillSync(new Uint8Array(POOL_BYTES));
    drawn = 0;
  }
  const salt = pool.slice(drawn, drawn + SALT_SIZE);
  pool.fill(0, drawn, drawn + SALT_SIZE);
  drawn += SALT_SIZE;
  return salt;
}

const PARTS = [...PART_FIELDS] as const;

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
  const { event_id: _id, ...rest } = event as AuditEvent & Record<string, unknown>;
  const envelope: Record<string, unknown> = rest;
  const parts: NewPart[] = [];
  const commitments: Record<string, string> = {};
  const commit = (part: PartName, value: unknown) => {
    const body = canonicalize(value);
    const salt = newSalt();
    parts.push({ part, salt, body });
    commitments[part] = toHex(commitPart(part, salt, utf8(body), nativeSha256));
  };
  for (const field of PARTS) {
    if (envelope[field] === undefined) continue;
    commit(field as PartName, envelope[field]);
    delete envelope[field];
  }
  commit('envelope', withoutAbsent(envelope));
  return { ...identity, parts, commitments };
}

function withoutAbsent(envelope: Record<string, unknown>): Record<string, unknown> {
  for (const name of Object.keys(envelope)) {
    if (envelope[name] === undefined) delete envelope[name];
  }
  return envelope;
}
