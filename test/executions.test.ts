import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import { grantOn, startProvider, type Provider } from './support/provider.ts';
import { startAffidavit, type Affidavit } from './support/server.ts';
import { and, eventually, write, type Entry, type Page } from './support/trail.ts';

/** Executions: intent and outcome as one, while calls are under way and after. */

const ENDED = 40;
const OPEN = 3;

let server: Affidavit;
let provider: Provider;
let grant_id: string;
/** Ids of executions in the order in which they ended. */
const ended: string[] = [];
let unanswered: Promise<unknown>;

const call = (body: object) => server.request('POST', '/v1/request', { body });

async function list(query: string): Promise<Page> {
  const { status, body, text } = await server.request<Page>('GET', `/v1/executions?${query}`);
  assert.equal(status, 200, text);
  return body;
}

const ids = (entries: readonly Entry[]) => entries.map((entry) => String(entry.execution_id));

async function pages(query: string, order: 'asc' | 'desc'): Promise<Entry[]> {
  const all: Entry[] = [];
  let cursor = '';
  for (let i = 0; i < 100; i++) {
    const page = await list(`order=${order}&limit=7${and(query)}${cursor}`);
    all.push(...page.data);
    assert.ok(page.data.length === 7 || !page.has_more);
    if (!page.has_more) return all;
    cursor = `&cursor=${page.next_cursor}`;
  }
  throw new Error('the list has no end');
}

before(async () => {
  provider = await startProvider();
  server = await startAffidavit();
  grant_id = await grantOn(server, provider);
  for (let i = 0; i < ENDED; i++) {
    const run = { run_id: `run-${i % 4}`, caller: `caller-${i % 3}`, reason: `parcel ${i}` };
    // Every tenth goes where the grant does not reach: refused, and on the record as well.
    const url = i % 10 === 9 ? 'http://127.0.0.1:1/' : `${provider.url}/orders/${i}`;
    const { body } = await call({ grant_id, url, ...run });
    ended.push(String(body.execution_id));
    await write(server, { event_type: 'order.placed', reason: 'no execution' });
  }
  const never = { grant_id, url: `${provider.url}/never`, run_id: 'run-0', reason: 'waiting' };
  unanswered = Promise.allSettled(Array.from({ length: OPEN }, () => call(never)));
  await eventually('calls are under way', () => provider.calls.includes('/never'));
  await eventually('all of them', () => {
    return provider.calls.filter((path) => path === '/never').length === OPEN;
  });
});
after(async () => {
  await provider.close();
  await unanswered;
  assert.equal(await server.stop(), 0, server.stdout());
});

suite('executions', () => {
  test('each stands once, in both orders, open ones with their intent', async () => {
    const ascending = await pages('', 'asc');
    assert.equal(ascending.length, ENDED + OPEN);
    assert.deepEqual(ids(ascending).slice(0, ENDED), ended);
    const open = ascending.slice(ENDED);
    assert.ok(
      open.every(({ outcome, event_type }) => !outcome && event_type === 'credential.retrieved'),
    );
    assert.deepEqual(ids(await pages('', 'desc')), ids(ascending).reverse());
    assert.deepEqual(ids(await pages('open=true', 'asc')), ids(open));
    assert.deepEqual(await pages('open=true&run_id=run-1', 'desc'), []);
    const { status, body } = await server.request('GET', '/v1/executions?open=perhaps');
    assert.deepEqual([status, body.code, body.field], [400, 'invalid_request', 'open']);
  });

  test('every filter finds its own', async () => {
    const every = (test: (index: number) => boolean) => ended.filter((_, index) => test(index));
    const refused = (index: number) => index % 10 === 9;
    const expectations: [string, string[]][] = [
      ['outcome=success', every((index) => !refused(index))],
      ['event_type=credential.denied', every(refused)],
      ['caller=caller-2', every((index) => index % 3 === 2)],
      ['q=parcel%2017', every((index) => index === 17)],
      ['run_id=run-1&caller=caller-1', every((index) => index % 4 === 1 && index % 3 === 1)],
      ['principal_email=ada@example.com&outcome=success', every((index) => !refused(index))],
      [`execution_id=${ended[5]}`, [String(ended[5])]],
    ];
    for (const [query, expected] of expectations) {
      assert.deepEqual(ids(await pages(query, 'asc')), expected, query);
      assert.deepEqual(ids(await pages(query, 'desc')), expected.toReversed(), query);
    }
    assert.equal((await pages('run_id=run-0&q=waiting', 'asc')).length, OPEN);
    const { status, body } = await server.request('GET', '/v1/executions?colour=red');
    assert.deepEqual([status, body.code, body.field], [400, 'unknown_filter', 'colour']);
  });

  test('one execution is intent and outcome in one flat record', async () => {
    const { body } = await server.request('GET', `/v1/executions/${ended[0]}`);
    const { entries, ...record } = body as { entries: Entry[] } & Record<string, unknown>;
    assert.deepEqual(
      entries.map(({ event_type }) => event_type),
      ['credential.retrieved', 'api.called'],
    );
    assert.ok((entries[0]?.seq ?? 0) < (entries[1]?.seq ?? 0));
    const { outcome, response_status, policy_decision, reason, run_id, provider: name } = record;
    assert.deepEqual(
      { outcome, response_status, policy_decision, reason, run_id, name },
      {
        outcome: 'success',
        response_status: 200,
        policy_decision: 'ALLOW',
        reason: 'parcel 0',
        run_id: 'run-0',
        name: 'shop',
      },
    );
    assert.equal(record.started_at, entries[0]?.created_at);
    const missing = await server.request('GET', '/v1/executions/exe_none');
    assert.deepEqual([missing.status, missing.body.code], [404, 'not_found']);
  });

  test('a poller sees what ends from its cursor on', async () => {
    let { next_cursor } = await list('order=asc&limit=1000&outcome=success');
    for (let i = 0; i < 3; i++) {
      const { body } = await call({ grant_id, url: `${provider.url}/late/${i}` });
      const query = `order=asc&limit=1000&outcome=success&cursor=${next_cursor}`;
      const page = await list(query);
      assert.deepEqual(ids(page.data), [body.execution_id]);
      next_cursor = page.next_cursor;
    }
  });
});
