import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toBase64, toHex } from './bytes.ts';
import { canonicalize } from './canonical.ts';
import type { Evidence } from './evidence.ts';
import {
  envelopeOf,
  logOf,
  makeHeaders,
  makeLog,
  ORIGIN,
  platformSha256,
  saltOf,
  SIGNER,
  signerOf,
  VERIFIER,
} from './log.fixture.ts';
import { addSignatures, cosign, formatVerifierKey, parseNote, signNote } from './note.ts';
import { consistencyProof, formatTlogProof, inclusionProof } from './proof.ts';
import {
  verifyCheckpoint,
  verifyConsistency,
  verifyEvidence,
  verifyInclusion,
  verifyReceipt,
} from './verify.ts';

const LOG = makeLog(20);
const TRUST = { verifiers: [VERIFIER] };

const proofOf = async (index: number, log = LOG): Promise<string> =>
  formatTlogProof({
    index,
    hashes: await inclusionProof(index, log.headers.length, log.read),
    checkpoint: log.checkpoint,
  });

const evidenceOf = async (seq: number): Promise<Evidence> => ({
  header: LOG.headers[seq]!,
  parts: [
    { name: 'envelope', salt: toBase64(saltOf(seq)), canonical: canonicalize(envelopeOf(seq)) },
  ],
  proof: await proofOf(seq),
});

test('a checkpoint counts when the log itself has signed it', async () => {
  const witness = signerOf('witness.example/w1', 5);
  const witnessKey = formatVerifierKey(witness.name, witness.publicKey, 0x04);
  const line = cosign(parseNote(LOG.checkpoint).text, witness, 1_700_000_000);
  const note = addSignatures(LOG.checkpoint, line);
  const both = await verifyCheckpoint(note, { verifiers: [VERIFIER, witnessKey] });
  assert.equal(both.origin, ORIGIN);
  assert.equal(both.size, 20);
  assert.deepEqual(both.root, LOG.rootAt(20));
  assert.deepEqual(
    both.signatures.map(({ key, time }) => [key.name, time]),
    [
      [ORIGIN, undefined],
      ['witness.example/w1', 1_700_000_000],
    ],
  );
  await assert.rejects(verifyCheckpoint(note, { verifiers: [witnessKey] }), { code: 'unsigned' });
});

test("the key of one log does not sign another log's checkpoint", async () => {
  const other = signerOf('affidavit.example/app_2', 6);
  const note = signNote(parseNote(LOG.checkpoint).text, other);
  const verifiers = [VERIFIER, formatVerifierKey(other.name, other.publicKey)];
  await assert.rejects(verifyCheckpoint(note, { verifiers }), { code: 'unsigned' });
});

test('an entry is proved to be in the log, and in its place only', async () => {
  for (const hash of [undefined, platformSha256]) {
    const trust = hash === undefined ? TRUST : { ...TRUST, hash };
    const { header, checkpoint } = await verifyInclusion(LOG.headers[7]!, await proofOf(7), trust);
    assert.equal(header.seq, 7);
    assert.equal(checkpoint.size, 20);
  }
  await assert.rejects(verifyInclusion(LOG.headers[7]!, await proofOf(8), TRUST), {
    code: 'proof_failed',
  });
  const moved = logOf([...LOG.headers.slice(0, 5), LOG.headers[7]!]);
  await assert.rejects(verifyInclusion(LOG.headers[7]!, await proofOf(5, moved), TRUST), {
    code: 'proof_failed',
  });
  const edited = LOG.headers[7]!.replace('evt_7', 'evt_8');
  await assert.rejects(verifyInclusion(edited, await proofOf(7), TRUST), { code: 'proof_failed' });
});

test('a receipt proves a leaf hash in its place', async () => {
  const receipt = { seq: 7, leaf_hash: toHex(LOG.leaves[7]!), proof: await proofOf(7) };
  assert.equal((await verifyReceipt(receipt, TRUST)).size, 20);
  for (const change of [{ seq: 8 }, { leaf_hash: toHex(LOG.leaves[8]!) }]) {
    await assert.rejects(verifyReceipt({ ...receipt, ...change }, TRUST), { code: 'proof_failed' });
  }
  await assert.rejects(verifyReceipt({ ...receipt, leaf_hash: 'AB' }, TRUST), {
    code: 'malformed',
  });
});

test('a log is proved to have only grown', async () => {
  const hashes = (await consistencyProof(11, 20, LOG.read)).map(toBase64);
  const older = logOf(LOG.headers.slice(0, 11)).checkpoint;
  const { newer } = await verifyConsistency(older, LOG.checkpoint, hashes, TRUST);
  assert.equal(newer.size, 20);
  const forked = logOf([...makeHeaders(11).slice(0, 10), LOG.headers[10]!.replace('evt', 'evx')]);
  await assert.rejects(verifyConsistency(forked.checkpoint, LOG.checkpoint, hashes, TRUST), {
    code: 'proof_failed',
  });
  const other = signerOf('affidavit.example/app_2', 6);
  const elsewhere = logOf(LOG.headers.slice(0, 11), other).checkpoint;
  const verifiers = [VERIFIER, formatVerifierKey(other.name, other.publicKey)];
  await assert.rejects(verifyConsistency(elsewhere, LOG.checkpoint, hashes, { verifiers }), {
    code: 'proof_failed',
  });
});

