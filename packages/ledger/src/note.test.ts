import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import { concat, fromBase64, toBase64, toHex } from './bytes.ts';
import { formatCheckpoint, parseCheckpoint } from './checkpoint.ts';
import { signerOf } from './log.fixture.ts';
import {
  addSignatures,
  cosign,
  formatVerifierKey,
  MAX_SIGNATURES,
  openNote,
  parseNote,
  parseVerifierKey,
  signNote,
  verifierKey,
} from './note.ts';
import type { VerifySignature } from './note.ts';

// The key and note of golang.org/x/mod/sumdb/note.
const PETER = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const PETER_TEXT =
  'If you think cryptography is the answer to your problem,\n' +
  "then you don't know what your problem is.\n";
const PETER_NOTE =
  `${PETER_TEXT}\n\u2014 PeterNeumann ` +
  'x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';

const ALICE = signerOf('alice.example', 2);
const ALICE_KEY = verifierKey(ALICE.name, ALICE.publicKey);
const TEXT = formatCheckpoint({ origin: ALICE.name, size: 5, root: new Uint8Array(32).fill(9) });

/** Another Ed25519, as a server would pass it. */
const platformVerify: VerifySignature = (publicKey, message, signature) => {
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]);
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  return verify(null, message, key, signature);
};

test('opens the note of the Go documentation', async () => {
  const key = parseVerifierKey(PETER);
  assert.equal(key.name, 'PeterNeumann');
  assert.equal(toHex(key.id), 'c74f20a3');
  assert.equal(formatVerifierKey(key.name, key.publicKey), PETER);
  for (const verify of [undefined, platformVerify]) {
    const note = await openNote(PETER_NOTE, [key], verify);
    assert.equal(note.text, PETER_TEXT);
    assert.deepEqual(note.signatures, [{ key }]);
  }
  const changed = PETER_NOTE.replace('cryptography', 'cryptographY');
  await assert.rejects(openNote(changed, [key]), { code: 'bad_signature' });
});

test('signs what the Go documentation signs', () => {
  // Seed of PRIVATE+KEY+PeterNeumann+c74f20a3, which is published for tests.
  const seed = fromBase64('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz').slice(1);
  const peter = signerOf('PeterNeumann', seed);
  assert.equal(signNote(PETER_TEXT, peter), PETER_NOTE);
});

