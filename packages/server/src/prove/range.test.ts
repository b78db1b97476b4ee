import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import {
  parseHeader,
  verifyRange,
  type RangeProof,
  type RangeVerdict,
  type TimeRange,
} from '@affidavit/ledger';
import fc from 'fast-check';

import { APP, openGrowingLog, START, type GrowingLog } from './log.fixture.ts';
import type { Times } from './range.ts';

/** Range proofs against all headers of the log, picked by hand, and against the verifier. */

const SIZE = 1100;

let log: GrowingLog;
let headers: string[];
let times: number[];
before(async () => {
  log = await openGrowingLog();
  for (let batch = 0; log.size < SIZE; batch += 1) {
    log.now += [0, 1, 7, 60_000][batch % 4] as number;
    await log.grow(1 + (batch % 9) * (batch % 3));
  }
  const rows = await log.read
    .selectFrom('entries')
    .select(['header', 'created_at'])
    .orderBy('seq')
    .execute();
  headers = rows.map((row) => row.header);
  times = rows.map((row) => row.created_at);
});
after(() => log.close());

async function prove(asked: Times): Promise<RangeProof> {
  const frame = await log.ask.rangeFrame({ app: APP, times: asked });
  const [first, end] = [frame.first_seq, frame.last_seq + 1];
  const text = await log.ask.headers({ app: APP, first, end, format: 'json' });
  const lines = await log.ask.headers({ app: APP, first, end, format: 'ndjson' });
  const found = JSON.parse(`[${text}]`) as string[];
  assert.equal(lines, found.map((header) => `${header}\n`).join(''));
  return { ...frame, headers: found };
}

const iso = (time: number) => new Date(time).toISOString();

function rangeOf({ from, to }: Times): TimeRange {
  return {
    ...(from === undefined ? {} : { from: iso(from) }),
    ...(to === undefined ? {} : { to: iso(to) }),
  };
}

const verify = (proof: RangeProof, asked: Times): Promise<RangeVerdict> =>
  verifyRange(proof, { verifiers: [log.vkey], ...rangeOf(asked) });

/** From the last entry before `from` to the first at or after `to`, found one by one. */
function expectedHeaders({ from = -Infinity, to = Infinity }: Times): string[] {
  const before = times.filter((time) => time < from).length;
  const until = times.filter((time) => time < to).length;
  return headers.slice(Math.max(before - 1, 0), until + 1);
}

const time = fc.oneof(
  fc.nat(SIZE).map((index) => times[index % times.length] as number),
  fc.tuple(fc.nat(SIZE), fc.constantFrom(-1, 1)).map(([i, by]) => (times[i] ?? START) + by),
  fc.constantFrom(START - 1000, START + 10 ** 10),
);
const asking = fc.tuple(fc.option(time), fc.option(time)).map(([a, b]) => {
  const [from, to] = a !== null && b !== null && b < a ? [b, a] : [a, b];
  return { ...(from === null ? {} : { from }), ...(to === null ? {} : { to }) };
});

suite('a range proof', () => {
  test('has the headers of the range and one beside it on each side, and verifies', async () => {
    await fc.assert(
      fc.asyncProperty(asking, async (asked) => {
        const proof = await prove(asked);
        assert.deepEqual(proof.headers, expectedHeaders(asked));
        assert.equal(parseHeader(proof.headers[0] as string).seq, proof.first_seq);
        assert.equal(parseHeader(proof.headers.at(-1) as string).seq, proof.last_seq);
        const verdict = await verify(proof, asked);
        assert.deepEqual(verdict.broken, []);
        assert.equal(verdict.size, log.size);
        const { from = -Infinity, to = Infinity } = asked;
        const within = times.filter((one) => one >= from && one < to).length;
        assert.equal(verdict.within, within);
      }),
      { numRuns: 200 },
    );
  });

  test('fails when a header is dropped, edited, put in or moved, or an edge is left out', async () => {
    const damage = fc.constantFrom('drop', 'edit', 'repeat', 'swap', 'first', 'last');
    await fc.assert(
      fc.asyncProperty(asking, damage, fc.nat(), async (asked, how, place) => {
        const proof = await prove(asked);
        const damaged = spoil(proof, how, place);
        if (JSON.stringify(damaged) === JSON.stringify(proof)) return;
        const verdict = await verify(damaged, asked).catch(() => null);
        assert.ok(verdict === null || !verdict.ok, `${how} at ${place} was not found`);
      }),
      { numRuns: 300 },
    );
  });

  test('of the whole log begins at its first entry and ends at its last', async () => {
    const proof = await prove({});
    assert.deepEqual(proof.headers, headers);
    assert.deepEqual([proof.first_seq, proof.last_seq], [0, log.size - 1]);
    assert.deepEqual([proof.left, proof.right], [[], []]);
  });

  test('shows that nothing happened in a time: the entries beside it are neighbours', async () => {
    const gap = times.findIndex((one, i) => i > 0 && one - (times[i - 1] as number) > 1000);
    const from = (times[gap - 1] as number) + 1;
    for (const asked of [
      { from, to: times[gap] as number },
      { from, to: from },
    ]) {
      const proof = await prove(asked);
      assert.deepEqual([proof.first_seq, proof.last_seq], [gap - 1, gap]);
      const verdict = await verify(proof, asked);
      assert.deepEqual([verdict.ok, verdict.within], [true, 0]);
    }
    const last = times.at(-1) as number;
    const later = await prove({ from: last + 1 });
    assert.deepEqual([later.first_seq, later.last_seq], [log.size - 1, log.size - 1]);
    const earlier = await prove({ to: START - 1 });
    assert.deepEqual([earlier.first_seq, earlier.last_seq], [0, 0]);
  });
});

function spoil(proof: RangeProof, how: string, place: number): RangeProof {
  const list = [...proof.headers];
  const at = place % list.length;
  const header = list[at] as string;
  if (how === 'drop') list.splice(at, 1);
  if (how === 'edit') list[at] = header.replace(/evt_\d+/, 'evt_other');
  if (how === 'repeat') list.splice(at, 0, header);
  if (how === 'swap') list.splice(at, 2, ...list.slice(at, at + 2).reverse());
  const moved = { ...proof, headers: list, last_seq: proof.first_seq + list.length - 1 };
  if (how === 'first') {
    return { ...proof, headers: list.slice(1), first_seq: proof.first_seq + 1 };
  }
  if (how === 'last') return { ...proof, headers: list.slice(0, -1), last_seq: proof.last_seq - 1 };
  return moved;
}
