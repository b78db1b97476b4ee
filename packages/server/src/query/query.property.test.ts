import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FACET_FIELDS, LOOKUP_FIELDS, type FieldName } from '@affidavit/schema';
import * as fc from 'fast-check';

import { readFacets } from './facets.ts';
import { parseFilter, type Filter, type Query } from './filter.ts';
import { BUCKETS_MAX, HISTOGRAM_FIELDS, readHistogram } from './histogram.ts';
import type { Histogram, HistogramRequest } from './histogram.ts';
import { INTERVALS_MS } from './intervals.ts';
import { matches } from './match.ts';
import { readPage, type Page } from './page.ts';
import type { Order } from './cursor.ts';
import { openTrail, soon, START, TestTrail, valuesOf, type Sent } from './trail.fixture.ts';

/** What the index and the tail answer is what looking at every record would answer. */

const SIZES = { small: 8, merged: 32 };
const LOOKUPS = [...LOOKUP_FIELDS].filter((field) => field !== 'event_type');

const VOCABULARY =
  'pay payment payments Straße STRASSE İstanbul ΟΔΟΣ οδος 漢字 漢 naïve x1 1 a ab abcdefghijk abcdefghXYZ \u{1d4b3}\u{1d4b4}z été'.split(
    ' ',
  );
const SEPARATORS = [' ', ', ', '-', '/', '_', '\u{1f980}', '\n', '.', ' "', "'"];

const prose = fc
  .array(fc.tuple(fc.constantFrom(...VOCABULARY), fc.constantFrom(...SEPARATORS)), {
    minLength: 1,
    maxLength: 6,
  })
  .map((pairs) => pairs.flat().join(''));
/** More distinct words than a record is indexed by. */
const wordy = fc
  .tuple(fc.integer({ min: 250, max: 300 }), fc.constantFrom(...VOCABULARY))
  .map(([count, last]) => `${Array.from({ length: count }, (_, i) => `w${i}`).join(' ')} ${last}`);

const types = fc.constantFrom('credential.retrieved', 'credential.denied', 'api.called', 'zoo.fed');
const valueOf = (field: FieldName) => fc.constantFrom(...valuesOf(field));

const record: fc.Arbitrary<Sent> = fc
  .record(
    {
      event_type: types,
      reason: fc.oneof({ weight: 9, arbitrary: prose }, { weight: 1, arbitrary: wordy }),
      url: prose,
      context: fc.dictionary(fc.constantFrom('tool', 'k'), prose, { maxKeys: 2 }),
      fields: fc
        .uniqueArray(fc.constantFrom(...LOOKUPS), { maxLength: 8 })
        .chain((fields) =>
          fc.record(Object.fromEntries(fields.map((field) => [field, valueOf(field)]))),
        ),
    },
    { requiredKeys: ['event_type', 'fields'] },
  )
  .map(({ fields, ...rest }) => ({ ...rest, ...fields }));

const batch = fc.array(record, { minLength: 1, maxLength: 20 });

const words = fc
  .array(
    fc.tuple(fc.constantFrom(...VOCABULARY, 'w7', 'w29', 'w260'), fc.integer({ min: 1, max: 12 })),
    { minLength: 1, maxLength: 2 },
  )
  .map((some) => some.map(([word, length]) => [...word].slice(0, length).join('')).join(' '));
const phrase = fc
  .tuple(prose, fc.nat(6), fc.integer({ min: 2, max: 12 }))
  .map(([text, from, length]) => text.replaceAll('"', '').slice(from, from + length))
  .filter((text) => /[\p{L}\p{N}]/u.test(text) && text.isWellFormed())
  .map((text) => `"${text}"`);

const several = (values: fc.Arbitrary<unknown>) =>
  fc.array(values, { minLength: 1, maxLength: 3 }).map((some) => some.map(String));
const lookup = fc
  .constantFrom(...LOOKUPS)
  .chain((field) => several(valueOf(field)).map((values): Query => ({ [field]: values })));
const alias = fc
  .constantFrom('user', 'actor', 'agent')
  .chain((name) => several(fc.constantFrom('a', 'b', 'ä')).map((v): Query => ({ [name]: v })));
