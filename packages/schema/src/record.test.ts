import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import {
  acceptsEvent,
  EventSchema,
  FIELD_NAMES,
  FIELDS,
  LOOKUP_FIELDS,
  RecordSchema,
  RESERVED_FIELDS,
  SECRET_FIELDS,
} from './record.ts';

const hostile = fc.oneof(
  fc.string({ maxLength: 300 }),
  fc.constantFrom(
    '',
    'api.called',
    'credential',
    'read',
    'GET',
    'ALLOW',
    'success',
    'user',
    'agent',
  ),
  fc.constantFrom('2026-11-21T08:30:00Z', 'evt_1', 'a'.repeat(32), 'a'.repeat(257), '0'.repeat(32)),
  fc.constantFrom('LOW', 'approved', 'oauth', 'service'),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.constant(undefined),
  fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 4 }),
  fc.dictionary(
    fc.string({ maxLength: 70 }),
    fc.oneof(fc.string(), fc.array(fc.string()), fc.integer()),
  ),
);

test('each field: the fast test says yes only to what the schema accepts, and to all of it', () => {
  for (const name of FIELD_NAMES) {
    const { schema, accepts } = FIELDS[name];
    fc.assert(
      fc.property(hostile, (value) => {
        assert.equal(accepts(value), schema.safeParse(value).success, name);
      }),
      { numRuns: 200 },
    );
  }
});

test('whole events: what the fast test accepts, the schema accepts', () => {
  const names = fc.constantFrom<string>(...FIELD_NAMES, 'foo', '__proto__', 'constructor');
  const events = fc.dictionary(names, hostile, { maxKeys: 8 });
  fc.assert(
    fc.property(events, fc.boolean(), (fields, typed) => {
      const event = typed ? { ...fields, event_type: 'tool.called' } : fields;
      if (acceptsEvent(event)) assert.ok(EventSchema.safeParse(event).success);
    }),
    { numRuns: 2000 },
  );
});

test('an ordinary event is accepted without asking the schema', () => {
  const event = {
    event_type: 'tool.called',
    agent_id: 'agt_1',
    context: { tool: 'search' },
    latency_ms: 1.5,
  };
  assert.ok(acceptsEvent(event));
  assert.ok(!acceptsEvent({ ...event, seq: 1 }));
  assert.ok(!acceptsEvent({ agent_id: 'agt_1' }));
});

test('the marks that redaction and filters are made from', () => {
  assert.deepEqual([...SECRET_FIELDS].sort(), [
    'args',
    'request_body',
    'request_headers',
    'response_body',
    'response_headers',
    'result',
    'url',
  ]);
  for (const name of [
    'provider',
    'principal_id',
    'run_id',
    'trace_id',
    'outcome',
    'tenant_id',
  ] as const) {
    assert.ok(LOOKUP_FIELDS.has(name), name);
  }
  for (const name of RESERVED_FIELDS) assert.ok(!(name in EventSchema.shape), name);
  assert.equal(Object.keys(RecordSchema.shape).length, FIELD_NAMES.length);
});
