import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { AffidavitError } from '@affidavit/schema';
import * as fc from 'fast-check';

import { csvChunk, CSV_HEADER } from './csv.ts';
import { decodeCursor, encodeCursor, type Order } from './cursor.ts';
import { Deadline } from './deadline.ts';
import { parseFilter, type Filter, type Query } from './filter.ts';
import { matches } from './match.ts';
import { readPage } from './page.ts';
import { openTrail, soon, type Sent, type TestTrail } from './trail.fixture.ts';

const fails = (code: string, field?: string) => (error: unknown) => {
  assert.ok(error instanceof AffidavitError, String(error));
  assert.deepEqual([error.code, error.details.field], [code, field]);
  return true;
};

let trail: TestTrail;
beforeEach(async () => {
  trail = await openTrail();
});
afterEach(() => trail.close());

describe('cursors', () => {
  const filter = parseFilter({ provider: 'crm', run_id: 'r1' });

  test('come back as they were made, however the conditions were ordered', () => {
    const text = encodeCursor(1, filter, { seq: 41, order: 'asc' });
    assert.deepEqual(decodeCursor(1, filter, 'asc', text), { seq: 41, order: 'asc' });
    const turned = parseFilter({ run_id: 'r1', provider: 'crm' });
    assert.equal(decodeCursor(1, turned, 'asc', text).seq, 41);
    const start = encodeCursor(1, filter, { seq: -1, order: 'asc' });
    assert.equal(decodeCursor(1, filter, 'asc', start).seq, -1);
  });

  test('belong to one app, one order and one question', () => {
    const text = encodeCursor(1, filter, { seq: 41, order: 'asc' });
    const others: [number, Filter, Order][] = [
      [2, filter, 'asc'],
      [1, filter, 'desc'],
      [1, parseFilter({}), 'asc'],
      [1, parseFilter({ provider: 'crm', run_id: 'r2' }), 'asc'],
      [1, parseFilter({ provider: 'crm', run_id: 'r1', q: 'x' }), 'asc'],
      [1, parseFilter({ provider: 'crm', run_id: 'r1', from: '2026-01-01' }), 'asc'],
      [1, { ...filter, finals: true }, 'asc'],
    ];
    for (const [app, other, order] of others) {
      assert.throws(() => decodeCursor(app, other, order, text), fails('invalid_cursor', 'cursor'));
    }
  });

  test('are refused when they are damaged', () => {
    const text = encodeCursor(1, filter, { seq: 41, order: 'asc' });
    const question = Buffer.from(text, 'base64url').toString().split('.')[2] as string;
    const made = (raw: string) => Buffer.from(raw).toString('base64url');
    const damaged = [
      '',
      'x',
      'null',
      `${text}=`,
      `${text} `,
      text.slice(1),
      text.slice(0, -1),
      made(`2.41.${question}`),
      made(`1.-2.${question}`),
      made(`1.041x.${question}`),
      made(`1.1e3.${question}`),
      made(`1.9999999999999999.${question}`),
      made(`1.41.${question}.more`),
      made('1.41.undefined'),
      made('1.41'),
      '\u{1f980}'.repeat(10),
      'A'.repeat(100_000),
    ];
    for (const one of damaged) {
      assert.throws(() => decodeCursor(1, filter, 'asc', one), fails('invalid_cursor', 'cursor'));
    }
    fc.assert(
      fc.property(fc.string(), (one) => {
        assert.throws(() => decodeCursor(1, filter, 'asc', one), fails('invalid_cursor', 'cursor'));
      }),
    );
  });

  test('an ascending reader of an empty trail gets everything that comes later', async () => {
    const empty = parseFilter({});
    const read = (cursor?: string) =>
      trail.snapshot((at) =>
        readPage(
          at,
          { app: 1, filter: empty, order: 'asc', limit: 2, ...(cursor ? { cursor } : {}) },
          soon(),
        ),
      );
    const first = await read();
    assert.deepEqual([first.records, first.has_more], [[], false]);
    await trail.append([{ event_type: 'a.b' }, { event_type: 'a.b' }, { event_type: 'a.b' }]);
    const second = await read(first.next_cursor as string);
    assert.deepEqual([second.records.map(({ seq }) => seq), second.has_more], [[0, 1], true]);
    const third = await read(second.next_cursor as string);
    assert.deepEqual([third.records.map(({ seq }) => seq), third.has_more], [[2], false]);
    assert.deepEqual((await read(third.next_cursor as string)).records, []);
  });
});

