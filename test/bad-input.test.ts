import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';

import type { ErrorCode } from '@affidavit/schema';

import { startAffidavit, type Affidavit, type RequestOptions } from './support/server.ts';
import { startService, type Service } from './support/service.ts';
import { ask, find, ledgerSize, makeAgent, makeApp, makeGrant, problem } from './support/world.ts';
import type { AgentUnderTest, AppUnderTest } from './support/world.ts';

/** Whatever is sent: a problem document that names the field, and nothing half-written. */

let server: Affidavit;
let service: Service;
let app: AppUnderTest;
let agent: AgentUnderTest;

before(async () => {
  server = await startAffidavit();
  service = await startService();
  app = await makeApp(server, 'bad input');
  agent = await makeAgent(server, app, 'Ada');
  await makeGrant(server, app, { provider: 'api', base_url: service.url, secret: 'sk_0123456789' });
});
after(async () => {
  await service.close();
  await server.stop();
});

interface Bad extends RequestOptions {
  readonly what: string;
  readonly method?: string;
  readonly path: string;
  readonly status?: number;
  readonly code?: ErrorCode;
  /** Undefined where no one field is at fault. */
  readonly field?: string;
}

const event = (more: object) => ({ event_type: 'note.taken', ...more });
const call = (more: object) => ({ provider: 'api', url: '/', ...more });

async function refuse(bad: Bad): Promise<void> {
  const { what, method = 'POST', path, status = 400, code = 'invalid_request', field } = bad;
  const { body, raw, headers, key = app.key } = bad;
  const options: RequestOptions = {
    key,
    ...(raw === undefined ? {} : { raw }),
    ...(body === undefined ? {} : { body }),
    ...(headers === undefined ? {} : { headers }),
  };
  const size = await ledgerSize(server, app.key);
  const calls = service.received.length;
  const answer = await server.request(method, path, options);
  const document = problem(answer, status, code);
  assert.equal(document.field, field, `${what}: ${answer.text}`);
  assert.equal(await ledgerSize(server, app.key), size, `${what} was recorded`);
  assert.equal(service.received.length, calls, `${what} called the service`);
}

const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

const BODIES: Bad[] = [
  { what: 'no JSON', path: '/v1/events', raw: '{"event_type":', field: 'body' },
  { what: 'a comma too much', path: '/v1/events', raw: '{"event_type":"a.b",}', field: 'body' },
  { what: 'two values', path: '/v1/events', raw: '{} {}', field: 'body' },
  { what: 'no UTF-8', path: '/v1/events', raw: Buffer.from([0x22, 0xff, 0x22]), field: 'body' },
  { what: 'a byte order mark', path: '/v1/events', raw: '\ufeff{}', field: 'body' },
  {
    what: 'a name twice',
    path: '/v1/events',
    raw: '{"event_type":"a.b","event_type":"a.c"}',
    field: 'event_type',
  },
  {
    what: 'a name twice, once escaped',
    path: '/v1/events',
    raw: '{"reason":"x","event_type":"a.b","re\\u0061son":"y"}',
    field: 'reason',
  },
  {
    what: 'a name twice, deep inside',
    path: '/v1/request',
    raw: '{"provider":"api","url":"/","json":{"a":[{"b":1,"b":2}]}}',
    field: 'b',
  },
  {
    what: 'an integer above 2^53',
    path: '/v1/events',
    raw: '{"event_type":"a.b","args":{"n":9007199254740993}}',
    field: 'args.n',
  },
  {
    what: 'an integer below -2^53',
    path: '/v1/events',
    raw: '{"event_type":"a.b","args":[1,-9007199254740992]}',
    field: 'args[1]',
  },
  { what: 'infinity', path: '/v1/events', raw: '{"event_type":"a.b","args":1e999}', field: 'args' },
  {
    what: 'half a surrogate pair',
    path: '/v1/events',
    raw: '{"event_type":"a.b","reason":"\\ud800x"}',
    field: 'reason',
  },
  {
    what: 'half a surrogate pair in a name',
    path: '/v1/request',
    raw: '{"provider":"api","url":"/","json":{"\\udc00":1}}',
    field: 'json',
  },
  { what: 'a list', path: '/v1/events', raw: '[]', code: 'invalid_event', field: 'body' },
  { what: 'null', path: '/v1/events', raw: 'null', code: 'invalid_event', field: 'body' },
  { what: 'nothing', path: '/v1/events', raw: '', code: 'invalid_event', field: 'event_type' },
  { what: 'nothing at all', path: '/v1/keys', field: 'name' },
  {
    what: 'a form',
    path: '/v1/events',
    raw: 'event_type=a.b',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    field: 'content-type',
  },
  {
    what: 'text',
    path: '/v1/request',
    raw: '{"provider":"api","url":"/"}',
    headers: { 'content-type': 'text/plain' },
    field: 'content-type',
  },
];

