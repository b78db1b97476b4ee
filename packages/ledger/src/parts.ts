import { utf8 } from './bytes.ts';
import { LedgerError } from './error.ts';
import { hmacSha256, sha256 } from './sha256.ts';
import type { Sha256 } from './sha256.ts';

/** The parts a record is split into; `envelope` is always there, the others where they apply. */
export const PART_NAMES = ['envelope', 'request_body', 'response_body', 'args', 'result'] as const;

export type PartName = (typeof PART_NAMES)[number];

/** Bytes of the random salt that each part has for itself. */
export const SALT_SIZE = 32;

const PART_PREFIXES: ReadonlyMap<string, Uint8Array> = new Map(
  PART_NAMES.map((name) => [name, utf8(`${name}\0`)]),
);

export function isPartName(name: string): name is PartName {
  return PART_PREFIXES.has(name);
}

/**
 * The commitment to one part: HMAC-SHA256(salt, part name ‖ 0x00 ‖ JCS bytes of the part), 32
 * bytes. It binds the part to its name and, once the salt is erased, tells nothing about it.
 */
export function commitPart(
  name: PartName,
  salt: Uint8Array,
  canonicalBytes: Uint8Array,
  hash: Sha256 = sha256,
): Uint8Array {
  const prefix = PART_PREFIXES.get(name);
  if (prefix === undefined) throw new LedgerError('invalid_argument', 'There is no such part.');
  if (salt.length !== SALT_SIZE) throw new LedgerError('invalid_argument', 'A salt is 32 bytes.');
  return hmacSha256(salt, [prefix, canonicalBytes], hash);
}
