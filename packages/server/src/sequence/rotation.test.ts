import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { openNote, parseNote, parseVerifierKey } from '@affidavit/ledger';
import * as fc from 'fast-check';

import { prepareEvent } from '../ingest/prepare.ts';
import { StoreFailure, type SigningKey } from '../store/port.ts';
import type { LedgerWriter } from './ledger-writer.ts';
import {
  eventOf,
  keyring,
  openLogs,
  submissionOf,
  type Fault,
  type TestLogs,
} from './log.fixture.ts';
import { planRetirement, planRotation } from './rotation.ts';
import type { Receipt, Submission, Verdict } from './submission.ts';

const APP = 1;
const NOW = 1_790_000_000_000;

let logs: TestLogs;
beforeEach(async () => {
  logs = await openLogs(1);
});
afterEach(() => logs.close());

const keysOf = ({ db }: TestLogs): Promise<SigningKey[]> =>
  db.selectFrom('signing_keys').selectAll().orderBy('from_size').execute();

const current = (keys: readonly SigningKey[]) => keys.at(-1) as SigningKey;

let ids = 0;
const identity = () => ({ event_id: `evt_${ids++}`, retriable: false, fingerprint: null });

function rotationOf(key: SigningKey, overlap_ms = 1000): Submission {
  const { event, effects } = planRotation(keyring, key, { now: NOW, overlap_ms });
  const events = [prepareEvent(event, identity())];
  return submissionOf(APP, events, effects(events));
}

function retirementOf(key: SigningKey): Submission {
  const { event, effects } = planRetirement(key);
  return submissionOf(APP, [prepareEvent(event, identity())], effects);
}

const plain = () => submissionOf(APP, [eventOf(`evt_${ids++}`)]);

const receiptOf = (verdict: Verdict | undefined): Receipt => {
  assert.ok(verdict?.ok, JSON.stringify(verdict));
  return verdict.receipt;
};

/** The keys whose signatures a checkpoint carries, each verified, in the order of the lines. */
async function signersOf(checkpoint: string, keys: readonly SigningKey[]): Promise<number[]> {
  const verifiers = keys.map((key) => parseVerifierKey(key.verifier_key));
  const { signatures } = await openNote(checkpoint, verifiers);
  assert.equal(signatures.length, parseNote(checkpoint).signatures.length, 'a stranger has signed');
  return signatures.map(({ key }) => verifiers.indexOf(key));
}

