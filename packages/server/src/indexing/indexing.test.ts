import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';

import * as fc from 'fast-check';

import { readFacets } from '../query/facets.ts';
import { parseFilter, type Query } from '../query/filter.ts';

import { readPage } from '../query/page.ts';
import { openTrail, soon, type TestTrail } from '../query/trail.fixture.ts';
import {
  Bits,
  findInPage,
  readPage as readTerms,
  SegmentBuilder,
  type Positions,
} from './postings.ts';
import { positionsIn, segmentsIn } from './segments.ts';
import {
  FINAL_TERM,
  UNLISTED_TYPE_TERM,
  valueTerm,
  visitTerms,
  wordsOf,
  wordTerm,
  WORDY_TERM,
} from './terms.ts';
import type { IndexWrite } from './write.ts';

const term = fc.oneof(
  fc.nat({ max: 2 ** 31 - 1 }),
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
);
const positions = fc.oneof(
  fc.uniqueArray(fc.integer({ min: 0, max: 65_535 }), { minLength: 1, maxLength: 40 }),
  fc
    .tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 4090, max: 9000 }))
    .map(([step, count]) => Array.from({ length: count }, (_, i) => i * step)),
);
const ascending = (list: readonly number[]) => list.toSorted((a, b) => a - b);

const visited = (positions: Positions) => {
  const all: number[] = [];
  positions.visit((position) => all.push(position));
  return all;
};
const termsOf = (record: Parameters<typeof visitTerms>[0]) => {
  const terms = new Set<number>();
  visitTerms(record, (one) => terms.add(one));
  return terms;
};

