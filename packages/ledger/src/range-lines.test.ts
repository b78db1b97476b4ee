import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { utf8 } from './bytes.ts';
import { pieces } from './bundle.fixture.ts';
import { makeLog, rangeProof, timeOf, VERIFIER } from './log.fixture.ts';
import type { RangeProof, TimeRange } from './range.ts';
import { verifyRange, verifyRangeLines } from './verify.ts';

const SIZE = 64;
const LOG = makeLog(SIZE);

function linesOf({ headers, ...frame }: RangeProof): string[] {
  return [
    JSON.stringify(frame),
    ...headers,
    JSON.stringify({ complete: true, headers: headers.length }),
  ];
}

const check = (lines: readonly string[], range: TimeRange = {}, size = 500) =>
  verifyRangeLines(pieces(utf8(lines.map((line) => `${line}\n`).join('')), size), {
    ...range,
    verifiers: [VERIFIER],
  });

test('a proof in lines is the same proof, however it is cut', async () => {
  const position = fc.integer({ min: 0, max: SIZE });
  const cut = fc.integer({ min: 1, max: 3000 });
  await fc.assert(
    fc.asyncProperty(position, position, cut, async (a, b, size) => {
      const proof = await rangeProof(LOG, Math.min(a, b), Math.max(a, b));
      for (const range of [{}, { from: timeOf(20), to: timeOf(30) }, { shown: true }] as const) {
        assert.deepEqual(
          await check(linesOf(proof), range, size),
          await verifyRange(proof, { ...range, verifiers: [VERIFIER] }),
        );
      }
    }),
    { numRuns: 50 },
  );
});

test('a line that is dropped, doubled, swapped or edited is named', async () => {
  const lines = linesOf(await rangeProof(LOG, 10, 20));
  const range = { shown: true } as const;
  for (let i = 1; i <= 9; i += 1) {
    const seq = 9 + i;
    const dropped = await check(lines.toSpliced(i, 1), range);
    assert.deepEqual(dropped.broken[0]?.seq, seq);
    const doubled = await check(lines.toSpliced(i, 0, lines[i]!), range);
    assert.deepEqual(doubled.broken[0]?.seq, seq + 1);
    const swapped = await check(lines.toSpliced(i, 2, lines[i + 1]!, lines[i]!), range);
    assert.deepEqual(swapped.broken[0]?.seq, seq);
    const edited = await check(lines.with(i, lines[i]!.replace('evt_', 'evx_')), range);
    assert.deepEqual(edited.broken[0], { seq, reason: 'prev' });
  }
});

test('lines that end too early or too late are no proof', async () => {
  const lines = linesOf(await rangeProof(LOG, 10, 20));
  const last = lines.length - 1;
  const others = [
    [],
    lines.slice(0, 1),
    lines.slice(0, 5),
    lines.slice(0, -1),
    [...lines, ''],
    lines.with(last, '{"complete":false,"headers":10}'),
    lines.with(last, '{"complete":true,"headers":9}'),
    lines.with(last, 'null'),
    lines.with(0, 'null'),
    lines.with(0, '{'),
  ];
  for (const other of others) {
    await assert.rejects(check(other, { shown: true }), { code: 'malformed' }, `${other.length}`);
  }
  const long = lines.with(1, 'x'.repeat(70_000));
  await assert.rejects(check(long), { code: 'malformed' });
});

test('what a proof shows by itself is told: up to which times it is complete', async () => {
  const cases: [number, number, string | null, string | null][] = [
    [10, 20, timeOf(10), timeOf(19)],
    [0, 20, null, timeOf(19)],
    [10, SIZE, timeOf(10), null],
    [0, SIZE, null, null],
  ];
  for (const [first, end, after, before] of cases) {
    const proof = await rangeProof(LOG, first, end);
    const verdict = await verifyRange(proof, { shown: true, verifiers: [VERIFIER] });
    assert.deepEqual([verdict.ok, verdict.covers], [true, { after, before }]);
  }
  const nothing = await rangeProof(LOG, 10, 10);
  const verdict = await verifyRange(nothing, { shown: true, verifiers: [VERIFIER] });
  assert.deepEqual(verdict.broken, [{ seq: 10, reason: 'incomplete_start' }]);
});
