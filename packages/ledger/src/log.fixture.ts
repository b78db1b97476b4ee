/** A small log in memory, with a fixed key, for the tests beside it. */
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { concat, toBase64, toHex, utf8 } from './bytes.ts';
import { canonicalize } from './canonical.ts';
import { formatCheckpoint } from './checkpoint.ts';
import { encodeHeader, leafHash, ZERO_HASH } from './header.ts';
import { formatVerifierKey, signNote } from './note.ts';
import type { NoteSigner } from './note.ts';
import { commitPart } from './parts.ts';
import { readRange } from './proof.ts';
import type { RangeProof } from './range.ts';
import type { Sha256 } from './sha256.ts';
import type { NodeReader } from './tiles.ts';
import { CompactRange } from './tree.ts';

export const ORIGIN = 'affidavit.example/app_1';

/** SHA-256 by the platform, as a server would pass it. */
export const platformSha256: Sha256 = (...chunks) => {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest();
};

/** The Ed25519 key of a seed: 32 bytes, or one byte 32 times. */
export function signerOf(name: string, seed: number | Uint8Array): NoteSigner {
  const pkcs8 = concat(
    Buffer.from('302e020100300506032b657004220420', 'hex'),
    typeof seed === 'number' ? new Uint8Array(32).fill(seed) : seed,
  );
  const key = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const publicKey = new Uint8Array(spki.subarray(-32));
  return { name, publicKey, sign: (message) => new Uint8Array(sign(null, message, key)) };
}

export const SIGNER = signerOf(ORIGIN, 1);
export const VERIFIER = formatVerifierKey(SIGNER.name, SIGNER.publicKey);

export interface TestLog {
  readonly headers: readonly string[];
  readonly leaves: readonly Uint8Array[];
  readonly read: NodeReader;
  readonly checkpoint: string;
  readonly rootAt: (size: number) => Uint8Array;
}

export const saltOf = (seq: number): Uint8Array => new Uint8Array(32).fill(seq % 256);
export const envelopeOf = (seq: number): object => ({ event_type: 'api.called', n: seq });

/** Two entries share each time: entry n is at minute floor(n / 2) of the day. */
export const timeOf = (seq: number): string =>
  new Date(Date.UTC(2026, 10, 21) + Math.floor(seq / 2) * 60_000).toISOString();

export function makeHeader(seq: number, prev: string, createdAt = timeOf(seq)): string {
  const bytes = utf8(canonicalize(envelopeOf(seq)));
  const parts = { envelope: toHex(commitPart('envelope', saltOf(seq), bytes)) };
  return encodeHeader({ created_at: createdAt, event_id: `evt_${seq}`, parts, prev, seq, v: 1 });
}

export function makeHeaders(size: number): string[] {
  const headers: string[] = [];
  let prev = ZERO_HASH;
  for (let seq = 0; seq < size; seq += 1) {
    const header = makeHeader(seq, prev);
    headers.push(header);
    prev = toHex(leafHash(header));
  }
  return headers;
}

/** A log of exactly these headers, whatever they say. */
export function logOf(headers: readonly string[], signer = SIGNER): TestLog {
  const nodes = new Map<string, Uint8Array>();
  const tree = new CompactRange();
  const leaves = headers.map((header) => leafHash(header));
  const roots = [tree.root()];
  for (const leaf of leaves) {
    tree.append(leaf, (level, index, hash) => nodes.set(`${level}/${index}`, hash));
    roots.push(tree.root());
  }
  const read: NodeReader = (level, index) => {
    const node = nodes.get(`${level}/${index}`);
    if (node === undefined) throw new Error(`no node ${level}/${index}`);
    return node;
  };
  const text = formatCheckpoint({ origin: signer.name, size: headers.length, root: tree.root() });
  const rootAt = (size: number): Uint8Array => roots[size]!;
  return { headers, leaves, read, checkpoint: signNote(text, signer), rootAt };
}

export const makeLog = (size: number): TestLog => logOf(makeHeaders(size));

/** The range proof for headers [first, end) of a log. */
export async function rangeProof(log: TestLog, first: number, end: number): Promise<RangeProof> {
  return {
    origin: ORIGIN,
    first_seq: first,
    last_seq: end - 1,
    headers: log.headers.slice(first, end),
    left: (await readRange(0, first, log.read)).map(toBase64),
    right: (await readRange(end, log.headers.length, log.read)).map(toBase64),
    checkpoint: log.checkpoint,
  };
}
