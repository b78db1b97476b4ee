import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { toBase64, toHex, utf8 } from './bytes.ts';
import { canonicalize } from './canonical.ts';
import type { Evidence } from './evidence.ts';
import { encodeHeader, leafHash } from './header.ts';
import { logOf, makeHeaders, ORIGIN, saltOf, SIGNER, signerOf, VERIFIER } from './log.fixture.ts';
import { addSignatures, formatVerifierKey, parseNote, signNote } from './note.ts';
import type { NoteSigner } from './note.ts';
import { commitPart } from './parts.ts';
import { formatTlogProof, inclusionProof } from './proof.ts';
import { followKeys, formatKeyChange, signKeyChange, verifyKeyChange } from './rotation.ts';
import type { ListedKey } from './rotation.ts';

const vkeyOf = ({ name, publicKey }: NoteSigner): string => formatVerifierKey(name, publicKey);
const NEXT = signerOf(ORIGIN, 2);
/** By the keys of the seeds 1 and 2. */
const NOTE = `affidavit.dev/key-change@v1
affidavit.example/app_1
affidavit.example/app_1+f38a4e10+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c
affidavit.example/app_1+8063b13b+AYE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU

\u2014 affidavit.example/app_1 84pOEBSgA3YxQTSdZTWbJ16Wu6WYDKGgBlyHz6XO2P4g/3VdhDD7QeKqI1daZm7ytDzwSPj0/HbbC0v5tjayOVuzXgw=
\u2014 affidavit.example/app_1 gGOxOxhe8SWsnDiTzDms++trBt+XYcw5Znl6NEbgo98dCpr22QbYCSC4j0mn52yNqHxqJFjTP3v7b07goX2ZhHcIig4=
`;

interface Told {
  readonly args?: object;
  /** Who signs the checkpoint over the entry. */
  readonly signers?: readonly NoteSigner[];
  readonly before?: number;
  readonly after?: number;
}

/** Evidence of an entry that hands the log on from one key to the next, in a log of its own. */
async function changeOf(from: NoteSigner, to: NoteSigner, told: Told = {}): Promise<Evidence> {
  const { before = 5, after = 3, signers = [to, from] } = told;
  const args = { vkey: vkeyOf(to), replaces: vkeyOf(from), note: signKeyChange(from, to) };
  const body = canonicalize(told.args ?? args);
  const headers = makeHeaders(before);
  const parts = { args: toHex(commitPart('args', saltOf(before), utf8(body))) };
  const prev = toHex(leafHash(headers.at(-1) ?? ''));
  const created_at = '2026-11-22T00:00:00.000Z';
  headers.push(
    encodeHeader({ created_at, event_id: 'evt_change', parts, prev, seq: before, v: 1 }),
  );
  headers.push(...makeHeaders(after));
  const log = logOf(headers);
  return {
    header: headers[before]!,
    parts: [{ name: 'args', salt: toBase64(saltOf(before)), canonical: body }],
    proof: formatTlogProof({
      index: before,
      hashes: await inclusionProof(before, headers.length, log.read),
      checkpoint: signNote(parseNote(log.checkpoint).text, signers),
    }),
  };
}

test('the note of a change has one form', () => {
  assert.equal(signKeyChange(SIGNER, NEXT), NOTE);
});

test('who knows the old key follows to the new one', async () => {
  const change = await verifyKeyChange(await changeOf(SIGNER, NEXT), { verifiers: [VERIFIER] });
  assert.deepEqual(
    [change.vkey, change.replaces, change.origin, change.seq, change.checkpoint.size],
    [vkeyOf(NEXT), VERIFIER, ORIGIN, 5, 9],
  );
});

