import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import { openStream } from './support/event-stream.ts';
import { grantOn, startProvider } from './support/provider.ts';
import { head, openConnection, statuses, type RawConnection } from './support/raw-connection.ts';
import { startAffidavit, type Affidavit, type Answer } from './support/server.ts';
import { eventually, getPage, readAll, write } from './support/trail.ts';
import { newEvent } from './support/writers.ts';

/** Whatever comes at once, what is held and what waits is bounded, and what is too much hears so. */

const MEGABYTE = 1024 * 1024;

const assertOverloaded = ({ status, body, headers, text }: Answer) => {
  assert.deepEqual([status, body.code], [503, 'overloaded'], text);
  assert.match(String(headers['retry-after']), /^[1-9]\d*$/);
};

async function start(context: { after(end: () => Promise<void>): void }, env = {}) {
  const server = await startAffidavit({ env });
  context.after(async () => assert.equal(await server.stop(), 0, server.stdout()));
  return server;
}

const figure = async (server: Affidavit, name: string) => {
  const { text } = await server.request('GET', '/metrics');
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
};

suite('requests that come faster than they can be answered', () => {
  /** Sent in one piece on each connection: they come faster than the process can look. */
  const CONNECTIONS = 4;
  const EACH = 1500;
  let server: Affidavit;
  let flood: RawConnection[];
  const request = () => {
    const body = JSON.stringify(newEvent({ event_type: 'flood.came' }));
    return head(server, 'POST /v1/events', [`Content-Length: ${body.length}`]) + body;
  };
  before(async () => {
    server = await startAffidavit();
    await write(server, newEvent());
    flood = await Promise.all(Array.from({ length: CONNECTIONS }, () => openConnection(server)));
    const texts = flood.map(() => Array.from({ length: EACH }, request).join(''));
    for (const [number, { socket }] of flood.entries()) socket.write(texts[number] as string);
  });
  after(async () => assert.equal(await server.stop(), 0, server.stdout()));

  test('are refused, but not what administers', async () => {
    const minting = server.request('POST', '/v1/keys', {
      body: { name: 'late', scopes: ['events:read'] },
    });
    const up = server.request('GET', '/healthz');
    const all = () => flood.flatMap(statuses);
    await eventually('all are answered', () => all().length === CONNECTIONS * EACH);
    assert.equal((await minting).status, 201);
    assert.equal((await up).status, 200);
    const taken = all().filter((status) => status === 201).length;
    const refused = all().filter((status) => status === 503).length;
    assert.equal(taken + refused, CONNECTIONS * EACH);
    assert.ok(refused > 0, 'some were refused');
    assert.ok(taken >= 256, 'some were taken');
    const refusal = flood.map(({ heard }) => heard()).find((text) => text.includes(' 503 '));
    assert.match(String(refusal), /\r\nretry-after: 1\r\n/);
    assert.match(String(refusal), /"code":"overloaded"/);
    const why = ['requests', 'entries'].map(
      (reason) => `affidavit_refused_total\\{reason="${reason}"\\}`,
    );
    const counted = await Promise.all(why.map((name) => figure(server, name)));
    assert.equal(
      counted.reduce((a, b) => a + b),
      refused,
    );
    assert.ok(server.stdout().split('\n').length < 20, 'the journal is not flooded');
  });

  test('and all is well after it', async () => {
    const taken = flood.flatMap(statuses).filter((status) => status === 201).length;
    for (const { socket } of flood) socket.destroy();
    await write(server, newEvent({ event_type: 'flood.ended' }));
    const entries = await readAll(server, 'event_type=flood.came');
    assert.equal(entries.length, taken);
  });
});

