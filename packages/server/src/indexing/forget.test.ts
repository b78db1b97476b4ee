import assert from 'node:assert/strict';
import { afterEach, beforeEach, suite, test } from 'node:test';

import * as fc from 'fast-check';

import { readFacets } from '../query/facets.ts';
import { parseFilter, type Query } from '../query/filter.ts';
import { readPage } from '../query/page.ts';
import { openTrail, soon, type Sent, type TestTrail } from '../query/trail.fixture.ts';
import { Bits, readPage as readPostings, SegmentBuilder, withoutPositions } from './postings.ts';
import { visitTerms } from './terms.ts';

/** What was removed leaves the index: its terms, and the values that only it had. */

const SIZES = { small: 8, merged: 32 };

let trail: TestTrail;
beforeEach(async () => {
  trail = await openTrail();
});
afterEach(() => trail.close());

const note = (n: number, more: Partial<Sent> = {}): Sent => ({
  event_type: 'note.taken',
  provider: n % 2 === 0 ? 'crm' : 'mail',
  principal_id: `usr_${n}`,
  ...more,
});

const facets = async (field: 'provider' | 'event_type', query: Query = {}) => {
  const filter = parseFilter(query);
  const request = { app: 1, fields: [field], filter, limit: 100, mayEstimate: false };
  const { fields } = await trail.snapshot((at) => readFacets(at, request, soon()));
  return Object.fromEntries((fields[field] ?? []).map(({ value, count }) => [value, count]));
};
const find = async (query: Query) => {
  const request = { app: 1, filter: parseFilter(query), order: 'asc', limit: 1000 } as const;
  const { records } = await trail.snapshot((at) => readPage(at, request, soon()));
  return records.map(({ seq }) => seq);
};
const listed = async () => {
  const rows = await trail.db.selectFrom('facet_values').select('value').execute();
  return new Set(rows.map(({ value }) => value));
};
/** Entries that the postings know of, by whatever term. */
const indexed = async () => {
  const rows = await trail.db
    .selectFrom('postings')
    .innerJoin('segments', 'segments.segment', 'postings.segment')
    .select(['segments.first_seq', 'postings.page'])
    .execute();
  const seqs = new Set<number>();
  for (const { first_seq, page } of rows) {
    for (const { positions } of readPostings(page)) {
      positions.visit((position) => seqs.add(first_seq + position));
    }
  }
  return [...seqs].toSorted((a, b) => a - b);
};

suite('forgetting', () => {
  test('counts and pages are right before the index has forgotten, and after', async () => {
    await trail.append(Array.from({ length: 40 }, (_, n) => note(n)));
    const indexer = trail.indexer(SIZES);
    await indexer.catchUp(1);
    await trail.remove([
      [0, 3],
      [10, 20],
      [35, 36],
    ]);
    const right = async () => {
      assert.deepEqual(await facets('provider'), { crm: 13, mail: 13 });
      assert.deepEqual(await facets('provider', { principal_id: 'usr_11' }), {});
      assert.deepEqual(await facets('provider', { provider: 'crm' }), { crm: 13 });
      assert.deepEqual(await find({ principal_id: ['usr_2', 'usr_3'] }), [3]);
      assert.equal((await find({ provider: 'mail' })).length, 13);
      assert.equal((await find({})).length, 27);
    };
    await right();
    await indexer.catchUp(1);
    await right();
    const expected = [...Array(40).keys()].filter((seq) => {
      return !(seq < 3 || (seq >= 10 && seq < 20) || seq === 35);
    });
    assert.deepEqual(await indexed(), expected);
    const pending = await trail.db
      .selectFrom('removals')
      .select('first_seq')
      .where('index_pending', '=', 1)
      .execute();
    assert.deepEqual(pending, []);
  });

  test('a segment of which everything was removed keeps no page', async () => {
    await trail.append(Array.from({ length: 80 }, (_, n) => note(n)));
    const indexer = trail.indexer(SIZES);
    await indexer.catchUp(1);
    await trail.remove([[0, 70]]);
    await indexer.catchUp(1);
    assert.deepEqual(await indexed(), [70, 71, 72, 73, 74, 75, 76, 77, 78, 79]);
    const rows = await trail.db.selectFrom('postings').select('segment').execute();
    assert.ok(
      rows.every(({ segment }) => segment >= 128),
      'the merged segments have no pages',
    );
  });

  test('a value that nothing has any more is not listed, and is again when it comes back', async () => {
    await trail.append(Array.from({ length: 8 }, (_, n) => note(n, { event_type: 'odd.thing' })));
    await trail.append(Array.from({ length: 24 }, (_, n) => note(n)));
    const indexer = trail.indexer(SIZES);
    await indexer.catchUp(1);
    assert.ok((await listed()).has('odd.thing'));
    await trail.remove([[0, 8]]);
    await indexer.catchUp(1);
    const left = await listed();
    assert.ok(!left.has('odd.thing') && left.has('crm') && left.has('note.taken'));
    await trail.append(Array.from({ length: 16 }, (_, n) => note(n, { event_type: 'odd.thing' })));
    await indexer.catchUp(1);
    assert.ok((await listed()).has('odd.thing'));
    assert.equal((await find({ event_type: 'odd.*' })).length, 16);
    assert.equal((await facets('event_type'))['odd.thing'], 16);
  });

  test('an end between any two steps leaves it to be done again', async () => {
    await trail.append(Array.from({ length: 40 }, (_, n) => note(n)));
    await trail.indexer(SIZES).catchUp(1);
    await trail.remove([[5, 38]]);
    for (let steps = 0; steps < 50; steps++) {
      let left = steps;
      const onWrite = () => {
        if (left-- === 0) throw new Error('the disk is full');
      };
      const ended = await trail
        .indexer(SIZES, { onWrite })
        .catchUp(1)
        .then(
          () => true,
          () => false,
        );
      assert.deepEqual(await facets('provider'), { crm: 4, mail: 3 });
      assert.deepEqual(await find({ provider: 'crm' }), [0, 2, 4, 38]);
      if (ended) return assert.deepEqual(await indexed(), [0, 1, 2, 3, 4, 38, 39]);
    }
    return assert.fail('it never ended');
  });
});

test('a page without positions has all others, whatever its terms', () => {
  const records = fc.array(
    fc.record({ provider: fc.constantFrom('a', 'b', 'c'), reason: fc.lorem({ maxCount: 3 }) }),
    { minLength: 1, maxLength: 60 },
  );
  fc.assert(
    fc.property(records, fc.array(fc.nat(59)), (all, picks) => {
      const gone = new Bits(all.length);
      for (const pick of picks) if (pick < all.length) gone.set(pick);
      const terms = (keep: (position: number) => boolean) => {
        const builder = new SegmentBuilder();
        for (const [position, record] of all.entries()) {
          if (keep(position)) visitTerms(record, (term) => builder.add(term, position));
        }
        return [...builder.pages()].flatMap(({ page }) => shown(page));
      };
      const builder = new SegmentBuilder();
      for (const [position, record] of all.entries()) {
        visitTerms(record, (term) => builder.add(term, position));
      }
      const left = [...builder.pages()].flatMap(({ page }) => {
        const rest = withoutPositions(page, gone);
        return rest === null ? [] : shown(rest ?? page);
      });
      assert.deepEqual(
        left,
        terms((position) => !gone.has(position)),
      );
    }),
  );
});

function shown(page: Uint8Array): [number, number[]][] {
  return [...readPostings(page)].map(({ term, positions }) => {
    const all: number[] = [];
    positions.visit((position) => all.push(position));
    return [term, all];
  });
}