test('evidence proves the contents, as text or as value', async () => {
  const evidence = await evidenceOf(4);
  const { parts, missing, header } = await verifyEvidence(evidence, TRUST);
  assert.equal(header.event_id, 'evt_4');
  assert.deepEqual(parts, { envelope: envelopeOf(4) });
  assert.deepEqual(missing, []);
  const byValue = { name: 'envelope', salt: toBase64(saltOf(4)), value: envelopeOf(4) };
  const again = { ...evidence, parts: [byValue], checkpoint: LOG.checkpoint };
  assert.deepEqual((await verifyEvidence(again, TRUST)).parts, { envelope: envelopeOf(4) });
  const passed = await verifyEvidence(JSON.parse(JSON.stringify(again)), TRUST);
  assert.deepEqual(passed.parts, { envelope: envelopeOf(4) });
});

test('an erased part is missing, and the rest stays proved', async () => {
  const evidence = { ...(await evidenceOf(4)), parts: [] };
  const { parts, missing } = await verifyEvidence(evidence, TRUST);
  assert.deepEqual([parts, missing], [{}, ['envelope']]);
});

test('evidence that was changed proves nothing', async () => {
  const evidence = await evidenceOf(4);
  const part = evidence.parts[0]!;
  const canonical = part.canonical!;
  const changes: [Partial<Evidence>, string][] = [
    [{ parts: [{ ...part, canonical: canonical.replace('4', '5') }] }, 'proof_failed'],
    [{ parts: [{ ...part, salt: toBase64(saltOf(5)) }] }, 'proof_failed'],
    [{ parts: [{ ...part, canonical: ` ${canonical}` }] }, 'malformed'],
    [{ parts: [{ ...part, canonical: canonical.replace('{', '{"n":5,') }] }, 'malformed'],
    [{ parts: [{ ...part, canonical: '{' }] }, 'malformed'],
    [{ parts: [{ ...part, name: 'args' }] }, 'malformed'],
    [{ parts: [{ ...part, name: 'toString' }] }, 'malformed'],
    [{ parts: [part, part] }, 'malformed'],
    [{ parts: Array.from({ length: 6 }, () => part) }, 'malformed'],
    [{ parts: [{ name: 'envelope', salt: part.salt }] }, 'malformed'],
    [{ header: LOG.headers[5]! }, 'proof_failed'],
    [{ proof: await proofOf(5) }, 'proof_failed'],
    [{ proof: 'text' }, 'malformed'],
    [{ checkpoint: makeLog(19).checkpoint }, 'proof_failed'],
  ];
  for (const [change, code] of changes) {
    await assert.rejects(verifyEvidence({ ...evidence, ...change }, TRUST), { code });
  }
  for (const other of [null, 5, {}, { ...evidence, parts: [null] }]) {
    await assert.rejects(verifyEvidence(other, TRUST), { code: 'malformed' });
  }
});

// Frozen: a log that was written must verify for ever. If this fails, the format has changed.
test('the frozen log: header, leaf hash, verifier key, checkpoint and proof', async () => {
  const log = makeLog(3);
  assert.equal(
    log.headers[1],
    '{"created_at":"2026-11-21T00:00:00.000Z","event_id":"evt_1","parts":{"envelope":"38e7d836b018ca28411fc5a3b6b57bf89593c7fa33b32b26ca0bf0e1ac372f5e"},"prev":"f0cbb8659e08b6dc5acd54294aa314cb51db73b2b5b6dbccc4d8e4b4a5c91016","seq":1,"v":1}',
  );
  assert.equal(
    toHex(log.leaves[1]!),
    'c7c78e5b498aef28cb26ceb7cda9a3915b961cdab6e9686286325f2c6fae10ed',
  );
  assert.equal(
    VERIFIER,
    'affidavit.example/app_1+f38a4e10+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c',
  );
  assert.equal(
    log.checkpoint,
    [
      'affidavit.example/app_1',
      '3',
      '69S6UD6uD8rnyypyM/YXSH9ZEMbrgYQKFInUr+iwduI=',
      '',
      '\u2014 affidavit.example/app_1 84pOEGuo8vcTkjamoXGVuHEQI6rQt7hy9vIIpCaKunUQwijxdOmDEdZ4f8f31Rxf8tnEvMTb1DrJVXnGlv90QSt4dAo=',
      '',
    ].join('\n'),
  );
  assert.equal(
    await proofOf(1, log),
    `c2sp.org/tlog-proof@v1\nindex 1\n8Mu4ZZ4IttxazVQpSqMUy1Hbc7K1ttvMxNjktKXJEBY=\nkgyYOyHepa8Zdu0ZFEVRXytGOxNjoDYEKMpJArwQPcM=\n\n${log.checkpoint}`,
  );
  assert.equal(SIGNER.name, ORIGIN);
});