const ALL_BODIES = [
  '/v1/apps',
  '/v1/agents',
  '/v1/keys',
  '/v1/callers',
  '/v1/providers',
  '/v1/secrets',
  '/v1/grants',
  '/v1/policies',
  '/v1/request',
  '/v1/policies/test',
];

const EVENTS: Bad[] = [
  { what: 'no type', path: '/v1/events', body: { reason: 'x' }, field: 'event_type' },
  {
    what: 'a shapeless type',
    path: '/v1/events',
    body: { event_type: 'Hello' },
    field: 'event_type',
  },
  { what: 'an unknown field', path: '/v1/events', body: event({ colour: 'red' }), field: 'colour' },
  {
    what: 'a number as text',
    path: '/v1/events',
    body: event({ latency_ms: '5' }),
    field: 'latency_ms',
  },
  {
    what: 'a negative count',
    path: '/v1/events',
    body: event({ retry_count: -1 }),
    field: 'retry_count',
  },
  {
    what: 'an unknown outcome',
    path: '/v1/events',
    body: event({ outcome: 'fine' }),
    field: 'outcome',
  },
  {
    what: 'a time without zone',
    path: '/v1/events',
    body: event({ occurred_at: '2026-01-01T00:00:00' }),
    field: 'occurred_at',
  },
  {
    what: 'a shapeless id',
    path: '/v1/events',
    body: event({ event_id: 'mine' }),
    field: 'event_id',
  },
  {
    what: 'a shapeless trace',
    path: '/v1/events',
    body: event({ trace_id: 'ABC' }),
    field: 'trace_id',
  },
  {
    what: 'another category',
    path: '/v1/events',
    body: { event_type: 'api.called', category: 'admin' },
    field: 'category',
  },
  {
    what: 'args beyond 64 KiB',
    path: '/v1/events',
    body: event({ args: 'x'.repeat(70_000) }),
    field: 'args',
  },
  {
    what: 'a long reason',
    path: '/v1/events',
    body: event({ reason: 'x'.repeat(2001) }),
    field: 'reason',
  },
  { what: 'no events', path: '/v1/events', body: { events: [] }, field: 'events' },
  {
    what: 'too many events',
    path: '/v1/events',
    body: { events: Array.from({ length: 1001 }, () => event({})) },
    field: 'events',
  },
  {
    what: 'something beside events',
    path: '/v1/events',
    body: { events: [event({})], more: 1 },
    field: 'more',
  },
  {
    what: 'one bad event among good ones',
    path: '/v1/events',
    body: { events: [event({}), event({ seqq: 1 })] },
    field: 'events[1].seqq',
  },
  {
    what: 'an id twice',
    path: '/v1/events',
    body: { events: [event({ event_id: 'evt_a' }), event({ event_id: 'evt_a' })] },
    field: 'events[1].event_id',
  },
].map((bad) => ({ ...bad, code: 'invalid_event' }) as Bad);

const RESERVED = {
  seq: 1,
  created_at: '2026-01-01T00:00:00.000Z',
  source: 'observed',
  app_id: 'app_default',
  caller_key_prefix: 'afd_00000000',
  legal_hold: true,
  prev_hash: 'a'.repeat(64),
  leaf_hash: 'a'.repeat(64),
};

const many = (count: number, value = 'v') =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`key${n}`, value]));

const CONTEXTS: [string, unknown, string][] = [
  ['21 keys', many(21), 'context'],
  ['a key of 65 characters', { ['k'.repeat(65)]: 'v' }, `context.${'k'.repeat(64)}`],
  ['an empty key', { '': 'v' }, 'context'],
  ['a value of 513 characters', { tool: 'v'.repeat(513) }, 'context.tool'],
  ['a number', { tool: 5 }, 'context.tool'],
  ['null', { tool: null }, 'context.tool'],
  ['an object', { tool: { name: 'x' } }, 'context.tool'],
  ['more than 4 KB', many(20, 'ü'.repeat(120)), 'context'],
  ['a list', ['a'], 'context'],
  ['a text', 'tool', 'context'],
];

