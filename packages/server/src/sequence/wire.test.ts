import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import type { Submission, Verdict } from './submission.ts';
import { packBatch, packVerdicts, unpackBatch, unpackVerdicts } from './wire.ts';

/** With the prototype that cloned objects have. */
const record = <T extends object>(members: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record<T>(members, { noNullPrototype: true });
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const part = record({
  part: fc.constantFrom('envelope', 'args', 'result'),
  body: fc.string({ unit: 'grapheme' }),
  commitment: fc.string(),
  salt: bytes(32),
});
const event = record({
  event_id: fc.string(),
  retriable: fc.boolean(),
  fingerprint: fc.option(fc.uint8Array({ maxLength: 20 })),
  parts: fc.array(part, { maxLength: 3 }),
});
const effect = fc.constantFrom(
  { op: 'delete', table: 'callers', where: { app: 1, name: 'x' } } as const,
  { op: 'insert', table: 'installation', row: { name: 'x', value: 'y' } } as const,
);
const submission: fc.Arbitrary<Submission> = record({
  app: fc.nat(),
  deadline: fc.oneof(fc.nat(), fc.constant(Infinity)),
  events: fc.array(event, { maxLength: 4 }),
  effects: fc.array(effect, { maxLength: 2 }),
});

const verdictOn = ({ events }: Submission): fc.Arbitrary<Verdict> => {
  const place = record({ seq: fc.nat(), created_at: fc.nat(), leaf_hash: bytes(32) });
  const places = fc.tuple(...events.map(() => place));
  const receipt = record({
    events: places.map((all) => all.map((one, i) => ({ event_id: events[i]!.event_id, ...one }))),
    checkpoint: fc.constantFrom('one', 'another', ''),
    size: fc.nat(),
    repeated: fc.boolean(),
  });
  const refusal = fc.constantFrom(
    { kind: 'expired' } as const,
    { kind: 'id_taken', event_id: 'evt_1' } as const,
  );
  return fc.oneof(
    receipt.map((one): Verdict => ({ ok: true, receipt: one })),
    refusal.map((one): Verdict => ({ ok: false, refusal: one })),
  );
};

test('a batch comes out at the other side as it went in', () => {
  fc.assert(
    fc.property(fc.array(submission), (batch) => {
      assert.deepEqual(unpackBatch(structuredClone(packBatch(batch))), batch);
    }),
  );
});

test('so do the verdicts on it', () => {
  const judged = fc
    .array(submission)
    .chain((batch) => fc.tuple(fc.constant(batch), fc.tuple(...batch.map(verdictOn))));
  fc.assert(
    fc.property(judged, ([batch, verdicts]) => {
      const packed = structuredClone(packVerdicts(verdicts));
      assert.deepEqual(unpackVerdicts(packed, batch), verdicts);
      assert.ok(packed.checkpoints.length <= 3, 'a checkpoint crosses once');
    }),
  );
});