suite('bodies', () => {
  /** Four of these fit into what may be held. */
  const LARGE = 15 * MEGABYTE;
  const half = Buffer.alloc(LARGE, ' ');

  async function hold(server: Affidavit, headers: readonly string[]): Promise<RawConnection> {
    const connection = await openConnection(server);
    connection.socket.write(head(server, 'POST /v1/events', headers));
    return connection;
  }

  test('are bounded all together, and have room again', async (context) => {
    const server = await start(context);
    const announced = [`Content-Length: ${LARGE + 1}`];
    const slow = await Promise.all(Array.from({ length: 4 }, () => hold(server, announced)));
    for (const { socket } of slow) socket.write(half);
    const held = () => figure(server, 'affidavit_request_body_bytes');
    await eventually('they are held', async () => (await held()) === 4 * LARGE);

    const large = { body: newEvent({ args: { note: 'x'.repeat(5 * MEGABYTE) } }) };
    assertOverloaded(await server.request('POST', '/v1/events', large));
    const chunked = { ...large, headers: { 'transfer-encoding': 'chunked' } };
    assertOverloaded(await server.request('POST', '/v1/events', chunked));
    await write(server, newEvent());
    assert.equal(await held(), 4 * LARGE, 'what was refused and what was answered is not held');

    slow[0]?.socket.end('}');
    slow[1]?.socket.destroy();
    await eventually('two are gone', async () => (await held()) === 2 * LARGE);
    assert.deepEqual(statuses(slow[0] as RawConnection), [400]);
    const answer = await server.request('POST', '/v1/events', large);
    assert.notEqual(answer.status, 503, answer.text);
    for (const { socket } of slow) socket.destroy();
    await eventually('nothing is held', async () => (await held()) === 0);
  });

  test('of a path that is not there are not held', async (context) => {
    const server = await start(context);
    const lost = await openConnection(server);
    lost.socket.write(head(server, 'POST /v1/nothing', [`Content-Length: ${LARGE}`]));
    lost.socket.write(half.subarray(0, MEGABYTE));
    await eventually('it is answered', () => statuses(lost).length === 1);
    assert.deepEqual(statuses(lost), [404]);
    assert.equal(await figure(server, 'affidavit_request_body_bytes'), 0);
    lost.socket.destroy();
  });
});

suite('a client that is too slow', () => {
  let server: Affidavit;
  before(async () => {
    server = await startAffidavit({ env: { AFFIDAVIT_REQUEST_DEADLINE_MS: '500' } });
  });
  after(async () => assert.equal(await server.stop(), 0, server.stdout()));

  const sayings = {
    'says nothing': () => '',
    'does not end its headers': () => 'POST /v1/events HTTP/1.1\r\nHost: a\r\n',
    'does not end its body': () => `${head(server, 'POST /v1/events', ['Content-Length: 99'])}{`,
  };
  for (const [what, said] of Object.entries(sayings)) {
    test(`that ${what} is cut off`, async () => {
      const connection = await openConnection(server);
      connection.socket.write(said());
      await connection.closed;
      assert.ok(statuses(connection).every((status) => status === 400));
      await write(server, newEvent());
    });
  }
});

test('connections are bounded', async (context) => {
  const LIMIT = 8;
  const server = await start(context, { AFFIDAVIT_CONNECTIONS_MAX: String(LIMIT) });
  const ask = head(server, 'GET /v1/events?limit=1');
  const busy = await Promise.all(Array.from({ length: LIMIT }, () => openConnection(server)));
  // Half of a request: it is under way, and not idle.
  for (const { socket } of busy) socket.write(ask.slice(0, 30));
  const further = await openConnection(server);
  further.socket.write(ask);
  await further.closed;
  assert.deepEqual(statuses(further), [503]);
  assert.match(further.heard(), /\r\nretry-after: 1\r\n/);
  const [first, ...others] = busy as [RawConnection, ...RawConnection[]];
  const more = await Promise.all(Array.from({ length: 4 }, () => openConnection(server)));
  await more[3]?.closed;
  assert.deepEqual(statuses(more[3] as RawConnection), [], 'it was ended as it came');
  for (const { socket } of [...others, ...more]) socket.destroy();
  await eventually('there is room again', async () => {
    const answer = await server.request('GET', '/v1/events?limit=1').catch(() => null);
    return answer?.status === 200;
  });
  first.socket.write(ask.slice(30));
  await eventually('it is answered', () => statuses(first).length === 1);
  assert.deepEqual(statuses(first), [200]);
  first.socket.destroy();
});