const QUERIES: Bad[] = (
  [
    ['/v1/events?colour=red', 'colour', 'unknown_filter'],
    ['/v1/events?reason=x', 'reason', 'unknown_filter'],
    ['/v1/events/facets?field=provider&colour=red', 'colour', 'unknown_filter'],
    ['/v1/executions?colour=red', 'colour', 'unknown_filter'],
    ['/v1/events/export?colour=red', 'colour', 'unknown_filter'],
    ['/v1/events/stream?colour=red', 'colour', 'unknown_filter'],
    ['/v1/events?cursor=broken', 'cursor', 'invalid_cursor'],
    ['/v1/events?cursor=', 'cursor', 'invalid_cursor'],
    ['/v1/executions?cursor=bm9uZQ', 'cursor', 'invalid_cursor'],
    ['/v1/keys?cursor=key_none', 'cursor', 'invalid_cursor'],
    ['/v1/events?limit=0', 'limit'],
    ['/v1/events?limit=1001', 'limit'],
    ['/v1/events?limit=abc', 'limit'],
    ['/v1/events?limit=1e2', 'limit'],
    ['/v1/events?limit=', 'limit'],
    ['/v1/events?limit=5&limit=6', 'limit'],
    ['/v1/events?order=up', 'order'],
    ['/v1/events?from=yesterday', 'from'],
    ['/v1/events?to=2026-13-01T00:00:00Z', 'to'],
    ['/v1/events?outcome=fine', 'outcome'],
    ['/v1/events?response_status=abc', 'response_status'],
    ['/v1/events?provider=', 'provider'],
    ['/v1/events?q=', 'q'],
    ['/v1/events/facets', 'field'],
    ['/v1/events/facets?field=reason', 'field'],
    ['/v1/events/export?format=xls', 'format'],
    ['/v1/agents?limit=1001', 'limit'],
    ['/v1/agents?name=Ada', 'name'],
    ['/v1/whoami?verbose=1', 'verbose'],
    ['/v1/ledger?size=1', 'size'],
    ['/healthz?deep=1', 'deep'],
  ] as [string, string, ErrorCode?][]
).map(([path, field, code = 'invalid_request']) => ({
  what: path,
  method: 'GET',
  path,
  field,
  code,
}));

describe('a body', () => {
  for (const bad of BODIES) it(`with ${bad.what} is refused`, () => refuse(bad));

  for (const path of ALL_BODIES) {
    it(`of ${path} with an unknown member is refused by its name`, async () => {
      const key = path === '/v1/apps' ? server.adminKey : app.key;
      const body = { ...(path.includes('polic') ? { name: 'p' } : {}), colour: 'red' };
      const answer = await server.request('POST', path, { key, body });
      const { field } = problem(answer, 400, 'invalid_request');
      // What is missing may be told before what is too much.
      assert.ok(field !== undefined && field !== 'body', answer.text);
    });
  }

  it('nested too deep is refused where it is', async () => {
    const raw = `{"event_type":"a.b","args":${deep(100)}}`;
    const answer = await server.request('POST', '/v1/events', { key: app.key, raw });
    assert.match(String(problem(answer, 400, 'invalid_request').field), /^args(\[0\])+/);
  });

  it('of 17 MB is refused, and whoever is still sending hears why', async () => {
    const raw = JSON.stringify(event({ reason: 'x'.repeat(17 * 1024 * 1024) }));
    const size = await ledgerSize(server, app.key);
    for (const headers of [{}, { 'transfer-encoding': 'chunked' }]) {
      for (let again = 0; again < 2; again++) {
        const answer = await server.request('POST', '/v1/events', { key: app.key, raw, headers });
        problem(answer, 413, 'payload_too_large');
        const stranger = await server.request('POST', '/v1/events', { key: null, raw, headers });
        problem(stranger, 401, 'unauthorized');
      }
    }
    assert.equal(await ledgerSize(server, app.key), size);
  });

  it('of an otherwise valid request names the member that is too much', async () => {
    const valid: [string, object][] = [
      ['/v1/agents', { name: 'x' }],
      ['/v1/keys', { name: 'x', scopes: ['events:read'] }],
      ['/v1/callers', { name: 'x' }],
      ['/v1/providers', { name: 'x', base_url: 'https://x.example', auth: { type: 'bearer' } }],
      ['/v1/secrets', { provider: 'api', name: 'x', value: 'abcdef' }],
      [
        '/v1/grants',
        { provider: 'api', secret_id: 'sec_x', principal: { type: 'user', id: 'u' }, agents: '*' },
      ],
      ['/v1/policies', { name: 'x', template: { kind: 'methods', methods: ['GET'] } }],
      ['/v1/request', call({})],
      ['/v1/policies/test', call({})],
    ];
    for (const [path, body] of valid) {
      await refuse({ what: path, path, body: { ...body, colour: 'red' }, field: 'colour' });
    }
    const auth = { type: 'bearer', colour: 'red' };
    const body = { name: 'x', base_url: 'https://x.example', auth };
    await refuse({ what: 'a nested one', path: '/v1/providers', body, field: 'auth.colour' });
  });

  it('of a provider with an address that is none is refused', async () => {
    for (const base_url of [
      'ftp://x',
      'x',
      'https://a:b@x',
      'https://x/?q',
      'https://x/#a',
      'https://',
    ]) {
      const body = { name: 'x', base_url, auth: { type: 'bearer' } };
      await refuse({ what: base_url, path: '/v1/providers', body, field: 'base_url' });
    }
  });
});

