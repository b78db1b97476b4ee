import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, suite, test } from 'node:test';

import { FACET_FIELDS, LOOKUP_FIELDS } from '@affidavit/schema';

import { countValues, matchesAll, matchesText } from './support/naive-query.ts';
import { assertUnderCheckpoint } from './support/naive-ledger.ts';
import { exportTests } from './support/export-tests.ts';
import { onPostgres } from './support/database.ts';
import { startAffidavit, type Affidavit } from './support/server.ts';
import { eventually, getPage, readAll, sleep, write, type Entry } from './support/trail.ts';
import { variedEvent } from './support/varied-events.ts';
import { newEvent } from './support/writers.ts';

/** One trail of more than 65,536 entries: read while it is written, then asked in every way. */

const WRITERS = 6;
const BATCHES = 12;
const BATCH = 1000;

let server: Affidavit;
/** Everything that was there when the writers had ended, in order. */
let entries: Entry[] = [];
before(async () => {
  // On a busy machine a batch of another store takes longer than a caller would wait.
  server = await startAffidavit({ env: { AFFIDAVIT_WRITE_DEADLINE_MS: '20000' } });
});
after(async () => assert.equal(await server.stop(), 0, server.stdout()));

suite('many writers, and readers beside them', () => {
  const acknowledged = new Map<string, number>();
  const ended = new AbortController();
  const isWriting = () => !ended.signal.aborted;

  async function writeBatches(writer: number): Promise<void> {
    for (let batch = 0; batch < BATCHES; batch++) {
      const first = (batch * WRITERS + writer) * BATCH;
      const events = Array.from({ length: BATCH }, (_, i) =>
        variedEvent(first + i, `writer-${writer}`),
      );
      for (const { event_id, seq } of (await write(server, { events })).events) {
        acknowledged.set(event_id, seq);
      }
    }
  }

  async function writeSingles(): Promise<void> {
    while (isWriting()) {
      const [event] = (await write(server, newEvent({ caller: 'single' }))).events;
      acknowledged.set(String(event?.event_id), Number(event?.seq));
    }
  }

  /** Follows from the beginning over the end, until nothing has come since writing ended. */
  async function follow(query: string, limit: number): Promise<Entry[]> {
    const seen: Entry[] = [];
    let cursor = '';
    for (;;) {
      const over = !isWriting();
      const page = await getPage(server, `order=asc&limit=${limit}&${query}${cursor}`);
      assert.ok(page.next_cursor, 'an ascending page always says where to go on');
      seen.push(...page.data);
      cursor = `&cursor=${page.next_cursor}`;
      if (over && page.data.length === 0) return seen;
      if (!page.has_more) await sleep(20);
    }
  }

  /** Pages down from the newest: each entry once, none left out. */
  async function pageDown(pages: number): Promise<number> {
    let passes = 0;
    for (; isWriting(); passes++) {
      await sleep(50);
      let cursor = '';
      let next: number | null = null;
      for (let i = 0; i < pages && cursor !== '&cursor=null'; i++) {
        const page = await getPage(server, `order=desc&limit=300${cursor}`);
        for (const { seq } of page.data) {
          assert.equal(seq, next ?? seq);
          next = seq - 1;
        }
        cursor = `&cursor=${page.next_cursor}`;
      }
    }
    return passes;
  }

  test('each reader sees each entry exactly once, in order', async () => {
    const writers = Array.from({ length: WRITERS }, (_, writer) => writeBatches(writer));
    const singles = [writeSingles(), writeSingles()];
    const readers = Promise.all([
      follow('', 500),
      follow('tenant_id=tenant-1', 1000),
      follow('caller=writer-3&event_type=order.*', 200),
      follow('q=aisle&provider=github', 400),
      pageDown(5),
    ]);
    try {
      await Promise.all(writers);
    } finally {
      ended.abort();
    }
    await Promise.all(singles);
    const [all, ofTenant, ofWriter, ofText, passes] = await readers;
    entries = all;
    assert.ok(passes > 0);
    assert.ok(all.length > 65_536 + 1024);
    assert.deepEqual(
      all.map(({ seq }) => seq),
      all.map((_, index) => index),
    );
    const places = new Map(all.map(({ event_id, seq }) => [event_id, seq]));
    for (const [id, seq] of acknowledged) assert.equal(places.get(id), seq);
    const ids = (some: readonly Entry[]) => some.map(({ event_id }) => event_id);
    assert.deepEqual(ids(ofTenant), ids(all.filter((e) => e.tenant_id === 'tenant-1')));
    const type = (one: Entry) => one.event_type.startsWith('order.');
    assert.deepEqual(ids(ofWriter), ids(all.filter((e) => e.caller === 'writer-3' && type(e))));
    assert.deepEqual(
      ids(ofText),
      ids(all.filter((e) => e.provider === 'github' && matchesText(e, 'aisle'))),
    );
  });

  test('all of it is under the checkpoint', async () => {
    await assertUnderCheckpoint(server, entries);
  });

  const skip = onPostgres && 'looks into the file of the embedded store';
  test('the index reaches behind the merged segment', { skip }, async () => {
    const db = new DatabaseSync(join(server.dataFolder, 'affidavit.db'), { readOnly: true });
    const count = db.prepare('SELECT count(*) AS count FROM segments WHERE first_seq < 65536');
    const end = db.prepare('SELECT max(end_seq) AS end FROM segments');
    await eventually('the index catches up', () => {
      return Number(end.get()?.end) > entries.length - 1024 && Number(count.get()?.count) === 1;
    });
    db.close();
  });
});

