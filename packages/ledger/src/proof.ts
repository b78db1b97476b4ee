import { equalBytes, fromBase64, toBase64 } from './bytes.ts';
import { formatIndex, parseIndex } from './checkpoint.ts';
import { LedgerError } from './error.ts';
import { HASH_SIZE, requireHash, sha256 } from './sha256.ts';
import type { Sha256 } from './sha256.ts';
import { consistencySubtrees, pathSubtrees } from './subtrees.ts';
import type { Subtree } from './subtrees.ts';
import type { NodeReader } from './tiles.ts';
import { EMPTY_ROOT, nodeHash, rangeNodes } from './tree.ts';

/** The hash of a subtree, from the nodes it is made of. */
export async function subtreeHash(
  [begin, end]: Subtree,
  read: NodeReader,
  hash: Sha256,
): Promise<Uint8Array> {
  const hashes = await readRange(begin, end, read);
  let result = hashes.at(-1)!;
  for (let i = hashes.length - 2; i >= 0; i -= 1) result = nodeHash(hashes[i]!, result, hash);
  return result;
}

/** The hashes of the compact range [begin, end), left to right: what a range proof carries. */
export async function readRange(
  begin: number,
  end: number,
  read: NodeReader,
): Promise<Uint8Array[]> {
  return Promise.all(rangeNodes(begin, end).map(({ level, index }) => read(level, index)));
}

const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

/** That the leaf at `index` is in the tree of `size` leaves: hashes from its sibling upwards. */
export async function inclusionProof(
  index: number,
  size: number,
  read: NodeReader,
  hash: Sha256 = sha256,
): Promise<Uint8Array[]> {
  return (await inclusionProofs([index], size, read, hash))[0]!;
}

/** The same for many leaves: a subtree that is on several paths is read and hashed once. */
export async function inclusionProofs(
  indexes: readonly number[],
  size: number,
  read: NodeReader,
  hash: Sha256 = sha256,
): Promise<Uint8Array[][]> {
  if (!isSize(size) || !indexes.every((index) => isSize(index) && index < size)) {
    throw new LedgerError('invalid_argument', 'There is no such leaf in the tree.');
  }
  const paths = indexes.map((index) => pathSubtrees(index, [0, size]));
  const hashes = new Map<string, Uint8Array>();
  for (const subtree of paths.flat()) {
    const key = subtree.join();
    if (!hashes.has(key)) hashes.set(key, await subtreeHash(subtree, read, hash));
  }
  return paths.map((path) => path.map((subtree) => hashes.get(subtree.join())!));
}

/** That the tree of `newer` leaves begins with the tree of `older` leaves. */
export async function consistencyProof(
  older: number,
  newer: number,
  read: NodeReader,
  hash: Sha256 = sha256,
): Promise<Uint8Array[]> {
  if (!isSize(older) || !isSize(newer) || older > newer) {
    throw new LedgerError('invalid_argument', 'The older tree is not the smaller one.');
  }
  return Promise.all(
    consistencySubtrees(older, newer).map((tree) => subtreeHash(tree, read, hash)),
  );
}

export interface InclusionClaim {
  readonly index: number;
  readonly size: number;
  /** Leaf hash, 32 bytes. */
  readonly leaf: Uint8Array;
  readonly hashes: readonly Uint8Array[];
  /** From a verified checkpoint; all else is the attacker's. */
  readonly root: Uint8Array;
}

