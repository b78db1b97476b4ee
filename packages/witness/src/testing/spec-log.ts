/**
 * A log and its side of the witness protocol, written from the specifications with node:crypto
 * alone: RFC 6962 section 2.1, C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-witness.
 */
import assert from 'node:assert/strict';
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';

const sha256 = (...chunks: Uint8Array[]) => {
  const digest = createHash('sha256');
  for (const chunk of chunks) digest.update(chunk);
  return digest.digest();
};

export interface LogKey {
  readonly name: string;
  readonly id: Buffer;
  readonly vkey: string;
  readonly privateKey: KeyObject;
}

const rawKey = (key: KeyObject) =>
  Buffer.from(key.export({ format: 'jwk' }).x as string, 'base64url');

export function newKey(name: string): LogKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const typed = Buffer.concat([Buffer.of(1), rawKey(publicKey)]);
  const id = sha256(Buffer.from(`${name}\n`), typed).subarray(0, 4);
  return {
    name,
    id,
    privateKey,
    vkey: `${name}+${id.toString('hex')}+${typed.toString('base64')}`,
  };
}

/** A note by hand. */
export function signedNote(text: string, keys: readonly LogKey[]): string {
  const lines = keys.map(({ name, id, privateKey }) => {
    const signature = sign(null, Buffer.from(text), privateKey);
    return `\u2014 ${name} ${Buffer.concat([id, signature]).toString('base64')}\n`;
  });
  return `${text}\n${lines.join('')}`;
}

/** k is the largest power of two smaller than n. */
function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

function treeHash(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return sha256(Buffer.of(0), leaves[0] as Buffer);
  const k = split(leaves.length);
  return sha256(Buffer.of(1), treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)));
}

/** SUBPROOF(m, D[n], b) of RFC 6962 section 2.1.2. */
function subproof(m: number, leaves: readonly Buffer[], b: boolean): Buffer[] {
  const n = leaves.length;
  if (m === n) return b ? [] : [treeHash(leaves)];
  const k = split(n);
  return m <= k
    ? [...subproof(m, leaves.slice(0, k), b), treeHash(leaves.slice(k))]
    : [...subproof(m - k, leaves.slice(k), false), treeHash(leaves.slice(0, k))];
}

export class SpecLog {
  readonly key: LogKey;
  readonly #entry: (index: number) => string;

  /** `entry` gives what stands at each place, so that logs can share a past and then differ. */
  constructor(key: LogKey, entry: (index: number) => string = (index) => `entry ${index}`) {
    this.key = key;
    this.#entry = entry;
  }

  #leaves(size: number): Buffer[] {
    return Array.from({ length: size }, (_, index) => Buffer.from(this.#entry(index)));
  }

  text(size: number): string {
    return `${this.key.name}\n${size}\n${treeHash(this.#leaves(size)).toString('base64')}\n`;
  }

  checkpoint(size: number, keys: readonly LogKey[] = [this.key]): string {
    return signedNote(this.text(size), keys);
  }

  proof(old: number, size: number): string[] {
    if (old === 0 || old === size) return [];
    return subproof(old, this.#leaves(size), true).map((hash) => hash.toString('base64'));
  }

  /** The body of add-checkpoint. */
  request(old: number, size: number, checkpoint = this.checkpoint(size)): string {
    const lines = [`old ${old}`, ...this.proof(old, size)];
    return `${lines.map((line) => `${line}\n`).join('')}\n${checkpoint}`;
  }
}

/** A log with the same key and the same past, but for what stands at `from` and after. */
export const forkOf = (log: SpecLog, from: number): SpecLog =>
  new SpecLog(log.key, (index) => `${index < from ? 'entry' : 'another'} ${index}`);

/** Checks the cosignature line of a witness by hand; returns its time, in seconds. */
export function checkCosignature(line: string, text: string, vkey: string): number {
  const [, name = '', id = '', encoded = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(vkey) ?? [];
  const typed = Buffer.from(encoded, 'base64');
  assert.equal(typed.length, 33);
  assert.equal(typed[0], 4, 'the key is one for cosignatures');
  const expectedId = sha256(Buffer.from(`${name}\n`), typed).subarray(0, 4);
  assert.equal(id, expectedId.toString('hex'));
  const [dash, signer, blob = '', ...rest] = line.replace(/\n$/, '').split(' ');
  assert.deepEqual([dash, signer, rest], ['\u2014', name, []]);
  assert.ok(line.endsWith('\n'));
  const bytes = Buffer.from(blob, 'base64');
  assert.equal(bytes.length, 4 + 8 + 64);
  assert.deepEqual(bytes.subarray(0, 4), expectedId);
  const time = bytes.readBigUInt64BE(4);
  const message = Buffer.from(`cosignature/v1\ntime ${time}\n${text}`);
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), typed.subarray(1)]);
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
  assert.ok(verify(null, message, publicKey, bytes.subarray(12)), 'the cosignature holds');
  return Number(time);
}
