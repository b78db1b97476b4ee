import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { AffidavitError } from '@affidavit/schema';
import * as fc from 'fast-check';

import type { Effect } from '../store/port.ts';
import type { Order } from './cursor.ts';
import { readExecution, readExecutions } from './executions.ts';
import { parseFilter, type Filter, type Query } from './filter.ts';
import { matches } from './match.ts';
import { openTrail, soon, START, type Sent, type TestTrail } from './trail.fixture.ts';

let trail: TestTrail;
beforeEach(async () => {
  trail = await openTrail();
});
afterEach(() => trail.close());

describe('executions', () => {
  const intent = (id: number, provider: string, seq: number): [Sent, Effect] => [
    { event_type: 'credential.retrieved', execution_id: `exe_${id}`, provider },
    {
      op: 'insert',
      table: 'open_intents',
      row: {
        app: 1,
        execution_id: `exe_${id}`,
        event_id: `evt_${seq}`,
        process_id: 'prc',
        intent: '{}',
        created_at: START,
      },
    },
  ];
  const outcome = (id: number, provider: string): [Sent, Effect] => [
    { event_type: 'api.called', execution_id: `exe_${id}`, provider, outcome: 'success' },
    { op: 'delete', table: 'open_intents', where: { app: 1, execution_id: `exe_${id}` } },
  ];

  test('pages hold each ended execution and each open intent once, in order', async () => {
    const step = fc.tuple(fc.boolean(), fc.nat(20), fc.constantFrom('crm', 'mail'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 40 }),
        fc.constantFrom<Order>('asc', 'desc'),
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom<Query>({}, { provider: 'crm' }, { event_type: 'api.*' }),
        async (steps, order, limit, query) => {
          const own = await openTrail();
          try {
            const open = new Map<number, [number, string]>();
            const expected: number[] = [];
            const filter = parseFilter(query);
            const wanted = (seq: number) => matches(own.kept[seq]?.envelope ?? {}, filter);
            let next = 0;
            for (const [begins, pick, provider] of steps) {
              const seq = own.kept.length;
              const started = [...open][pick % Math.max(open.size, 1)];
              const [event, effect] =
                begins || !started
                  ? intent(next, provider, seq)
                  : outcome(started[0], started[1][1]);
              if (begins || !started) open.set(next++, [seq, provider]);
              else open.delete(started[0]);
              await own.append([event], [effect]);
              if (event.outcome !== undefined && wanted(seq)) expected.push(seq);
            }
            for (const [seq] of open.values()) if (wanted(seq)) expected.push(seq);
            expected.sort((a, b) => (order === 'asc' ? a - b : b - a));
            await own.indexer({ small: 4, merged: 16 }).catchUp(1);
            assert.deepEqual(await readAll(own, filter, order, limit), expected);
            const unended = [...open.values()].map(([seq]) => seq);
            const opened = expected.filter((seq) => unended.includes(seq));
            const onlyOpen = { ...filter, open: true } as const;
            assert.deepEqual(await readAll(own, onlyOpen, order, limit), opened);
          } finally {
            await own.close();
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  async function readAll(own: TestTrail, filter: Filter, order: Order, limit: number) {
    const seqs: number[] = [];
    let cursor: string | undefined;
    for (let pages = 0; pages < 100; pages++) {
      const request = { app: 1, filter, order, limit, ...(cursor === undefined ? {} : { cursor }) };
      const page = await own.snapshot((at) => readExecutions(at, request, soon()));
      seqs.push(...page.records.map(({ seq }) => seq));
      if (!page.has_more) return seqs;
      cursor = page.next_cursor as string;
    }
    return assert.fail('the pages do not end');
  }

  test('one execution is its entries merged, the later over the earlier', async () => {
    const [start, opens] = intent(7, 'crm', 0);
    await trail.append([{ ...start, reason: 'why', method: 'GET' }], [opens]);
    await trail.append([{ event_type: 'api.called', execution_id: 'exe_8', outcome: 'error' }]);
    const [end, closes] = outcome(7, 'crm');
    await trail.append([{ ...end, response_body: { ok: true }, response_status: 200 }], [closes]);
    const text = await trail.snapshot((at) => readExecution(at, 1, 'exe_7', soon()));
    const found = JSON.parse(text) as Record<string, unknown>;
    assert.deepEqual(
      [found.reason, found.outcome, found.response_status, found.response_body, found.event_type],
      ['why', 'success', 200, { ok: true }, 'api.called'],
    );
    const entries = found.entries as { seq: number; event_id: string; outcome?: string }[];
    assert.deepEqual(
      entries.map(({ seq, event_id, outcome: ended }) => [seq, event_id, ended]),
      [
        [0, 'evt_0', undefined],
        [2, 'evt_2', 'success'],
      ],
    );
  });

  test('one that nobody knows is not found', async () => {
    const read = trail.snapshot((at) => readExecution(at, 1, 'exe_none', soon()));
    await assert.rejects(read, (error: AffidavitError) => {
      assert.ok(error instanceof AffidavitError);
      assert.deepEqual([error.code, error.details.field], ['not_found', 'execution_id']);
      return true;
    });
  });
});
