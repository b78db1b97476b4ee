import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { describe, it } from 'node:test';

import {
  CompactRange,
  formatCheckpoint,
  formatVerifierKey,
  signNote,
  toHex,
  ZERO_HASH,
} from '@affidavit/ledger';

import { checkLedger } from './check-ledger.ts';
import type { Link } from './check-ledger.ts';

const ORIGIN = 'affidavit.test/app_default';
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const rawKey = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');

function ledgerOf(size: number, origin = ORIGIN) {
  const tree = new CompactRange();
  const links: Link[] = [];
  for (let seq = 0; seq < size; seq += 1) {
    const leaf = randomBytes(32);
    links.push({ seq, prev_hash: links.at(-1)?.leaf_hash ?? ZERO_HASH, leaf_hash: toHex(leaf) });
    tree.append(leaf);
  }
  const text = formatCheckpoint({ origin, size, root: tree.root() });
  const signer = {
    name: origin,
    publicKey: rawKey,
    sign: (message: Uint8Array) => new Uint8Array(sign(null, message, privateKey)),
  };
  const vkey = formatVerifierKey(origin, rawKey);
  return { ledger: { origin, vkey, size, checkpoint: signNote(text, signer) }, links };
}

async function* each(links: readonly Link[]): AsyncGenerator<Link> {
  yield* links;
}

describe('checkLedger', () => {
  it('finds a whole ledger sound, and looks no further than the checkpoint', async () => {
    const { ledger, links } = ledgerOf(11);
    const more = [...links, { seq: 99, prev_hash: 'x', leaf_hash: 'y' }];
    assert.equal(await checkLedger(ledger, each(more)), 11);
    assert.equal(await checkLedger(ledgerOf(0).ledger, each([])), 0);
  });

  it('names what is missing, changed or foreign', async () => {
    const { ledger, links } = ledgerOf(5);
    const changed = { ...links[4], leaf_hash: toHex(randomBytes(32)) };
    const cases: [readonly Link[], RegExp][] = [
      [links.toSpliced(2, 1), /entry 2 is missing/],
      [links.slice(0, 4), /entry 4 is missing/],
      [links.with(2, { ...links[2], leaf_hash: changed.leaf_hash }), /broken before entry 3/],
      [links.with(4, changed), /not the one that was signed/],
    ];
    for (const [entries, message] of cases) {
      await assert.rejects(checkLedger(ledger, each(entries)), message);
    }
    const other = { ...ledger, origin: 'affidavit.test/other' };
    await assert.rejects(checkLedger(other, each(links)), /the checkpoint is of/);
    const forged = { ...ledger, checkpoint: ledger.checkpoint.replace('\n5\n', '\n4\n') };
    await assert.rejects(checkLedger(forged, each(links)));
  });
});