/** RFC 9162 section 2.1.3.2. Throws `proof_failed` unless the leaf is where it is claimed to be. */
export function checkInclusion(claim: InclusionClaim, hash: Sha256 = sha256): void {
  const { index, size, leaf, hashes, root } = claim;
  if (!isSize(index) || !isSize(size) || index >= size) throw failed('the index is out of range');
  let [fn, sn, result] = [index, size - 1, requireHash(leaf, 'The leaf hash')];
  for (const sibling of hashes) {
    requireHash(sibling, 'A hash of the proof');
    if (sn === 0) throw failed('the proof is too long');
    if (fn % 2 === 1 || fn === sn) {
      result = nodeHash(sibling, result, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, half(sn)];
    } else {
      result = nodeHash(result, sibling, hash);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  if (sn !== 0) throw failed('the proof is too short');
  if (!equalBytes(result, root)) throw failed('the entry is not in the tree that was signed');
}

export interface ConsistencyClaim {
  readonly older: { readonly size: number; readonly root: Uint8Array };
  readonly newer: { readonly size: number; readonly root: Uint8Array };
  readonly hashes: readonly Uint8Array[];
}

/** RFC 9162 section 2.1.4.2. Throws `proof_failed` unless the newer tree extends the older one. */
export function checkConsistency(claim: ConsistencyClaim, hash: Sha256 = sha256): void {
  const { older, newer, hashes } = claim;
  if (!isSize(older.size) || !isSize(newer.size) || older.size > newer.size) {
    throw failed('the older tree is not the smaller one');
  }
  if (older.size === 0 || older.size === newer.size) return checkTrivialConsistency(claim);
  if (hashes.length === 0) throw failed('the proof is too short');
  let [fn, sn] = [older.size - 1, newer.size - 1];
  while (fn % 2 === 1) [fn, sn] = [half(fn), half(sn)];
  // A whole older tree is a node of the newer one and is left out of the proof.
  const rest = fn === 0 ? hashes : hashes.slice(1);
  let oldRoot = fn === 0 ? older.root : requireHash(hashes[0]!, 'A hash of the proof');
  let newRoot = oldRoot;
  for (const node of rest) {
    requireHash(node, 'A hash of the proof');
    if (sn === 0) throw failed('the proof is too long');
    if (fn % 2 === 1 || fn === sn) {
      oldRoot = nodeHash(node, oldRoot, hash);
      newRoot = nodeHash(node, newRoot, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, half(sn)];
    } else {
      newRoot = nodeHash(newRoot, node, hash);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  if (sn !== 0) throw failed('the proof is too short');
  if (!equalBytes(oldRoot, older.root)) throw failed('the older root is another');
  if (!equalBytes(newRoot, newer.root)) throw failed('the newer root is another');
}

/** Anything extends the empty tree; a tree extends itself. Neither takes a hash to prove. */
function checkTrivialConsistency({ older, newer, hashes }: ConsistencyClaim): void {
  if (hashes.length > 0) throw failed('the proof is too long');
  const expected = older.size === 0 ? EMPTY_ROOT : newer.root;
  if (!equalBytes(older.root, expected)) throw failed('the older root is another');
  if (newer.size === 0 && !equalBytes(newer.root, EMPTY_ROOT)) {
    throw failed('the newer root is another');
  }
}

const half = (value: number): number => Math.floor(value / 2);

const failed = (reason: string): LedgerError =>
  new LedgerError('proof_failed', `The proof does not hold: ${reason}.`);

/** An inclusion proof that can be kept and checked offline (C2SP tlog-proof). */
export interface TlogProof {
  readonly index: number;
  readonly hashes: readonly Uint8Array[];
  /** The signed checkpoint, verbatim. */
  readonly checkpoint: string;
  /** Opaque; not covered by the proof. */
  readonly extra?: Uint8Array;
}

const TLOG_PROOF_VERSION = 'c2sp.org/tlog-proof@v1';
/** A tree of 2^53 leaves has no longer path. */
const MAX_PATH_LENGTH = 64;

export function formatTlogProof({ index, hashes, checkpoint, extra }: TlogProof): string {
  const lines = [
    TLOG_PROOF_VERSION,
    ...(extra === undefined ? [] : [`extra ${toBase64(extra)}`]),
    `index ${formatIndex(index)}`,
    ...hashes.map(toBase64),
  ];
  return `${lines.join('\n')}\n\n${checkpoint}`;
}

/** All of it is the attacker's; the checkpoint is not looked at here. */
export function parseTlogProof(text: string): TlogProof {
  const split = text.indexOf('\n\n');
  if (split < 0) throw malformed('it has no blank line');
  const [version, ...lines] = text.slice(0, split).split('\n', MAX_PATH_LENGTH + 4);
  if (version !== TLOG_PROOF_VERSION) throw malformed('its first line is another');
  const extra = lines[0]?.startsWith('extra ') ? fromBase64(lines.shift()!.slice(6)) : undefined;
  const indexLine = lines.shift();
  if (indexLine === undefined || !indexLine.startsWith('index ')) {
    throw malformed('it has no index');
  }
  if (lines.length > MAX_PATH_LENGTH) throw malformed('it has too many hashes');
  const proof = {
    index: parseIndex(indexLine.slice(6)),
    hashes: lines.map(parseHash),
    checkpoint: text.slice(split + 2),
  };
  return extra === undefined ? proof : { ...proof, extra };
}

/** A hash in base64. */
export function parseHash(text: string): Uint8Array {
  const hash = fromBase64(text);
  if (hash.length !== HASH_SIZE) throw malformed('a hash is not 32 bytes');
  return hash;
}

const malformed = (reason: string): LedgerError =>
  new LedgerError('malformed', `Not a proof: ${reason}.`);