describe('postings', () => {
  test('every term comes back with its positions, as a list or as a bitmap', () => {
    fc.assert(
      fc.property(fc.dictionary(term.map(String), positions, { maxKeys: 60 }), (given) => {
        const expected = Object.entries(given).map(
          ([key, list]) => [Number(key), ascending(list)] as const,
        );
        const builder = new SegmentBuilder();
        for (const [key, list] of expected) for (const at of list) builder.add(key, at);
        const pages = [...builder.pages()];
        const firsts = pages.map(({ first_term }) => first_term);
        assert.deepEqual(firsts, ascending(firsts));
        const found = pages.flatMap(({ page }) => [...readTerms(page)]);
        assert.deepEqual(
          found.map((one) => [one.term, visited(one.positions)]),
          expected.toSorted((a, b) => a[0] - b[0]),
        );
        for (const [key, list] of expected) {
          const page = pages.findLast(({ first_term }) => first_term <= key)?.page as Uint8Array;
          const one = findInPage(page, key);
          assert.equal(one?.count, list.length);
          assert.equal(one?.isBitmap, list.length >= 4096);
          const bits = new Bits(65_536);
          one?.addTo(bits);
          assert.deepEqual([...bits.ascending()], list);
          assert.deepEqual([...bits.descending()], list.toReversed());
          assert.equal(bits.count, list.length);
          if (!(String(key + 1) in given)) assert.equal(findInPage(page, key + 1), null);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('the format of a page is fixed', () => {
    const builder = new SegmentBuilder();
    for (const [key, at] of [
      [2 ** 40, 65_535],
      [3, 1],
      [3, 258],
    ] as const) {
      builder.add(key, at);
    }
    const [page, ...more] = [...builder.pages()];
    assert.deepEqual(more, []);
    assert.equal(page?.first_term, 3);
    assert.equal(
      Buffer.from(page?.page as Uint8Array).toString('hex'),
      '02000000' +
        '0000000000000840' +
        '04000000' +
        '0000000000007042' +
        '06000000' +
        '01000201' +
        'ffff',
    );
  });

  test('pages stay small, but for one term that is large by itself', () => {
    const builder = new SegmentBuilder();
    for (let key = 0; key < 5000; key++) builder.add(key, key % 100);
    for (let at = 0; at < 5000; at++) builder.add(5000, at);
    for (const { page } of builder.pages()) {
      assert.ok(page.length <= 8000 || [...readTerms(page)].length === 1);
    }
  });

  test('sets of positions meet', () => {
    fc.assert(
      fc.property(positions, positions, (one, other) => {
        const [left, right] = [new Bits(65_536), new Bits(65_536)];
        for (const at of one) left.set(at);
        for (const at of other) right.set(at);
        const both = ascending(one.filter((at) => other.includes(at)));
        assert.equal(left.intersect(right), both.length > 0);
        assert.deepEqual([...left.ascending()], both);
      }),
      { numRuns: 20 },
    );
  });
});

describe('terms', () => {
  test('are fixed: they are stored', () => {
    const terms = [valueTerm('provider', 'crm'), valueTerm('run_id', 'crm'), wordTerm('payments')];
    assert.deepEqual(terms, [1755190615227525, 929881160452869, 2356616494848384]);
    assert.deepEqual(
      [FINAL_TERM, WORDY_TERM, UNLISTED_TYPE_TERM],
      [1191111358496831, 6153048193632948, 7841270761026461],
    );
  });

  test('a word is found by its beginning, in ASCII and beyond', () => {
    const texts = fc.array(fc.oneof(fc.string(), fc.string({ unit: 'grapheme' })), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(texts, (pieces) => {
        const reason = pieces.join(' ');
        const terms = termsOf({ reason });
        const words = wordsOf(reason);
        for (const word of words) assert.ok(terms.has(wordTerm(word)), word);
        const beginnings = words.flatMap((word) => [1, 2, 4, 8].map((end) => word.slice(0, end)));
        assert.deepEqual([...terms].toSorted(), [...new Set(beginnings.map(wordTerm))].toSorted());
      }),
      { numRuns: 500 },
    );
  });

  test('a record with endless words has no endless terms', () => {
    const reason = Array.from({ length: 5000 }, (_, i) => `word${i}`).join(' ');
    assert.ok(termsOf({ reason }).size < 1100);
    assert.ok(termsOf({ reason }).has(WORDY_TERM));
  });
});

const SIZES = { small: 8, merged: 32 };

describe('the indexer', () => {
  let trail: TestTrail;
  beforeEach(async () => {
    trail = await openTrail();
  });
  afterEach(() => trail.close());

  const fill = async (count: number, type: (seq: number) => string = () => 'api.called') => {
    for (let done = 0; done < count; done += 50) {
      const length = Math.min(50, count - done);
      const first = trail.kept.length;
      await trail.append(
        Array.from({ length }, (_, i) => ({
          event_type: type(first + i),
          run_id: `run_${(first + i) % 3}`,
          reason: `reason number${first + i}`,
        })),
      );
    }
  };
  const find = async (query: Query) => {
    const request = { app: 1, filter: parseFilter(query), order: 'asc', limit: 1000 } as const;
    const { records } = await trail.snapshot((at) => readPage(at, request, soon()));
    return records.map(({ seq }) => seq);
  };
  const segments = async () => {
    const rows = await trail.db
      .selectFrom('segments')
      .select(['first_seq', 'end_seq', 'segment'])
      .orderBy('first_seq')
      .execute();
    const pages = await trail.db.selectFrom('postings').select('segment').distinct().execute();
    assert.deepEqual(
      pages.map(({ segment }) => segment).toSorted((a, b) => a - b),
      rows.map(({ segment }) => segment).toSorted((a, b) => a - b),
      'pages without a segment',
    );
    return rows.map(({ first_seq, end_seq }) => [first_seq, end_seq]);
  };

  test('covers the log with disjoint segments and merges them', async () => {
    const indexer = trail.indexer(SIZES);
    assert.equal(await indexer.catchUp(1), 0);
    await fill(7);
    assert.equal(await indexer.catchUp(1), 0);
    await fill(10);
    assert.equal(await indexer.catchUp(1), 16);
    assert.deepEqual(await segments(), [
      [0, 8],
      [8, 16],
    ]);
    await fill(60);
    assert.equal(await indexer.catchUp(1), 72);
    assert.deepEqual(await segments(), [
      [0, 32],
      [32, 64],
      [64, 72],
    ]);
    assert.deepEqual(await find({ q: 'number63' }), [63]);
    assert.deepEqual(await find({ run_id: 'run_2', q: 'number7' }), [71, 74]);
  });

  test('pages that were replaced stay for readers that are under way', async () => {
    const indexer = trail.indexer(SIZES, { graceMs: 3_600_000 });
    await fill(31);
    await indexer.catchUp(1);
    const before = await segmentsIn(trail.db, 1, { first: 0, end: 32 });
    await fill(2);
    await indexer.catchUp(1);
    assert.equal((await segmentsIn(trail.db, 1, { first: 0, end: 32 })).length, 1);
    const term = valueTerm('event_type', 'api.called');
    assert.deepEqual([...(await positionsIn(trail.db, 1, before, term)).keys()], before);
    await trail.indexer(SIZES).catchUp(1);
    await segments();
  });

  test('a failure at any step loses nothing, and leaves nothing behind', async () => {
    await fill(70);
    let steps = 0;
    await trail.indexer(SIZES, { onWrite: () => steps++ }).catchUp(1);
    const expected = await segments();
    assert.ok(steps > 20);
    for (let failing = 0; failing < steps; failing++) {
      await trail.logs.db.deleteFrom('segments').execute();
      await trail.logs.db.deleteFrom('postings').execute();
      let step = 0;
      const onWrite = (write: IndexWrite) => {
        if (step++ === failing) throw new Error(`no room to ${write.step}`);
      };
      const broken = trail.indexer(SIZES, { onWrite });
      await assert.rejects(broken.catchUp(1), /no room/);
      assert.deepEqual(await find({ q: 'number41' }), [41]);
      // The same process tries again, or a new one does.
      await (failing % 2 === 0 ? broken : trail.indexer(SIZES)).catchUp(1);
      await trail.indexer(SIZES).catchUp(1);
      assert.deepEqual(await segments(), expected);
      assert.deepEqual(await find({ q: 'number41' }), [41]);
    }
  });

  test('event types beyond what is listed are still found by wildcard', async () => {
    await fill(64, (seq) => `kind${seq}.done`);
    await trail.indexer(SIZES, { facetValuesMax: 3 }).catchUp(1);
    const listed = await trail.db.selectFrom('facet_values').selectAll().execute();
    assert.equal(listed.filter(({ field }) => field === 'event_type').length, 3);
    assert.equal((await find({ event_type: 'kind*' })).length, 64);
    assert.deepEqual(
      await find({ event_type: ['kind4*', 'kind50.done'] }),
      [4, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50],
    );
    const filter = parseFilter({ event_type: 'kind4*' });
    const request = { app: 1, fields: ['event_type'], filter, limit: 100 } as const;
    const { fields } = await trail.snapshot((at) =>
      readFacets(at, { ...request, mayEstimate: false }, soon()),
    );
    assert.equal(
      fields['event_type']?.reduce((sum, { count }) => sum + count, 0),
      11,
    );
  });

  test('one busy field does not crowd out the others', async () => {
    await fill(40, (seq) => `kind${seq}.done`);
    await trail.append(Array.from({ length: 8 }, () => ({ event_type: 'a.b', provider: 'crm' })));
    await trail.indexer(SIZES, { facetValuesMax: 3 }).catchUp(1);
    const listed = await trail.db.selectFrom('facet_values').select(['field', 'value']).execute();
    assert.ok(listed.some(({ field, value }) => field === 'provider' && value === 'crm'));
  });

  test('entries whose envelope is gone are left out', async () => {
    await fill(16);
    await trail.logs.db.deleteFrom('parts').where('seq', 'in', [3, 9]).execute();
    await trail.indexer(SIZES).catchUp(1);
    const all = Array.from({ length: 16 }, (_, seq) => seq).filter((seq) => seq !== 3 && seq !== 9);
    assert.deepEqual(await find({ event_type: 'api.called' }), all);
    assert.deepEqual(await find({}), all);
  });
});