describe('filters', () => {
  const refused: readonly (readonly [Query, string, string])[] = [
    [{ provder: 'crm' }, 'unknown_filter', 'provder'],
    [{ reason: 'x' }, 'unknown_filter', 'reason'],
    [{ constructor: 'x' }, 'unknown_filter', 'constructor'],
    [{ url: 'x' }, 'unknown_filter', 'url'],
    [{ provider: '' }, 'invalid_request', 'provider'],
    [{ provider: 'x'.repeat(1025) }, 'invalid_request', 'provider'],
    [{ provider: Array.from({ length: 51 }, () => 'x') }, 'invalid_request', 'provider'],
    [{ provider: [] }, 'invalid_request', 'provider'],
    [{ outcome: 'won' }, 'invalid_request', 'outcome'],
    [{ response_status: '99' }, 'invalid_request', 'response_status'],
    [{ response_status: '2e2' }, 'invalid_request', 'response_status'],
    [{ dry_run: 'yes' }, 'invalid_request', 'dry_run'],
    [{ trace_id: 'xyz' }, 'invalid_request', 'trace_id'],
    [{ event_type: 'Bad Type' }, 'invalid_request', 'event_type'],
    [{ event_type: '*.called' }, 'invalid_request', 'event_type'],
    [{ from: 'yesterday' }, 'invalid_request', 'from'],
    [{ to: '2026-13-01' }, 'invalid_request', 'to'],
    [{ from: ['2026-01-01', '2026-01-02'] }, 'invalid_request', 'from'],
    [{ q: '"!?"' }, 'invalid_request', 'q'],
    [{ q: 'x '.repeat(17) }, 'invalid_request', 'q'],
  ];
  for (const [query, code, field] of refused) {
    test(`${JSON.stringify(query).slice(0, 60)} is refused`, () =>
      assert.throws(() => parseFilter(query), fails(code, field)));
  }

  test('times are read as UTC where they do not say', () => {
    const at = (from: string) => parseFilter({ from }).from;
    const noon = Date.UTC(2026, 10, 21, 12);
    assert.equal(at('2026-11-21'), Date.UTC(2026, 10, 21));
    assert.equal(at('2026-11-21T12:00'), noon);
    assert.equal(at('2026-11-21T12:00:00'), noon);
    assert.equal(at('2026-11-21T12:00:00.000Z'), noon);
    assert.equal(at('2026-11-21T14:00:00+02:00'), noon);
    assert.equal(at('2026-11-21T04:30-07:30'), noon);
  });

  test('words are beginnings of words, phrases stand as they are but for case', () => {
    const record: Sent = {
      event_type: 'api.called',
      reason: 'Refund for Müller & Söhne',
      url: 'https://api.example/v1/refunds?id=7',
      context: { tool: 'billing-bot' },
      error_code: 'card_declined',
      task_context: 'Quarterly close',
      verb: 'stripe:refund',
      principal_id: 'not searched',
    };
    const found = (q: string) => matches(record, parseFilter({ q }));
    for (const q of ['ref', 'REFUND müller', 'bot', 'v1', 'card', 'declined', 'quart', 'stripe']) {
      assert.ok(found(q), q);
    }
    for (const q of ['"müller & s"', '"EFUND FOR"', '"v1/refunds?id=7"', 'söhne "for müller"']) {
      assert.ok(found(q), q);
    }
    for (const q of ['fund', 'refund zzz', '"for söhne"', 'searched', 'api.called']) {
      assert.ok(!found(q), q);
    }
  });
});

test('a query past its deadline ends with a clear error', async () => {
  await trail.append([{ event_type: 'a.b' }]);
  const request = { app: 1, filter: parseFilter({}), order: 'asc', limit: 1 } as const;
  const read = trail.snapshot((at) => readPage(at, request, new Deadline(Date.now() - 1)));
  await assert.rejects(read, fails('query_timeout'));
});

describe('CSV', () => {
  const formulas = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1', '＋1'];

  test('text that a spreadsheet would run is not, and nothing else is changed', async () => {
    const reasons = [...formulas, 'plain', 'a,b', 'say "hi"', 'two\nlines', "'quoted", ' =1', '漢'];
    await trail.append(
      reasons.map((reason) => ({ event_type: 'a.b', reason, context: { k: '=1' }, dry_run: true })),
    );
    const request = { app: 1, filter: parseFilter({}), order: 'asc', limit: 100 } as const;
    const page = await trail.snapshot((at) => readPage(at, request, soon()));
    const [header, ...rows] = parseCsv(CSV_HEADER + csvChunk(page.records));
    const column = (name: string) => rows.map((row) => row[header?.indexOf(name) as number]);
    assert.deepEqual(
      column('reason'),
      reasons.map((reason) => (formulas.includes(reason) ? `'${reason}` : reason)),
    );
    assert.deepEqual(new Set(column('context')), new Set(['{"k":"=1"}']));
    assert.deepEqual(new Set(column('dry_run')), new Set(['true']));
    assert.deepEqual(
      column('seq'),
      reasons.map((_, seq) => String(seq)),
    );
    assert.ok(rows.every((row) => row.length === header?.length));
  });
});

/** RFC 4180, as a reader that is not ours would see it. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [whole, quoted, plain, end] of text.matchAll(
    /(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/g,
  )) {
    if (whole === '') break;
    row.push(quoted === undefined ? (plain as string) : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
