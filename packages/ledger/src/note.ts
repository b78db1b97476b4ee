import {
  concat,
  equalBytes,
  fromBase64,
  toBase64,
  toHex,
  u64FromBytes,
  u64ToBytes,
  utf8,
} from './bytes.ts';
import { LedgerError } from './error.ts';
import { sha256 } from './sha256.ts';
import type { Sha256 } from './sha256.ts';

/** Signature types of C2SP signed-note that the ledger knows; both are Ed25519. */
export const SIGNATURE_TYPES = { ed25519: 0x01, cosignature: 0x04 } as const;

export type SignatureType = (typeof SIGNATURE_TYPES)[keyof typeof SIGNATURE_TYPES];

/** A public key that signs notes under a name. Made by `verifierKey` or `parseVerifierKey`. */
export interface VerifierKey {
  readonly name: string;
  readonly type: SignatureType;
  /** 32 bytes (RFC 8032). */
  readonly publicKey: Uint8Array;
  /** 4 bytes. */
  readonly id: Uint8Array;
}

/** Signs with the Ed25519 key that belongs to `publicKey`; the key itself stays outside. */
export interface NoteSigner {
  readonly name: string;
  readonly publicKey: Uint8Array;
  /** Ed25519 signature (64 bytes) of the message. */
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** One signature line; nothing about it is verified. */
export interface NoteSignature {
  readonly name: string;
  readonly id: Uint8Array;
  readonly signature: Uint8Array;
}

export interface ParsedNote {
  /** With its final newline, without the blank line. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** A signature that a known key made over the text. */
export interface VerifiedSignature {
  readonly key: VerifierKey;
  /** Of a cosignature: seconds since 1970, as the cosigner claims. */
  readonly time?: number;
}

export interface OpenedNote {
  readonly text: string;
  /** At least one; one for each key. */
  readonly signatures: readonly VerifiedSignature[];
}

/** Checks one Ed25519 signature (RFC 8032). */
export type VerifySignature = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => boolean | Promise<boolean>;

/** The specification asks for 16 at least. */
export const MAX_SIGNATURES = 100;
export const MAX_NOTE_LENGTH = 1_000_000;

const KEY_SIZE = 32;
const KEY_ID_SIZE = 4;
const SIGNATURE_SIZE = 64;
const NOT_IN_NAME = /[\p{White_Space}\p{Cc}+]/u;
// eslint-disable-next-line no-control-regex -- control characters are what must be refused
const CONTROL_CHARACTER = /[\u0000-\u0009\u000b-\u001f]/;

/** First 4 bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key). */
export function keyId(
  name: string,
  type: SignatureType,
  publicKey: Uint8Array,
  hash: Sha256 = sha256,
): Uint8Array {
  return hash(utf8(`${name}\n`), Uint8Array.of(type), publicKey).slice(0, KEY_ID_SIZE);
}

export function verifierKey(
  name: string,
  publicKey: Uint8Array,
  type: SignatureType = SIGNATURE_TYPES.ed25519,
  hash: Sha256 = sha256,
): VerifierKey {
  if (name === '' || NOT_IN_NAME.test(name) || !name.isWellFormed()) {
    throw malformed('a key name is not empty and has no space and no plus');
  }
  if (publicKey.length !== KEY_SIZE) throw malformed('a public key is 32 bytes');
  return { name, type, publicKey, id: keyId(name, type, publicKey, hash) };
}

/** `name+hex(key id)+base64(type ‖ public key)`: all that an auditor needs to be given. */
export function formatVerifierKey(
  name: string,
  publicKey: Uint8Array,
  type: SignatureType = SIGNATURE_TYPES.ed25519,
  hash: Sha256 = sha256,
): string {
  const key = verifierKey(name, publicKey, type, hash);
  return `${name}+${toHex(key.id)}+${toBase64(concat(Uint8Array.of(type), publicKey))}`;
}

/** The text comes from the reader's own configuration; slips in copying are found by the id. */
export function parseVerifierKey(text: string, hash: Sha256 = sha256): VerifierKey {
  const [name = '', id = '', ...rest] = text.split('+');
  const bytes = fromBase64(rest.join('+'));
  const type = knownType(bytes[0]);
  const key = verifierKey(name, bytes.slice(1), type, hash);
  if (id !== toHex(key.id)) throw malformed('the key id does not belong to the key');
  return key;
}

function knownType(type: number | undefined): SignatureType {
  for (const known of Object.values(SIGNATURE_TYPES)) if (type === known) return known;
  throw malformed('the signature type is not supported');
}

function requireText(text: string): void {
  if (text.length > MAX_NOTE_LENGTH) throw malformed('it is too long');
  if (!text.isWellFormed() || CONTROL_CHARACTER.test(text)) {
    throw malformed('it holds a character that no note may hold');
  }
  if (!text.endsWith('\n')) throw malformed('it does not end with a newline');
}

/** The signed note: the text, a blank line, one signature line for each signer. */
export function signNote(
  text: string,
  signers: NoteSigner | readonly NoteSigner[],
  hash: Sha256 = sha256,
): string {
  requireText(text);
  const list = Array.isArray(signers)
    ? (signers as readonly NoteSigner[])
    : [signers as NoteSigner];
  if (list.length === 0) throw new LedgerError('invalid_argument', 'A note needs a signer.');
  const message = utf8(text);
  const lines = list.map((signer) => {
    const key = verifierKey(signer.name, signer.publicKey, SIGNATURE_TYPES.ed25519, hash);
    return signatureLine(key, signWith(signer, message));
  });
  return `${text}\n${lines.join('')}`;
}

/**
 * A witness's statement (C2SP tlog-cosignature, type 0x04) that it saw this checkpoint at `time`
 * (seconds since 1970) and found it consistent with all it saw before. Returns a signature line
 * to put behind the note.
 */
export function cosign(
  text: string,
  signer: NoteSigner,
  time: number,
  hash: Sha256 = sha256,
): string {
  requireText(text);
  const key = verifierKey(signer.name, signer.publicKey, SIGNATURE_TYPES.cosignature, hash);
  const signature = signWith(signer, cosignedMessage(text, time));
  return signatureLine(key, concat(u64ToBytes(time), signature));
}

function signWith(signer: NoteSigner, message: Uint8Array): Uint8Array {
  const signature = signer.sign(message);
  if (signature.length === SIGNATURE_SIZE) return signature;
  throw new LedgerError('invalid_argument', 'An Ed25519 signature is 64 bytes.');
}

const cosignedMessage = (text: string, time: number): Uint8Array =>
  utf8(`cosignature/v1\ntime ${time}\n${text}`);

const signatureLine = (key: VerifierKey, signature: Uint8Array): string =>
  `\u2014 ${key.name} ${toBase64(concat(key.id, signature))}\n`;

/** Adds signature lines, such as a witness's answer, to a signed note. */
export function addSignatures(note: string, lines: string): string {
  const extended = note + lines;
  if (parseNote(note).text !== parseNote(extended).text)
    throw malformed('those are not signatures');
  return extended;
}

/**
 * Splits a note without verifying it. All of it is the attacker's. The signatures stand behind
 * the last blank line, since the text may have blank lines of its own.
 */
export function parseNote(note: string): ParsedNote {
  requireText(note);
  const split = note.lastIndexOf('\n\n');
  if (split < 0) throw malformed('it has no blank line');
  const lines = note.slice(split + 2, -1).split('\n', MAX_SIGNATURES + 1);
  if (lines.length > MAX_SIGNATURES) throw malformed('it has too many signatures');
  return { text: note.slice(0, split + 1), signatures: lines.map(parseSignatureLine) };
}

function parseSignatureLine(line: string): NoteSignature {
  const [dash, name, encoded, ...rest] = line.split(' ');
  if (dash !== '\u2014' || name === undefined || encoded === undefined || rest.length > 0) {
    throw malformed('it has a line that is not a signature');
  }
  if (name === '' || NOT_IN_NAME.test(name)) throw malformed('it has an impossible key name');
  const bytes = fromBase64(encoded);
  if (bytes.length <= KEY_ID_SIZE) throw malformed('it has an empty signature');
  return { name, id: bytes.slice(0, KEY_ID_SIZE), signature: bytes.slice(KEY_ID_SIZE) };
}

/**
 * The text of a note that at least one of the given keys has signed. Signatures by other keys
 * are ignored; a wrong signature in the name of a given key refuses the whole note.
 */
export async function openNote(
  note: string,
  verifiers: readonly VerifierKey[],
  verify: VerifySignature = verifyEd25519,
): Promise<OpenedNote> {
  const { text, signatures } = parseNote(note);
  const verified: VerifiedSignature[] = [];
  for (const signature of signatures) {
    const key = findKey(verifiers, signature);
    if (key === undefined) continue;
    const found = await verifySignature(text, key, signature, verify);
    if (!verified.some((earlier) => earlier.key === key)) verified.push(found);
  }
  if (verified.length === 0) {
    throw new LedgerError('unsigned', 'None of the given keys has signed this note.');
  }
  return { text, signatures: verified };
}

/** A key is known by name and id together. */
function findKey(
  verifiers: readonly VerifierKey[],
  signature: NoteSignature,
): VerifierKey | undefined {
  return verifiers.find((key) => key.name === signature.name && equalBytes(key.id, signature.id));
}

async function verifySignature(
  text: string,
  key: VerifierKey,
  { signature }: NoteSignature,
  verify: VerifySignature,
): Promise<VerifiedSignature> {
  const timed = key.type === SIGNATURE_TYPES.cosignature;
  const bad = new LedgerError('bad_signature', `The signature of ${key.name} is wrong.`);
  if (signature.length !== SIGNATURE_SIZE + (timed ? 8 : 0)) throw bad;
  const time = timed ? u64FromBytes(signature) : undefined;
  const message = time === undefined ? utf8(text) : cosignedMessage(text, time);
  if (!(await verify(key.publicKey, message, signature.slice(-SIGNATURE_SIZE)))) throw bad;
  return time === undefined ? { key } : { key, time };
}

/** Ed25519 by Web Crypto. */
export const verifyEd25519: VerifySignature = async (publicKey, message, signature) => {
  const { subtle } = globalThis.crypto;
  const key = await subtle.importKey('raw', new Uint8Array(publicKey), 'Ed25519', false, [
    'verify',
  ]);
  return subtle.verify('Ed25519', key, new Uint8Array(signature), new Uint8Array(message));
};

const malformed = (reason: string): LedgerError =>
  new LedgerError('malformed', `Not a signed note: ${reason}.`);