/** The first page in both orders is what looking at every entry finds. */
async function assertFinds(query: string, test: (entry: Entry) => boolean): Promise<void> {
  const expected = entries.filter(test).map(({ seq }) => seq);
  assert.ok(expected.length > 0, `nothing to find for ${query}`);
  const known = ({ seq }: Entry) => seq < entries.length;
  const oldest = (await getPage(server, `order=asc&limit=100&${query}`)).data.filter(known);
  assert.deepEqual(
    oldest.map(({ seq }) => seq),
    expected.slice(0, oldest.length),
    query,
  );
  assert.equal(oldest.length, Math.min(100, expected.length), query);
  const newest = (await getPage(server, `order=desc&limit=100&${query}`)).data.filter(known);
  assert.deepEqual(
    newest.map(({ seq }) => seq),
    expected.slice(-newest.length).reverse(),
    query,
  );
}

const sample = () => {
  const found = entries.filter(
    ({ event_id, error_code }) =>
      event_id.startsWith('evt_varied') && error_code !== undefined && entries.length > 0,
  );
  return found[Math.floor(found.length / 2)] as Entry;
};

suite('asking', () => {
  test('by every field there is a filter for, by name', async () => {
    for (const field of LOOKUP_FIELDS) {
      const value = String(sample()[field]);
      assert.notEqual(value, 'undefined', field);
      const query = `${field}=${encodeURIComponent(value)}`;
      await assertFinds(query, (entry) => matchesAll(entry, { [field]: value }));
    }
  });

  test('by all of them at once, and by names that stand for several', async () => {
    const entry = sample();
    const conditions = Object.fromEntries(
      [...LOOKUP_FIELDS].map((field) => [field, String(entry[field])]),
    );
    const query = String(new URLSearchParams({ ...conditions, q: 'refund' }));
    await assertFinds(query, (one) => matchesAll(one, conditions));
    for (const user of ['user-7', 'user-7@example.com']) {
      await assertFinds(`user=${user}`, ({ principal_id }) => principal_id === 'user-7');
    }
    await assertFinds('provider=slack&provider=stripe', ({ provider }) => {
      return provider === 'slack' || provider === 'stripe';
    });
    await assertFinds('event_type=mail.*', ({ event_type }) => event_type.startsWith('mail.'));
  });

  const questions = [
    'refund',
    'REFUND number',
    'numb 4711',
    '"order number 4711"',
    'items 60000',
    'crm update_7',
    'reconcile 36',
    'tool 12 "shelf 28 aisle"',
    'upstream_timeout_3',
    'zürich',
    'GRÜSSE',
    'grüße zür',
    '納品書',
    '"確認 済"',
    'hyperlink evil',
  ];
  for (const question of questions) {
    test(`in free text: ${question}`, async () => {
      const found = entries.some((entry) => matchesText(entry, question));
      const query = `q=${encodeURIComponent(question)}`;
      if (found) await assertFinds(query, (entry) => matchesText(entry, question));
      else assert.deepEqual((await getPage(server, query)).data, []);
    });
  }

  test('from one moment, inclusive, to another, exclusive', async () => {
    const [from, to] = [20_000, 60_000].map((seq) => String(entries[seq]?.created_at));
    const within = ({ created_at }: Entry) => created_at >= String(from) && created_at < String(to);
    await assertFinds(`from=${from}&to=${to}`, within);
    await assertFinds(
      `from=${from}&to=${to}&tenant_id=tenant-3`,
      (entry) => within(entry) && entry.tenant_id === 'tenant-3',
    );
    assert.deepEqual((await getPage(server, `from=${from}&to=${from}`)).data, []);
    assert.deepEqual((await getPage(server, `from=${to}&to=${from}`)).data, []);
    const all = await readAll(server, `from=${from}&to=${to}&caller=single`);
    assert.deepEqual(
      all.map(({ seq }) => seq),
      entries.filter((one) => within(one) && one.caller === 'single').map(({ seq }) => seq),
    );
  });

  test('for the values of a field: counts are exact', async () => {
    const scopes: [string, (entry: Entry) => boolean][] = [
      ['source=reported', ({ source }) => source === 'reported'],
      ['provider=github&outcome=error', (e) => e.provider === 'github' && e.outcome === 'error'],
      ['q=納品書', (entry) => matchesText(entry, '納品書')],
    ];
    for (const [query, within] of scopes) {
      const scope = entries.filter(within);
      for (const field of FACET_FIELDS) {
        const path = `/v1/events/facets?field=${field}&limit=1000&${encodeURI(query)}`;
        const { body, text } = await server.request<{ data: unknown }>('GET', path);
        assert.deepEqual(body.data, countValues(scope, field), `${path} ${text.slice(0, 200)}`);
      }
    }
  });

  test('by what is no filter: refused by name', async () => {
    for (const name of ['colour', 'latency_ms', 'reason', 'seq', 'event_id_', 'Provider']) {
      const { status, body } = await server.request('GET', `/v1/events?${name}=1`);
      assert.deepEqual([status, body.code, body.field], [400, 'unknown_filter', name]);
    }
  });
});

exportTests(
  () => server,
  () => entries,
);

suite('a query that takes too long', () => {
  before(async () => {
    const { dataFolder } = server;
    await server.stop();
    server = await startAffidavit({ dataFolder, env: { AFFIDAVIT_QUERY_DEADLINE_MS: '500' } });
  });

  test('ends with query_timeout, and writes go on meanwhile', async () => {
    // All of its words but the first are everywhere, and the phrase is nowhere.
    const q = encodeURIComponent('"zebra refund order number" "zebra order refund number"');
    const queries = [1, 2, 3, 4].map(() => server.request('GET', `/v1/events?q=${q}`));
    const asking = new Set(queries);
    for (const query of queries) void query.finally(() => asking.delete(query));
    let written = 0;
    while (asking.size > 0) {
      await write(server, newEvent());
      written++;
    }
    for (const { status, body } of await Promise.all(queries)) {
      assert.deepEqual([status, body.code], [504, 'query_timeout']);
      assert.ok(String(body.advice).length > 0);
    }
    assert.ok(written > 1);
    const page = await getPage(server, 'limit=1&tenant_id=tenant-1');
    assert.equal(page.data.length, 1, 'other questions are answered again');
  });
});
