import { equalBytes, fromBase64, fromHex, utf8 } from './bytes.ts';
import { canonicalize } from './canonical.ts';
import { LedgerError } from './error.ts';
import type { EntryHeader } from './header.ts';
import { commitPart, isPartName, PART_NAMES, SALT_SIZE } from './parts.ts';
import type { PartName } from './parts.ts';
import { sha256 } from './sha256.ts';
import type { Sha256 } from './sha256.ts';

/** One part laid open: its salt, and its content as canonical text or as a JSON value. */
export interface EvidencePart {
  readonly name: string;
  /** 32 bytes, base64. */
  readonly salt: string;
  /** The exact text that was committed to. */
  readonly canonical?: string;
  /** Instead of `canonical`: the value, made canonical by the verifier. */
  readonly value?: unknown;
}

/** All that is needed to check one entry offline. A part that was erased is not in `parts`. */
export interface Evidence {
  /** Header text, exactly as logged. */
  readonly header: string;
  readonly parts: readonly EvidencePart[];
  /** Inclusion proof (C2SP tlog-proof), which carries the signed checkpoint. */
  readonly proof: string;
  /** The signed checkpoint once more, for readers that do not parse the proof. */
  readonly checkpoint?: string;
}

/** What the evidence proves about the contents of the entry. */
export interface ProvedParts {
  /** Contents, by part; each is what was committed to. */
  readonly parts: Readonly<Partial<Record<PartName, unknown>>>;
  /** Parts that the entry has and the evidence does not show: erased or withheld. */
  readonly missing: readonly string[];
}

/** Reads evidence out of JSON. All of it is the attacker's. */
export function parseEvidence(value: unknown): Evidence {
  const evidence = (typeof value === 'object' ? value : null) as Partial<Evidence> | null;
  if (
    evidence === null ||
    typeof evidence.header !== 'string' ||
    typeof evidence.proof !== 'string' ||
    !['string', 'undefined'].includes(typeof evidence.checkpoint) ||
    !Array.isArray(evidence.parts) ||
    !evidence.parts.every(isEvidencePart)
  ) {
    throw malformed('it lacks a member');
  }
  return evidence as Evidence;
}

function isEvidencePart(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { name, salt, canonical } = value as Partial<EvidencePart>;
  const shown = typeof canonical === 'string' || 'value' in value;
  return typeof name === 'string' && typeof salt === 'string' && shown;
}

/** Holds the parts against the commitments of a header whose inclusion has been verified. */
export function proveParts(
  header: EntryHeader,
  parts: readonly EvidencePart[],
  hash: Sha256 = sha256,
): ProvedParts {
  if (parts.length > PART_NAMES.length) throw malformed('it has too many parts');
  const proved: Partial<Record<PartName, unknown>> = {};
  for (const part of parts) {
    if (Object.hasOwn(proved, part.name)) throw malformed('it has a part twice');
    const text = canonicalText(part);
    proved[checkPart(header, part.name, part.salt, text, hash)] = JSON.parse(text);
  }
  const missing = Object.keys(header.parts).filter((name) => !Object.hasOwn(proved, name));
  return { parts: proved, missing };
}

/**
 * Holds one part, as canonical text, against its commitment. The salt is base64. Returns the name;
 * throws `proof_failed` where the part is another one.
 */
export function checkPart(
  header: EntryHeader,
  name: string,
  salt: string,
  text: string,
  hash: Sha256 = sha256,
): PartName {
  const commitment = Object.hasOwn(header.parts, name) ? header.parts[name] : undefined;
  if (!isPartName(name) || commitment === undefined) throw malformed('it has a part too many');
  const bytes = fromBase64(salt);
  if (bytes.length !== SALT_SIZE) throw malformed('a salt is not 32 bytes');
  if (!equalBytes(commitPart(name, bytes, utf8(text), hash), fromHex(commitment))) {
    throw new LedgerError('proof_failed', `The part ${name} is not the one committed to.`);
  }
  return name;
}

/** The canonical text. A text that is given must be canonical, so that it reads in one way only. */
function canonicalText({ canonical, value }: EvidencePart): string {
  if (canonical === undefined) return canonicalize(value);
  let again: string;
  try {
    again = canonicalize(JSON.parse(canonical));
  } catch (cause) {
    throw new LedgerError('malformed', 'Not evidence: a part is not canonical JSON.', { cause });
  }
  if (again !== canonical) throw malformed('a part is not canonical JSON');
  return canonical;
}

const malformed = (reason: string): LedgerError =>
  new LedgerError('malformed', `Not evidence: ${reason}.`);