test('streams that are opened all at once are bounded', async (context) => {
  const server = await start(context);
  const LIMIT = 500;
  const streams = await Promise.all(Array.from({ length: LIMIT + 20 }, () => openStream(server)));
  const open = streams.filter(({ status }) => status === 200);
  assert.equal(open.length, LIMIT);
  assert.ok(streams.every(({ status }) => status === 200 || status === 503));
  for (const stream of streams) stream.close();
  await eventually('there is room again', async () => {
    const again = await openStream(server);
    again.close();
    return again.status === 200;
  });
});

test('exports that nobody reads are bounded', async (context) => {
  const server = await start(context);
  const LIMIT = 32;
  const note = 'x'.repeat(60_000);
  const events = Array.from({ length: 250 }, () => newEvent({ args: { note } }));
  await write(server, { events });
  const ask = head(server, 'GET /v1/events/export?format=ndjson');
  const exports = await Promise.all(Array.from({ length: LIMIT }, () => openConnection(server)));
  for (const { socket } of exports) socket.pause().write(ask);
  await eventually('one more is refused', async () => {
    const further = await openConnection(server);
    further.socket.once('data', () => further.socket.destroy()).write(ask);
    await further.closed;
    return statuses(further)[0] === 503;
  });
  const asked = await readAll(server, 'event_type=trail.exported');
  for (const { socket } of exports) socket.destroy();
  await eventually('there is room again', async () => {
    return (await server.request('GET', '/v1/events/export?q=nothing')).status === 200;
  });
  assert.ok(asked.length >= LIMIT);
});

test('a page of large entries ends before its limit, and the next goes on', async (context) => {
  const server = await start(context);
  const note = 'x'.repeat(60_000);
  const events = Array.from({ length: 200 }, () => newEvent({ args: { note } }));
  await write(server, { events });
  const page = await getPage(server, 'event_type=order.placed&limit=1000');
  assert.ok(page.data.length < 100 && page.has_more, `${page.data.length} entries`);
  const all = await readAll(server, 'event_type=order.placed');
  assert.deepEqual(
    all.map(({ event_id }) => event_id),
    events.map(({ event_id }) => event_id),
  );
});

test('calls that wait for a provider are bounded, and no further intent is recorded', async (context) => {
  const server = await start(context);
  const provider = await startProvider();
  const grant_id = await grantOn(server, provider);
  const LIMIT = 1024;
  const AT_ONCE = 64;
  const body = JSON.stringify({ grant_id, url: `${provider.url}/never`, timeout_ms: 60_000 });
  const ask = head(server, 'POST /v1/request', [`Content-Length: ${body.length}`]) + body;
  const waiting = await Promise.all(Array.from({ length: AT_ONCE }, () => openConnection(server)));
  for (let calls = AT_ONCE; calls <= LIMIT; calls += AT_ONCE) {
    for (const { socket } of waiting) socket.write(ask);
    await eventually('they wait', async () => (await figure(server, 'affidavit_calls')) === calls);
  }
  const call = () => server.request('POST', '/v1/request', { raw: body });
  assertOverloaded(await call());
  const intents = await readAll(server, 'event_type=credential.retrieved');
  assert.equal(intents.length, LIMIT);
  await provider.close();
  await eventually('they end', async () => (await figure(server, 'affidavit_calls')) === 0);
  assert.equal((await call()).body.code, 'provider_unreachable');
  for (const { socket } of waiting) socket.destroy();
});