const eventType = several(
  fc.oneof(types, fc.constantFrom('*', 'credential.*', 'c*', 'api.called*', 'zoo.*', 'none.*')),
).map((values): Query => ({ event_type: values }));
const byId = several(fc.nat(60).map((seq) => `evt_${seq}`)).map((v): Query => ({ event_id: v }));
const time = fc.nat(8).map((step) => new Date(START + step * 1000).toISOString());

const query: fc.Arbitrary<Query> = fc
  .tuple(
    fc.array(fc.oneof(lookup, lookup, alias, eventType, { weight: 1, arbitrary: byId }), {
      maxLength: 3,
    }),
    fc.option(fc.oneof(words, phrase), { nil: undefined }),
    fc.option(time, { nil: undefined }),
    fc.option(time, { nil: undefined }),
  )
  .map(([conditions, q, from, to]) => Object.assign({}, ...conditions, { q, from, to }) as Query);

function expected(trail: TestTrail, filter: Filter, order: Order): number[] {
  const { from = 0, to = Infinity } = filter;
  const found = trail.kept.filter(
    ({ seq, created_at, envelope }) =>
      created_at >= from && created_at < to && !trail.removed.has(seq) && matches(envelope, filter),
  );
  const seqs = found.map(({ seq }) => seq);
  return order === 'asc' ? seqs : seqs.reverse();
}

async function grow(trail: TestTrail, events: readonly Sent[]): Promise<void> {
  trail.now += 1000;
  await trail.append(events);
}

interface Reading {
  readonly query: Query;
  readonly order: Order;
  readonly limits: readonly number[];
}

/** Reads page after page, while the trail grows and is indexed between them. */
async function readAll(
  trail: TestTrail,
  { query: asked, order, limits }: Reading,
  later: (readonly Sent[])[],
): Promise<void> {
  const filter = parseFilter(asked);
  const first = expected(trail, filter, order);
  const seqs: number[] = [];
  let cursor: string | undefined;
  for (let pages = 0; ; pages++) {
    assert.ok(pages < 500, 'the pages do not end');
    const limit = limits[pages % limits.length] as number;
    const request = { app: 1, filter, order, limit, ...(cursor === undefined ? {} : { cursor }) };
    const page: Page = await trail.snapshot((at) => readPage(at, request, soon()));
    assert.ok(page.records.length <= limit);
    seqs.push(...page.records.map(({ seq }) => seq));
    if (order === 'asc') assert.ok(page.next_cursor !== null);
    else assert.equal(page.next_cursor !== null, page.has_more);
    const more = later.shift();
    if (more) await grow(trail, more);
    if (pages % 3 === 1) await trail.indexer(SIZES, { facetValuesMax: 2 }).catchUp(1);
    if (page.next_cursor === null || (!page.has_more && later.length === 0 && !more)) break;
    cursor = page.next_cursor;
  }
  assert.deepEqual(seqs, order === 'asc' ? expected(trail, filter, order) : first);
}

const order = fc.constantFrom<Order>('asc', 'desc');
const limits = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 4 });
const reading = fc.record({ query, order, limits });

test('pages are what looking at every record gives, while the trail grows', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(batch, { minLength: 1, maxLength: 6 }),
      fc.array(reading, { minLength: 4, maxLength: 8 }),
      fc.array(batch, { maxLength: 6 }),
      async (batches, readings, later) => {
        const trail = await openTrail();
        try {
          for (const events of batches) await grow(trail, events);
          await trail.indexer(SIZES, { facetValuesMax: 2 }).catchUp(1);
          for (const [i, one] of readings.entries()) {
            await readAll(trail, one, i % 2 === 0 ? later.splice(0, 2) : []);
          }
        } finally {
          await trail.close();
        }
      },
    ),
    { numRuns: 60 },
  );
});

function countByHand(trail: TestTrail, field: FieldName, filter: Filter) {
  const counts = new Map<string, number>();
  for (const seq of expected(trail, filter, 'asc')) {
    const value = trail.kept[seq]?.envelope[field];
    if (value !== undefined) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  }
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
}

