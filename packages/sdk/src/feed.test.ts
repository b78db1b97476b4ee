import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as fc from 'fast-check';

import { Affidavit } from './client.ts';
import { Feed } from './feed.ts';
import { collect, sendJson, startLoopback } from './testing/loopback.ts';
import type { Seen } from './testing/loopback.ts';
import { queryString } from './transport.ts';
import type { Query } from './transport.ts';

interface Numbered {
  readonly seq: number;
}

/** The page of a trail of `size` entries that the query asks for; a cursor is the next seq. */
function pageOf(size: number, query: URLSearchParams) {
  const first = Number(query.get('cursor') ?? 0);
  const limit = Number(query.get('limit') ?? 50);
  const next = Math.min(size, first + limit);
  const data = Array.from({ length: Math.max(0, next - first) }, (_, n) => ({ seq: first + n }));
  return { data, next_cursor: String(next), has_more: next < size };
}

const fromMemory = (size: () => number) => (query: Query) =>
  Promise.resolve(pageOf(size(), new URLSearchParams(queryString(query))));

describe('Feed', () => {
  it('asks ascending with the filter and passes the cursor on', async (t) => {
    const server = await startLoopback((request, response) =>
      sendJson(response, 200, pageOf(5, request.query)),
    );
    t.after(server.close);
    const client = new Affidavit({ url: server.url, apiKey: 'k' });
    const since = new Date('2026-11-01T00:00:00Z');
    const feed = client.events({ outcome: 'success', from: since }, { limit: 2 });
    const entries = await collect(feed);
    assert.deepEqual(
      entries.map((entry) => entry.seq),
      [0, 1, 2, 3, 4],
    );
    const asked = server.seen.map((request: Seen) => Object.fromEntries(request.query));
    const base = { outcome: 'success', from: '2026-11-01T00:00:00.000Z', order: 'asc', limit: '2' };
    assert.deepEqual(asked, [base, { ...base, cursor: '2' }, { ...base, cursor: '4' }]);
    assert.equal(feed.cursor, '5');
  });

  it('keeps the cursor behind the page until the page is dealt with', async () => {
    const feed = new Feed<Numbered>(
      fromMemory(() => 6),
      {},
      { limit: 3 },
    );
    for await (const entry of feed) {
      assert.equal(feed.cursor, entry.seq < 3 ? null : '3');
      if (entry.seq === 4) break;
    }
    assert.equal(feed.cursor, '3');
    const rest = await collect(feed);
    assert.deepEqual(
      rest.map((entry) => entry.seq),
      [3, 4, 5],
    );
  });

  it('follows what is new and ends with its signal', async () => {
    let size = 2;
    const controller = new AbortController();
    const feed = new Feed<Numbered>(
      fromMemory(() => size),
      {},
      { follow: true, pollMs: 1, signal: controller.signal },
    );
    const seen: number[] = [];
    const reading = (async () => {
      for await (const entry of feed) {
        seen.push(entry.seq);
        if (entry.seq === 1) size = 4;
        if (entry.seq === 3) controller.abort(new Error('enough'));
      }
    })();
    await assert.rejects(reading, { message: 'enough' });
    assert.deepEqual(seen, [0, 1, 2, 3]);
  });

  it('refuses to follow backwards', () => {
    assert.throws(() => new Feed(() => Promise.resolve({}), {}, { follow: true, order: 'desc' }), {
      code: 'invalid_request',
      field: 'order',
    });
  });

  it('stops on a cursor that does not move', async () => {
    const stuck = { data: [{ seq: 0 }], next_cursor: 'same', has_more: true };
    const feed = new Feed<Numbered>(() => Promise.resolve(stuck), {}, { cursor: 'same' });
    await assert.rejects(collect(feed), { code: 'unexpected_answer' });
  });

  it('misses nothing and repeats at most one page, wherever a worker dies', async () => {
    const arbitrary = fc.record({
      size: fc.nat({ max: 60 }),
      limit: fc.integer({ min: 1, max: 9 }),
      deaths: fc.array(fc.nat({ max: 60 }), { maxLength: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(arbitrary, async ({ size, limit, deaths }) => {
        const dealt: number[] = [];
        let stored: string | null = null;
        for (const death of [...deaths, Number.POSITIVE_INFINITY]) {
          const cursor: string | undefined = stored ?? undefined;
          const feed: Feed<Numbered> = new Feed(
            fromMemory(() => size),
            {},
            { limit, cursor },
          );
          let count = 0;
          for await (const entry of feed) {
            stored = feed.cursor;
            if (count === death) break;
            dealt.push(entry.seq);
            count += 1;
          }
        }
        const expected = Array.from({ length: size }, (_, n) => n);
        assert.deepEqual(
          [...new Set(dealt)].sort((a, b) => a - b),
          expected,
        );
        assert.ok(dealt.length <= size + deaths.length * limit);
      }),
    );
  });
});
