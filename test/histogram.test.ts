import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { countValues, matchesText } from './support/naive-query.ts';
import { startAffidavit, type Affidavit } from './support/server.ts';
import { readAll, type Entry } from './support/trail.ts';
import { variedEvent } from './support/varied-events.ts';
import { ask, makeApp, problem, type AppUnderTest } from './support/world.ts';

/** Counts over time and by value against a recount by hand. */

const BATCH = 1000;
const BATCHES = 6;

interface Bucket {
  readonly from: string;
  readonly to: string;
  readonly count: number;
  readonly by?: Readonly<Record<string, number>>;
}
interface Histogram {
  readonly from: string | null;
  readonly to: string | null;
  readonly interval_ms: number | null;
  readonly field?: string;
  readonly data: readonly Bucket[];
  readonly exact: boolean;
  readonly sample?: { readonly candidates: number; readonly read: number };
}

let server: Affidavit;
let app: AppUnderTest;
let entries: Entry[];

before(async () => {
  server = await startAffidavit();
  app = await makeApp(server, 'histogram');
  for (let batch = 0; batch < BATCHES; batch++) {
    const events = Array.from({ length: BATCH }, (_, i) => variedEvent(batch * BATCH + i, 'test'));
    await ask(server, 201, 'POST', '/v1/events', { key: app.key, body: { events } });
  }
  // What reading it leaves behind is by others.
  entries = await readAll(server, `caller=test&app_id=${app.app_id}`);
  assert.equal(entries.length, BATCH * BATCHES);
});
after(async () => assert.equal(await server.stop(), 0, server.stdout()));

const get = (query: string) =>
  ask<Histogram>(server, 200, 'GET', `/v1/events/histogram?caller=test&${query}`, { key: app.key });

const within = ({ from, to }: Pick<Bucket, 'from' | 'to'>, some: readonly Entry[]) =>
  some.filter(({ created_at }) => created_at >= from && created_at < to);

function countBy(some: readonly Entry[], field: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { [field]: value } of some) {
    if (value !== undefined) counts[String(value)] = (counts[String(value)] ?? 0) + 1;
  }
  return counts;
}

/** Buckets side by side, each with what is in it. */
function checkBuckets({ from, to, data }: Histogram, some: readonly Entry[], field?: string): void {
  assert.deepEqual([data[0]?.from, data.at(-1)?.to], [from, to]);
  let counted = 0;
  for (const [i, bucket] of data.entries()) {
    if (i > 0) assert.equal(bucket.from, data[i - 1]?.to);
    const inside = within(bucket, some);
    assert.equal(bucket.count, inside.length);
    if (field) assert.deepEqual(bucket.by, countBy(inside, field));
    counted += bucket.count;
  }
  assert.equal(counted, some.length);
}

describe('facets of several fields', () => {
  interface Facets {
    readonly fields: Readonly<Record<string, readonly { value: string; count: number }[]>>;
    readonly exact: boolean;
    readonly sample?: Histogram['sample'];
  }
  const FIELDS = ['provider', 'outcome', 'agent_id'];
  const facets = (query: string) => {
    const asked = FIELDS.map((field) => `field=${field}`).join('&');
    const path = `/v1/events/facets?caller=test&${asked}&limit=100&${encodeURI(query)}`;
    return ask<Facets>(server, 200, 'GET', path, { key: app.key });
  };

  it('are the facets of each', async () => {
    const cases: [string, (entry: Entry) => boolean][] = [
      ['', () => true],
      ['grant_id=grt_7', ({ grant_id }) => grant_id === 'grt_7'],
      ['q=zürich', (entry) => matchesText(entry, 'zürich')],
    ];
    for (const [query, test] of cases) {
      const some = entries.filter(test);
      const fields = Object.fromEntries(FIELDS.map((name) => [name, countValues(some, name)]));
      assert.deepEqual(await facets(query), { fields, exact: true }, query);
    }
  });

  it('are estimated where there is too much text to read', async () => {
    const { fields, exact, sample } = await facets('q="order number"');
    assert.equal(exact, false);
    assert.ok(sample && sample.read <= 3000);
    for (const { value, count } of countValues(entries, 'provider')) {
      const found = fields['provider']?.find((one) => one.value === value)?.count ?? 0;
      assert.ok(Math.abs(found - count) < count / 4, `${value}: ${found} for ${count}`);
    }
  });
});