test('facets are what counting every record gives', async () => {
  const asked = fc.record({
    fields: fc.uniqueArray(fc.constantFrom(...FACET_FIELDS), { minLength: 1, maxLength: 4 }),
    mayEstimate: fc.boolean(),
    query,
    limit: fc.constantFrom(2, 1000),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(batch, { minLength: 1, maxLength: 8 }),
      fc.array(asked, { minLength: 4, maxLength: 8 }),
      async (batches, questions) => {
        const trail = await openTrail();
        try {
          for (const events of batches) await grow(trail, events);
          await trail.indexer(SIZES).catchUp(1);
          for (const { query: given, ...more } of questions) {
            const filter = parseFilter(given);
            const request = { app: 1, filter, ...more };
            const found = await trail.snapshot((at) => readFacets(at, request, soon()));
            assert.equal(found.sample, null);
            assert.deepEqual(Object.keys(found.fields), more.fields);
            for (const field of more.fields) {
              const counts = countByHand(trail, field, filter).slice(0, more.limit);
              assert.deepEqual(found.fields[field], counts);
            }
          }
        } finally {
          await trail.close();
        }
      },
    ),
    { numRuns: 40 },
  );
});

function checkHistogram(trail: TestTrail, request: HistogramRequest, found: Histogram): void {
  const { filter, by, buckets, interval_ms } = request;
  const { data } = found;
  let sum = 0;
  for (const [i, { from, to, count, by: values }] of data.entries()) {
    const bucket = { ...filter, from: Date.parse(from), to: Date.parse(to) };
    assert.equal(from, i === 0 ? found.from : data[i - 1]?.to);
    assert.equal(count, expected(trail, bucket, 'asc').length);
    sum += count;
    if (by === null) continue;
    const counts = countByHand(trail, by, bucket).map(({ value, count }) => [value, count]);
    assert.deepEqual({ ...values }, Object.fromEntries(counts));
  }
  assert.equal(found.exact, true);
  assert.equal(found.to, data.at(-1)?.to ?? null);
  assert.equal(sum, expected(trail, filter, 'asc').length);
  assert.ok(data.length <= (interval_ms === null ? buckets : BUCKETS_MAX));
  for (const name of ['from', 'to'] as const) {
    if (data.length === 0 || filter[name] === undefined) continue;
    assert.equal(found[name], new Date(filter[name]).toISOString());
  }
}

test('histograms are what counting every record between two times gives', async () => {
  const asked = fc.record({
    query,
    by: fc.constantFrom(null, ...HISTOGRAM_FIELDS),
    buckets: fc.constantFrom(1, 2, 3, 7, 400),
    interval_ms: fc.constantFrom(null, null, INTERVALS_MS.second, INTERVALS_MS.week),
  });
  const removed = fc.uniqueArray(fc.nat(30), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(batch, { minLength: 1, maxLength: 8 }),
      fc.array(asked, { minLength: 4, maxLength: 8 }),
      fc.array(removed, { maxLength: 2 }),
      async (batches, questions, removals) => {
        const trail = await openTrail();
        try {
          for (const events of batches) await grow(trail, events);
          const indexer = trail.indexer(SIZES);
          for (const [i, seqs] of removals.entries()) {
            if (i === 0) await indexer.catchUp(1);
            const there = seqs.filter((seq) => seq < trail.kept.length && !trail.removed.has(seq));
            trail.now += 1000;
            if (there.length > 0) {
              await trail.remove(there.toSorted((a, b) => a - b).map((seq) => [seq, seq + 1]));
            }
          }
          if (removals.length !== 1) await indexer.catchUp(1);
          for (const { query: given, ...more } of questions) {
            const filter = parseFilter(given);
            const request = { app: 1, filter, now: trail.now, ...more };
            const found = await trail.snapshot((at) => readHistogram(at, request, soon()));
            checkHistogram(trail, request, found);
          }
        } finally {
          await trail.close();
        }
      },
    ),
    { numRuns: 60 },
  );
});