test('a verifier key that was copied badly is refused', () => {
  const others = [
    '',
    PETER.slice(1),
    PETER.slice(0, -1),
    PETER.replace('c74f20a3', 'c74f20a4'),
    PETER.replace('c74f20a3', 'C74F20A3'),
    PETER.replace('PeterNeumann', 'Peter Neumann'),
    'PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==',
    'PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  ];
  for (const text of others) {
    assert.throws(() => parseVerifierKey(text), { code: 'malformed' }, text);
  }
});

test('keys that are not known are ignored, keys that are known must be right', async () => {
  const bob = signerOf('bob.example', 3);
  const both = signNote(TEXT, [bob, ALICE]);
  assert.equal((await openNote(both, [ALICE_KEY])).signatures.length, 1);
  await assert.rejects(openNote(signNote(TEXT, bob), [ALICE_KEY]), { code: 'unsigned' });
  const sameName = signerOf(ALICE.name, 4);
  await assert.rejects(openNote(signNote(TEXT, sameName), [ALICE_KEY]), { code: 'unsigned' });
  const wrong = { ...bob, sign: () => new Uint8Array(64) };
  const bobKey = verifierKey(bob.name, bob.publicKey);
  const half = signNote(TEXT, [ALICE, wrong]);
  assert.equal((await openNote(half, [ALICE_KEY])).signatures.length, 1);
  await assert.rejects(openNote(half, [ALICE_KEY, bobKey]), { code: 'bad_signature' });
});

test('a signature has one length', async () => {
  const { id, signature } = parseNote(signNote(TEXT, ALICE)).signatures[0]!;
  const longer = toBase64(concat(id, Uint8Array.of(0), signature));
  const note = `${TEXT}\n\u2014 ${ALICE.name} ${longer}\n`;
  await assert.rejects(openNote(note, [ALICE_KEY]), { code: 'bad_signature' });
});

test('a key counts once, however often it signs', async () => {
  const note = await openNote(signNote(TEXT, [ALICE, ALICE]), [ALICE_KEY]);
  assert.equal(note.signatures.length, 1);
});

test('the number of signatures is bounded', async () => {
  const signers = Array.from({ length: MAX_SIGNATURES }, () => ALICE);
  const note = signNote(TEXT, signers);
  assert.equal(parseNote(note).signatures.length, 100);
  assert.throws(() => parseNote(signNote(TEXT, [...signers, ALICE])), { code: 'malformed' });
});

test('the text may hold blank lines of its own', async () => {
  const text = 'one\n\ntwo\n\n\u2014 not a signature\n';
  const note = await openNote(signNote(text, ALICE), [ALICE_KEY]);
  assert.equal(note.text, text);
});

test('what is not a signed note is refused', () => {
  const note = signNote(TEXT, ALICE);
  const others = [
    '',
    TEXT,
    note.slice(0, -1),
    note.replace('\u2014 ', '- '),
    note.replace('\u2014 ', '\u2014  '),
    note.replace('example\n5', 'example\t\n5'),
    note.replace('example\n5', 'example\r\n5'),
    note.replace('example\n5', 'example\u0000\n5'),
    note.replace('example\n5', 'example\ud800\n5'),
    `${note.slice(0, -2)}\n`,
    `${TEXT}\n`,
    `${TEXT}\n\u2014 alice.example AAAA\n`,
    `${TEXT}\n\u2014 a+b AAAAAAAA\n`,
    `${TEXT}\n\u2014 a\u00a0b AAAAAAAA\n`,
    `${TEXT}\n\u2014 alice.example AAAAAAAA AAAA\n`,
    `${'a'.repeat(1_000_000)}\n${note}`,
  ];
  for (const other of others) {
    assert.throws(() => parseNote(other), { name: 'LedgerError', code: 'malformed' });
  }
  assert.throws(() => signNote('no newline', ALICE), { code: 'malformed' });
  assert.throws(() => signNote(TEXT, []), { code: 'invalid_argument' });
  const short = { ...ALICE, sign: () => new Uint8Array(63) };
  assert.throws(() => signNote(TEXT, short), { code: 'invalid_argument' });
  assert.throws(() => signNote(TEXT, { ...ALICE, name: 'a b' }), { code: 'malformed' });
});

test('a witness cosigns with its time', async () => {
  const witness = signerOf('witness.example/w1', 5);
  const witnessKey = parseVerifierKey(formatVerifierKey(witness.name, witness.publicKey, 0x04));
  const line = cosign(TEXT, witness, 1_679_315_147);
  const note = addSignatures(signNote(TEXT, ALICE), line);
  const opened = await openNote(note, [ALICE_KEY, witnessKey]);
  assert.deepEqual(opened.signatures, [
    { key: ALICE_KEY },
    { key: witnessKey, time: 1_679_315_147 },
  ]);
  const { signature, id } = parseNote(note).signatures[1]!;
  signature[7]! += 1;
  const forged = `\u2014 ${witness.name} ${toBase64(concat(id, signature))}\n`;
  const later = addSignatures(signNote(TEXT, ALICE), forged);
  await assert.rejects(openNote(later, [ALICE_KEY, witnessKey]), { code: 'bad_signature' });
  assert.throws(() => addSignatures(signNote(TEXT, ALICE), '\nnew text\n\n' + line), {
    code: 'malformed',
  });
  assert.throws(() => addSignatures(signNote(TEXT, ALICE), 'text\n'), { code: 'malformed' });
});

test('opens the cosigned checkpoint of the C2SP specification without its keys', () => {
  const note =
    'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n' +
    '\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n' +
    '\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n';
  const { text, signatures } = parseNote(note);
  const checkpoint = parseCheckpoint(text);
  assert.equal(checkpoint.size, 20_852_163);
  assert.equal(formatCheckpoint(checkpoint), text);
  assert.deepEqual(
    signatures.map(({ name, id }) => [name, toHex(id)]),
    [
      ['example.com/behind-the-sofa', '033de0ae'],
      ['witness.example.com/w1', '8d66cf3f'],
    ],
  );
});

test('a checkpoint is three lines or more, and reads in one way', () => {
  const extended = parseCheckpoint(`${TEXT}extension\n`);
  assert.deepEqual(extended, parseCheckpoint(TEXT));
  const others = [
    TEXT.slice(0, -1),
    `${TEXT}\n`,
    `\n${TEXT}`,
    TEXT.replace('\n5\n', '\n05\n'),
    TEXT.replace('\n5\n', '\n-5\n'),
    TEXT.replace('\n5\n', '\n5 \n'),
    TEXT.replace('\n5\n', '\n9007199254740992\n'),
    TEXT.replace('=\n', '\n'),
    `${ALICE.name}\n5\nAAAA\n`,
    `${ALICE.name}\n5\n`,
  ];
  for (const other of others) {
    assert.throws(() => parseCheckpoint(other), { code: 'malformed' }, other);
  }
  const root = new Uint8Array(32);
  assert.throws(() => formatCheckpoint({ origin: '', size: 0, root }), { code: 'malformed' });
  assert.throws(() => formatCheckpoint({ origin: 'a\nb', size: 0, root }), { code: 'malformed' });
  assert.throws(() => formatCheckpoint({ origin: 'a', size: -1, root }), {
    code: 'invalid_argument',
  });
  assert.throws(() => formatCheckpoint({ origin: 'a', size: 0, root: new Uint8Array(31) }), {
    code: 'malformed',
  });
});
