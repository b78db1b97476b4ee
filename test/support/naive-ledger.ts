import assert from 'node:assert/strict';
import { createHash, createHmac, createPublicKey, verify } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';

import { verifyCheckpoint } from '@affidavit/ledger';

import type { Entry } from './trail.ts';
import type { Affidavit } from './server.ts';

/**
 * A second, naive reading of the ledger's formats, written from the standards with node:crypto
 * alone: RFC 6962 section 2.1 and C2SP signed-note and tlog-checkpoint.
 */

const sha256 = (...chunks: Uint8Array[]) => {
  const digest = createHash('sha256');
  for (const chunk of chunks) digest.update(chunk);
  return digest.digest();
};

/** Merkle tree hash over leaf hashes, by the recursive definition. */
export function naiveRoot(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leaves[0] as Buffer;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  const left = naiveRoot(leaves.slice(0, split));
  return sha256(Buffer.of(1), left, naiveRoot(leaves.slice(split)));
}

export interface PlainCheckpoint {
  readonly origin: string;
  readonly size: number;
  /** Base64. */
  readonly root: string;
}

/** Takes a signed note apart by hand and checks the Ed25519 signature of this key. */
export function openNoteByHand(note: string, vkey: string): PlainCheckpoint {
  const split = note.lastIndexOf('\n\n');
  const text = note.slice(0, split + 1);
  const [, name = '', id = '', encodedKey = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(vkey) ?? [];
  const key = Buffer.from(encodedKey, 'base64');
  assert.equal(key[0], 1, 'the key is Ed25519');
  const expectedId = sha256(Buffer.from(`${name}\n`), key).subarray(0, 4);
  assert.equal(id, expectedId.toString('hex'));
  const lines = note
    .slice(split + 2)
    .trimEnd()
    .split('\n');
  const own = lines.filter((one) => one.startsWith(`\u2014 ${name} `));
  const blobs = own.map((line) => Buffer.from(line.split(' ')[2] ?? '', 'base64'));
  // Of several signatures under the name of the log, one for each key, that of this key.
  const blob = blobs.find((one) => one.subarray(0, 4).equals(expectedId));
  assert.ok(blob, 'there is a signature of this key');
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key.subarray(1)]);
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
  assert.ok(verify(null, Buffer.from(text), publicKey, blob.subarray(4)), 'the signature holds');
  const [origin = '', size = '', root = ''] = text.split('\n');
  return { origin, size: Number(size), root };
}

interface Ledger {
  readonly origin: string;
  readonly vkey: string;
  readonly size: number;
  readonly checkpoint: string;
}

/**
 * That these entries are all there are, in their places, chained, and what the newest checkpoint
 * signs, by both implementations. Nobody may write meanwhile.
 */
export async function assertUnderCheckpoint(server: Affidavit, entries: readonly Entry[]) {
  const { body: ledger } = await server.request<Ledger>('GET', '/v1/ledger');
  const byHand = openNoteByHand(ledger.checkpoint, ledger.vkey);
  const byLedger = await verifyCheckpoint(ledger.checkpoint, { verifiers: [ledger.vkey] });
  assert.equal(byHand.origin, ledger.origin);
  assert.equal(byHand.size, entries.length);
  assert.equal(byLedger.size, entries.length);
  assertChained(entries);
  const root = naiveRoot(entries.map((entry) => Buffer.from(entry.leaf_hash, 'hex')));
  assert.equal(byHand.root, root.toString('base64'));
  assert.deepEqual(Buffer.from(byLedger.root), root);
}

/** Gapless from 0, each with the hash of the one before, times never going back. */
export function assertChained(entries: readonly Entry[]): void {
  let prev = '0'.repeat(64);
  let time = '';
  for (const [index, entry] of entries.entries()) {
    assert.equal(entry.seq, index);
    assert.equal(entry.prev_hash, prev);
    assert.ok(entry.created_at >= time, 'created_at does not go back');
    prev = entry.leaf_hash;
    time = entry.created_at;
  }
}

interface StoredEntry {
  readonly seq: number;
  readonly event_id: string;
  readonly created_at: number;
  readonly header: string;
  readonly leaf_hash: Uint8Array;
}

/** In the file itself: headers hash to leaves, and every part opens its commitment. */
export function assertStoredSoundly(path: string): number {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const parts = db.prepare('SELECT part, salt, body FROM parts WHERE app = ? AND seq = ?');
    const rows = db.prepare('SELECT * FROM entries WHERE app = 1 ORDER BY seq').all();
    for (const row of rows as unknown as StoredEntry[]) {
      const { header } = row;
      assert.deepEqual(sha256(Buffer.of(0), Buffer.from(header)), Buffer.from(row.leaf_hash));
      const said = JSON.parse(header) as { parts: Record<string, string> } & StoredEntry;
      assert.equal(said.seq, row.seq);
      assert.equal(said.event_id, row.event_id);
      assert.equal(said.created_at, new Date(row.created_at).toISOString());
      const opened = parts.all(1, row.seq).map((one) => {
        const { part, salt, body } = one as { part: string; salt: Uint8Array; body: string };
        return [part, createHmac('sha256', salt).update(`${part}\0${body}`).digest('hex')];
      });
      assert.deepEqual(said.parts, Object.fromEntries(opened));
    }
    return rows.length;
  } finally {
    db.close();
  }
}
