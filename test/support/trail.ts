import assert from 'node:assert/strict';

import type { Affidavit } from './server.ts';

/** For tests: writing to the trail and reading it back over HTTP. */

export interface Entry {
  readonly event_id: string;
  readonly seq: number;
  readonly created_at: string;
  readonly event_type: string;
  readonly prev_hash: string;
  readonly leaf_hash: string;
  readonly [field: string]: unknown;
}

export interface Page {
  readonly data: Entry[];
  readonly next_cursor: string | null;
  readonly has_more: boolean;
}

export interface Acknowledged {
  readonly event_id: string;
  readonly seq: number;
  readonly created_at: string;
  readonly leaf_hash: string;
}

export interface Written {
  readonly events: Acknowledged[];
  readonly checkpoint: string;
}

export async function getPage(server: Affidavit, query: string): Promise<Page> {
  const { status, body, text } = await server.request<Page>('GET', `/v1/events?${query}`);
  assert.equal(status, 200, text);
  return body;
}

/** All entries that a query finds, page by page from the oldest. */
export async function readAll(server: Affidavit, query = ''): Promise<Entry[]> {
  const entries: Entry[] = [];
  let cursor = '';
  for (let pages = 0; pages < 1000; pages++) {
    const page = await getPage(server, `order=asc&limit=1000${and(query)}${cursor}`);
    entries.push(...page.data);
    if (!page.has_more) return entries;
    cursor = `&cursor=${page.next_cursor}`;
  }
  throw new Error('the trail has no end');
}

export const and = (query: string) => (query === '' ? '' : `&${query}`);

export async function write(server: Affidavit, body: object): Promise<Written> {
  const answer = await server.request<Written>('POST', '/v1/events', { body });
  assert.equal(answer.status, 201, answer.text);
  return answer.body;
}

export const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks again until it holds; fails with what it waited for. */
export async function eventually(
  what: string,
  test: () => Promise<boolean> | boolean,
  limitMs = 20_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await test())) {
    assert.ok(performance.now() < end, `waited in vain: ${what}`);
    await sleep(25);
  }
}

/** Everything that was acknowledged is there, once, in the place that was promised. */
export function assertKept(acknowledged: Iterable<Acknowledged>, entries: readonly Entry[]) {
  const byId = new Map(entries.map((entry) => [entry.event_id, entry]));
  assert.equal(byId.size, entries.length, 'no event stands twice');
  for (const { event_id, seq, leaf_hash, created_at } of acknowledged) {
    const entry = byId.get(event_id);
    assert.ok(entry, `${event_id} was acknowledged and is gone`);
    assert.deepEqual(
      { seq: entry.seq, leaf_hash: entry.leaf_hash, created_at: entry.created_at },
      { seq, leaf_hash, created_at },
    );
  }
}