describe('an event', () => {
  for (const bad of EVENTS) it(`with ${bad.what} is refused`, () => refuse(bad));

  for (const [field, value] of Object.entries(RESERVED)) {
    it(`cannot set ${field}`, () => {
      const body = event({ [field]: value });
      // Naming another app is refused for what it is.
      if (field === 'app_id') {
        return refuse({
          what: field,
          path: '/v1/events',
          body,
          field,
          status: 403,
          code: 'forbidden',
        });
      }
      return refuse({ what: field, path: '/v1/events', body, field, code: 'reserved_field' });
    });
  }

  it('cannot set its own app either', () => {
    const body = event({ app_id: app.app_id });
    return refuse({
      what: 'app_id',
      path: '/v1/events',
      body,
      field: 'app_id',
      code: 'reserved_field',
    });
  });

  it('of an agent cannot claim to be of another', async () => {
    for (const [field, value] of Object.entries({
      agent_id: 'agt_other',
      agent_name: 'Eva',
      actor_id: 'agt_other',
      actor_type: 'operator',
      actor_name: 'Eva',
    })) {
      const body = event({ [field]: value });
      await refuse({
        what: field,
        path: '/v1/events',
        key: agent.key,
        body,
        field,
        code: 'reserved_field',
      });
    }
    const { events } = await ask<{ events: { event_id: string }[] }>(
      server,
      201,
      'POST',
      '/v1/events',
      {
        key: agent.key,
        body: event({ agent_id: agent.agent_id }),
      },
    );
    const [entry] = await find(server, app.key, { event_id: String(events[0]?.event_id) });
    assert.equal(entry?.actor_id, agent.agent_id);
    assert.equal(entry?.source, 'reported');
    assert.equal(entry?.caller_key_prefix, agent.prefix);
  });
});

describe('a context', () => {
  for (const [what, context, field] of CONTEXTS) {
    it(`with ${what} is refused`, async () => {
      const code = 'invalid_context';
      await refuse({ what, path: '/v1/events', body: event({ context }), field, code });
      await refuse({ what, path: '/v1/request', body: call({ context }), field, code });
      const events = [event({}), event({ context })];
      await refuse({
        what,
        path: '/v1/events',
        body: { events },
        field: `events[1].${field}`,
        code,
      });
    });
  }

  it('at its limits is kept as it is', async () => {
    for (const context of [
      many(20),
      { ['k'.repeat(64)]: 'v'.repeat(512) },
      { emoji: '🦀'.repeat(512) },
      JSON.parse('{"__proto__":"own","constructor":"too"}') as Record<string, string>,
    ]) {
      const { events } = await ask<{ events: { event_id: string }[] }>(
        server,
        201,
        'POST',
        '/v1/events',
        {
          key: app.key,
          body: event({ context }),
        },
      );
      const path = `/v1/events/${events[0]?.event_id}`;
      const answer = await server.request('GET', path, { key: app.key });
      assert.ok(answer.text.includes(`"context":${JSON.stringify(sorted(context))}`), answer.text);
      assert.equal(
        (await server.request('POST', '/v1/request', { key: app.key, body: call({ context }) }))
          .status,
        200,
      );
    }
  });
});

/** Members by name, as canonical JSON has them. */
const sorted = (value: object) =>
  Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));

