import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';

import {
  cosign,
  formatCheckpoint,
  parseNote,
  signNote,
  verifierKey,
  type NoteSigner,
} from '@affidavit/ledger';

import { readAnswer, type Meaning, type WitnessAnswer } from './answer.ts';

/** Every answer that a witness can give, and some that none should. */

function signerOf(name: string): NoteSigner {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x as string, 'base64url');
  return { name, publicKey: raw, sign: (message) => sign(null, message, privateKey) };
}

const log = signerOf('log.example');
const witness = signerOf('witness.example/w1');
const key = verifierKey(witness.name, witness.publicKey, 0x04);
const text = formatCheckpoint({ origin: log.name, size: 20, root: new Uint8Array(32) });
const checkpoint = signNote(text, log);
const line = cosign(text, witness, 1_700_000_000);
const stranger = cosign(text, signerOf('witness.example/w2'), 1_700_000_000);
const plain = { type: 'text/plain; charset=utf-8', body: '' };
const size = (body: string, type = 'text/x.tlog.size') => ({ status: 409, type, body });

const cases: readonly (readonly [string, number, WitnessAnswer, Meaning | RegExp])[] = [
  ['a cosignature', 7, { status: 200, ...plain, body: line }, { kind: 'cosigned', line }],
  [
    'a cosignature among others',
    7,
    { status: 200, ...plain, body: stranger + line + stranger },
    { kind: 'cosigned', line },
  ],
  ['that of another', 7, { status: 200, ...plain, body: stranger }, /no cosignature/],
  [
    'one of another checkpoint',
    7,
    {
      status: 200,
      ...plain,
      body: cosign(text.replace('\n20\n', '\n21\n'), witness, 1_700_000_000),
    },
    /no cosignature/,
  ],
  [
    'a plain signature of its key',
    7,
    { status: 200, ...plain, body: `${parseLine(signNote(text, witness))}` },
    /no cosignature/,
  ],
  [
    'a cosignature with more behind it',
    7,
    { status: 200, ...plain, body: `${line}\nmore\n` },
    /no cosignature/,
  ],
  ['a cosignature without its end', 7, { status: 200, ...plain, body: line.trimEnd() }, /no cos/],
  ['a smaller size', 7, size('3\n'), { kind: 'other_size', size: 3 }],
  ['a larger size', 7, size('99\n'), { kind: 'other_size', size: 99 }],
  ['nothing yet', 7, size('0\n'), { kind: 'other_size', size: 0 }],
  [
    'a size with parameters of its type',
    7,
    size('3\n', 'text/x.tlog.size; charset=utf-8'),
    { kind: 'other_size', size: 3 },
  ],
  ['the size it was asked from', 7, size('7\n'), /refused the size/],
  ['a size as plain text', 7, size('3\n', 'text/plain'), /refused the size/],
  ['a size without its newline', 7, size('3'), /refused the size/],
  ['a size with a zero before it', 7, size('03\n'), /refused the size/],
  ['a size beyond all', 7, size('9999999999999999\n'), /refused the size/],
  [
    'another tree of the same size',
    20,
    { status: 409, ...plain },
    { kind: 'other_history', size: 20 },
  ],
  [
    'the same in the later draft',
    20,
    { status: 422, ...plain },
    { kind: 'other_history', size: 20 },
  ],
  ['the same size, told', 20, size('20\n'), { kind: 'other_history', size: 20 }],
  ['a refused proof', 7, { status: 422, ...plain }, { kind: 'other_history', size: 7 }],
  ['a refused proof of nothing', 0, { status: 422, ...plain }, /proof of nothing/],
  ['no such key', 7, { status: 403, ...plain }, /does not know the key/],
  ['no such log', 7, { status: 404, ...plain }, /does not know this ledger/],
  ['an error', 7, { status: 500, ...plain }, /status 500/],
  ['another success', 7, { status: 204, ...plain }, /status 204/],
];

function parseLine(note: string): string {
  return note.slice(parseNote(note).text.length + 1);
}

for (const [title, old, answer, expected] of cases) {
  test(`from ${old}: ${title}`, async () => {
    const meaning = await readAnswer({ checkpoint, size: 20, old }, answer, key);
    if (!(expected instanceof RegExp)) return assert.deepEqual(meaning, expected);
    assert.ok(meaning.kind === 'failed', JSON.stringify(meaning));
    assert.match(meaning.message, expected);
  });
}