const stranger = signerOf(ORIGIN, 9);
const elsewhere = signerOf('affidavit.example/app_2', 2);
const argsOf = (note: string, to = NEXT) => ({ vkey: vkeyOf(to), replaces: VERIFIER, note });
const refusals: readonly (readonly [string, Told | (() => Promise<Evidence>), string])[] = [
  ['a checkpoint without the old signature', { signers: [NEXT] }, 'unsigned'],
  [
    'an entry that anyone may write: the note is signed by the new key alone',
    {
      args: argsOf(
        signNote(
          formatKeyChange({ origin: ORIGIN, replaces: VERIFIER, vkey: vkeyOf(stranger) }),
          stranger,
        ),
        stranger,
      ),
    },
    'unsigned',
  ],
  [
    'a note that the new key has not signed',
    {
      args: argsOf(
        signNote(
          formatKeyChange({ origin: ORIGIN, replaces: VERIFIER, vkey: vkeyOf(NEXT) }),
          SIGNER,
        ),
      ),
    },
    'unsigned',
  ],
  ['a note about another key', { args: argsOf(signKeyChange(SIGNER, stranger)) }, 'unsigned'],
  [
    'a note of both keys about something else',
    { args: argsOf(signNote('something else\n', [SIGNER, NEXT])) },
    'malformed',
  ],
  [
    'a note with a wrong signature',
    {
      args: argsOf(
        addSignatures(
          signNote(
            formatKeyChange({ origin: ORIGIN, replaces: VERIFIER, vkey: vkeyOf(NEXT) }),
            SIGNER,
          ),
          signKeyChange(NEXT, SIGNER).split('\n\n')[1]!,
        ),
      ),
    },
    'bad_signature',
  ],
  ['the key of another log', { args: argsOf(signKeyChange(SIGNER, NEXT), elsewhere) }, 'malformed'],
  ['an entry that names no keys', { args: { vkey: vkeyOf(NEXT) } }, 'malformed'],
  [
    'a change of a key that is not trusted',
    () => changeOf(stranger, NEXT, { signers: [SIGNER, stranger, NEXT] }),
    'unsigned',
  ],
];
for (const [title, told, code] of refusals) {
  test(`${title} is refused`, async () => {
    const evidence = typeof told === 'function' ? await told() : await changeOf(SIGNER, NEXT, told);
    await assert.rejects(verifyKeyChange(evidence, { verifiers: [VERIFIER] }), { code });
  });
}

test('another text in the part is refused', async () => {
  const evidence = await changeOf(SIGNER, NEXT);
  const [part] = evidence.parts;
  const canonical = part!.canonical!.replace(vkeyOf(NEXT), vkeyOf(stranger));
  const forged = { ...evidence, parts: [{ ...part!, canonical }] };
  await assert.rejects(verifyKeyChange(forged, { verifiers: [VERIFIER] }), {
    code: 'proof_failed',
  });
});

test('a chain of any length is followed from any of its keys, and not over a gap', async () => {
  const lengths = fc.integer({ min: 1, max: 5 });
  await fc.assert(
    fc.asyncProperty(lengths, fc.nat(), fc.nat(), async (length, start, gap) => {
      const signers = Array.from({ length }, (_, i) => signerOf(ORIGIN, 20 + i));
      const keys: ListedKey[] = [];
      for (const [i, signer] of signers.entries()) {
        const change = i === 0 ? {} : { change: await changeOf(signers[i - 1]!, signer) };
        keys.push({ vkey: vkeyOf(signer), ...change });
      }
      const from = start % length;
      const changes = await followKeys(keys, keys[from]!.vkey);
      assert.deepEqual(
        changes.map(({ vkey }) => vkey),
        keys.slice(from + 1).map(({ vkey }) => vkey),
      );
      const missing = from + 1 + (gap % length);
      if (missing >= length - 1) return;
      const holed = keys.toSpliced(missing, 1);
      await assert.rejects(followKeys(holed, keys[from]!.vkey), { name: 'LedgerError' });
    }),
    { numRuns: 25 },
  );
});

test('a list without the pinned key, or with another key than the one handed on to', async () => {
  const change = await changeOf(SIGNER, NEXT);
  const keys = [{ vkey: VERIFIER }, { vkey: vkeyOf(stranger), change }];
  await assert.rejects(followKeys(keys, VERIFIER), { code: 'malformed' });
  await assert.rejects(followKeys(keys, vkeyOf(NEXT)), { code: 'unsigned' });
});