describe('a call', () => {
  const wrong: [string, object, string][] = [
    ['no address', { url: undefined }, 'url'],
    ['both json and body', { json: 1, body: 'x' }, 'body'],
    ['a header name that is none', { headers: { 'a b': 'x' } }, 'headers.a b'],
    ['a header that breaks the line', { headers: { 'x-a': 'b\r\nx-c: d' } }, 'headers.x-a'],
    ['a method that is none', { method: 'G ET' }, 'method'],
    ['a method that opens tunnels', { method: 'CONNECT' }, 'method'],
    ['a deadline beyond two minutes', { timeout_ms: 120_001 }, 'timeout_ms'],
    ['no deadline', { timeout_ms: 0 }, 'timeout_ms'],
  ];
  for (const [what, more, field] of wrong) {
    it(`with ${what} is refused`, () =>
      refuse({ what, path: '/v1/request', key: agent.key, body: call(more), field }));
  }
});

describe('a query', () => {
  for (const bad of QUERIES) {
    it(`${bad.path} is refused`, async () => {
      const answer = await server.request('GET', bad.path, { key: app.key });
      const document = problem(answer, 400, bad.code as ErrorCode);
      assert.equal(document.field, bad.field, answer.text);
    });
  }

  it('does not take a cursor from another question', async () => {
    await ask(server, 201, 'POST', '/v1/events', {
      key: app.key,
      body: { events: [event({}), event({})] },
    });
    const page = await ask<{ next_cursor: string }>(server, 200, 'GET', '/v1/events?limit=1', {
      key: app.key,
    });
    const cursor = page.next_cursor;
    for (const path of [
      '/v1/events?category=api',
      '/v1/events?order=asc',
      '/v1/executions?limit=1',
    ]) {
      const asked = `${path}&cursor=${cursor}`;
      problem(await server.request('GET', asked, { key: app.key }), 400, 'invalid_cursor');
    }
    const longer = `/v1/events?limit=1&cursor=${cursor}A`;
    problem(await server.request('GET', longer, { key: app.key }), 400, 'invalid_cursor');
  });
});

describe('a path', () => {
  it('that is not there is a problem document, too', async () => {
    for (const [method, path] of [
      ['GET', '/v1/nothing'],
      ['DELETE', '/v1/events'],
      ['DELETE', '/v1/events/evt_x'],
      ['PATCH', '/v1/events/evt_x'],
      ['PUT', '/v1/events/evt_x'],
      ['OPTIONS', '/v1/events'],
      ['GET', '/v1/events/'],
      ['GET', '/../etc/passwd'],
    ] as const) {
      problem(await server.request(method, path, { key: app.key }), 404, 'not_found');
    }
    for (const path of ['/v1/events/%zz', `/v1/events/${'x'.repeat(400)}`]) {
      problem(await server.request('GET', path, { key: app.key }), 400, 'invalid_request');
    }
    const size = await ledgerSize(server, app.key);
    problem(await server.request('GET', '/v1/grants/%00', { key: app.key }), 404, 'not_found');
    assert.equal(await ledgerSize(server, app.key), size);
  });

  it('is asked by HEAD without a body, and no stream is held open by it', async () => {
    const answer = await server.request('HEAD', '/v1/events', { key: app.key });
    assert.equal(answer.status, 200);
    assert.equal(answer.text, '');
    assert.equal((await server.request('HEAD', '/v1/events', { key: null })).status, 401);
    assert.equal((await server.request('HEAD', '/v1/events/stream', { key: app.key })).status, 404);
  });
});

/** Sends bytes as they are, and reads until the server closes. */
async function speak(bytes: string): Promise<string> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  socket.setTimeout(5000, () => socket.destroy());
  let heard = '';
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  socket.write(bytes);
  await once(socket, 'close');
  return heard;
}

describe('what is not HTTP', () => {
  for (const [what, bytes] of [
    ['nonsense', 'hello\r\n\r\n'],
    ['headers beyond the limit', `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`],
    [
      'two lengths',
      'POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}',
    ],
    [
      'length and chunks',
      'POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}',
    ],
  ] as const) {
    it(`is answered as a problem and the connection closed: ${what}`, async () => {
      const heard = await speak(bytes);
      assert.match(heard, /^HTTP\/1\.1 400 /);
      assert.match(heard, /content-type: application\/problem\+json/i);
      assert.match(heard, /"code":"invalid_request"/);
    });
  }

  it('does not keep others waiting', async () => {
    assert.equal((await server.request('GET', '/readyz')).status, 200);
  });
});