describe('a histogram', () => {
  it('counts what each filter finds, told apart by a field', async () => {
    const cases: [string, (entry: Entry) => boolean][] = [
      ['', () => true],
      ['provider=github', ({ provider }) => provider === 'github'],
      [
        'provider=github&provider=slack&outcome=error',
        (e) => (e.provider === 'github' || e.provider === 'slack') && e.outcome === 'error',
      ],
      ['event_type=mail.*', ({ event_type }) => event_type.startsWith('mail.')],
      ['q=zürich', (entry) => matchesText(entry, 'zürich')],
    ];
    for (const [query, test] of cases) {
      for (const field of ['outcome', 'action_type'] as const) {
        const found = await get(`${encodeURI(query)}&interval=second&by=${field}`);
        assert.deepEqual([found.exact, found.field, found.interval_ms], [true, field, 1000]);
        checkBuckets(found, entries.filter(test), field);
      }
    }
  });

  it('begins and ends where it is told to, and has no more buckets than asked for', async () => {
    const [from, to] = [700, 5200].map((seq) => String(entries[seq]?.created_at));
    for (const buckets of [1, 2, 60, 400]) {
      const found = await get(`from=${from}&to=${to}&buckets=${buckets}`);
      assert.deepEqual([found.from, found.to], [from, to]);
      assert.ok(found.data.length >= 1 && found.data.length <= buckets);
      checkBuckets(found, within({ from: String(from), to: String(to) }, entries));
    }
    const since = await get(`from=${from}`);
    assert.ok(String(since.to) > String(entries.at(-1)?.created_at), 'the time ends now');
    const nothing = await get('provider=nobody');
    assert.deepEqual(nothing, { from: null, to: null, interval_ms: null, data: [], exact: true });
    const empty = await get('provider=nobody&from=2026-01-01&to=2026-01-31&interval=day');
    assert.deepEqual([empty.data.length, empty.data[0]?.count], [30, 0]);
  });

  it('estimates what there is too much text to read of, and says so', async () => {
    const { exact, sample, data } = await get('q="order%20number"&buckets=1');
    const count = entries.filter((entry) => matchesText(entry, '"order number"')).length;
    assert.equal(exact, false);
    assert.ok(sample && sample.read <= 3000 && sample.candidates >= count);
    assert.ok(Math.abs(Number(data[0]?.count) - count) < count / 10, `${data[0]?.count}`);
  });

  it('leaves out what was erased', async () => {
    const gone = entries.filter(({ principal_id }) => principal_id === 'user-7');
    const body = { principal_id: 'user-7', reason: 'asked for' };
    await ask(server, 201, 'POST', `/v1/erasures?app_id=${app.app_id}`, { body });
    entries = entries.filter((entry) => !gone.includes(entry));
    assert.ok(gone.length > 0);
    checkBuckets(await get('interval=second'), entries);
    const all = await ask<Histogram>(server, 200, 'GET', '/v1/events/histogram?buckets=1', {
      key: app.key,
    });
    const listed = await readAll(server, `app_id=${app.app_id}`);
    const [bucket] = all.data as [Bucket];
    assert.equal(bucket.count, within(bucket, listed).length);
  });

  it('refuses what it does not know, by name', async () => {
    const cases: [string, string][] = [
      ['by=provider', 'by'],
      ['buckets=0', 'buckets'],
      ['buckets=401', 'buckets'],
      ['interval=fortnight', 'interval'],
      ['interval=second&from=2026-01-01&to=2026-02-01', 'interval'],
      ['interval=day&buckets=7', 'buckets'],
    ];
    for (const [query, field] of cases) {
      const answer = await server.request('GET', `/v1/events/histogram?${query}`, {
        key: app.key,
      });
      assert.equal(problem(answer, 400, 'invalid_request').field, field, query);
    }
  });
});