describe('a rotation', () => {
  test('is signed for by both keys from its own checkpoint on, the new one first', async () => {
    const writer = logs.newWriter();
    await writer.write([plain()]);
    const [first] = (await keysOf(logs)) as [SigningKey];
    const verdicts = await writer.write([plain(), rotationOf(first), plain()]);
    const { size, checkpoint } = receiptOf(verdicts[1]);
    const keys = await keysOf(logs);
    assert.deepEqual(await signersOf(checkpoint, keys), [1, 0]);
    assert.deepEqual(
      keys.map(({ from_size, retires_at, to_size }) => [from_size, retires_at, to_size]),
      [
        [0, NOW + 1000, null],
        [3, null, null],
      ],
    );
    assert.equal(size, 4);
    assert.equal(keys[1]?.change_checkpoint, checkpoint);
    const later = receiptOf((await writer.write([plain()]))[0]);
    assert.deepEqual(await signersOf(later.checkpoint, keys), [1, 0]);
    assert.equal((await keysOf(logs))[1]?.change_checkpoint, checkpoint, 'the first one stays');
  });

  test('is known to every process at its next write, and so is the end of the old key', async () => {
    const [one, other] = [logs.newWriter(), logs.newWriter()];
    for (const writer of [one, other]) await writer.write([plain()]);
    await one.write([rotationOf(current(await keysOf(logs)))]);
    const both = receiptOf((await other.write([plain()]))[0]);
    assert.deepEqual(await signersOf(both.checkpoint, await keysOf(logs)), [1, 0]);
    const [old] = (await keysOf(logs)) as [SigningKey];
    const retired = receiptOf((await other.write([retirementOf(old)]))[0]);
    assert.deepEqual(await signersOf(retired.checkpoint, await keysOf(logs)), [1]);
    const after = receiptOf((await one.write([plain()]))[0]);
    assert.deepEqual(await signersOf(after.checkpoint, await keysOf(logs)), [1]);
  });

  test('leaves of the old key its public half and its range', async () => {
    const writer = logs.newWriter();
    await writer.write([plain(), rotationOf(current(await keysOf(logs))), plain()]);
    const [old] = (await keysOf(logs)) as [SigningKey];
    const verdicts = await writer.write([plain(), retirementOf(old), plain()]);
    const [ended] = (await keysOf(logs)) as [SigningKey];
    const place = receiptOf(verdicts[1]).events[0]?.seq;
    assert.deepEqual({ ...ended }, { ...old, sealed_private_key: '', to_size: place });
  });

  test('of a key that has been replaced already is refused, and so is a second end', async () => {
    const writer = logs.newWriter();
    const [first] = (await keysOf(logs)) as [SigningKey];
    const rotations = await writer.write([rotationOf(first), rotationOf(first)]);
    assert.deepEqual(
      rotations.map((verdict) => verdict.ok || verdict.refusal),
      [true, { kind: 'effect_conflict' }],
    );
    const ends = await writer.write([retirementOf(first), retirementOf(first)]);
    assert.deepEqual(
      ends.map((verdict) => verdict.ok || verdict.refusal),
      [true, { kind: 'effect_conflict' }],
    );
    assert.equal((await keysOf(logs)).length, 2);
  });

  test('of a log without any key left that signs fails as damage', async () => {
    await logs.db.updateTable('signing_keys').set({ sealed_private_key: '' }).execute();
    await assert.rejects(
      logs.newWriter().write([plain()]),
      (error: unknown) => error instanceof StoreFailure && error.reason === 'damaged',
    );
  });
});

type Act = 'write' | 'rotate' | 'retire';
const act = fc.constantFrom<Act>('write', 'write', 'rotate', 'retire');
const step = fc.record({
  acts: fc.array(act, { minLength: 1, maxLength: 3 }),
  fault: fc.constantFrom<Fault | null>(null, null, null, 'before', 'during', 'lost', 'kept'),
  writer: fc.nat(1),
});

async function submissionsOf(at: TestLogs, acts: readonly Act[]): Promise<Submission[]> {
  const keys = await keysOf(at);
  return acts.map((one) => {
    const ending = keys.find((key) => key.retires_at !== null && key.to_size === null);
    if (one === 'rotate') return rotationOf(current(keys));
    return one === 'retire' && ending ? retirementOf(ending) : plain();
  });
}

async function writeAll(writer: LedgerWriter, submissions: readonly Submission[]) {
  try {
    return await writer.write(submissions);
  } catch (error) {
    if (error instanceof StoreFailure) return [];
    throw error;
  }
}

test('every checkpoint carries the signatures of exactly the keys whose range it is in', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const at = await openLogs(1);
      try {
        const writers = [at.newWriter(), at.newWriter()];
        const told = new Map<number, string>();
        for (const { acts, fault, writer } of steps) {
          const submissions = await submissionsOf(at, acts);
          at.store.faults.splice(0, Infinity, fault);
          for (const verdict of await writeAll(writers[writer] as LedgerWriter, submissions)) {
            if (verdict.ok) told.set(verdict.receipt.size, verdict.receipt.checkpoint);
          }
        }
        const keys = await keysOf(at);
        for (const [size, checkpoint] of told) {
          const expected = keys.flatMap(({ from_size, to_size }, index) =>
            from_size <= size && size <= (to_size ?? Infinity) ? [index] : [],
          );
          assert.deepEqual(await signersOf(checkpoint, keys), expected.reverse());
        }
        for (const { from_size, change, change_checkpoint } of keys) {
          if (change === null) continue;
          const size = Number(change_checkpoint?.split('\n')[1]);
          assert.ok(size >= from_size);
          assert.equal(change_checkpoint, told.get(size) ?? change_checkpoint);
        }
      } finally {
        await at.close();
      }
    }),
    { numRuns: 40 },
  );
});
