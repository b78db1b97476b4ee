import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import {
  AffidavitError,
  CATEGORIES,
  FIELD_NAMES,
  LIMITS,
  RESERVED_FIELDS,
  type ErrorCode,
} from '@affidavit/schema';
import * as fc from 'fast-check';

import { complete, validateEvent } from './validate.ts';

const event = (fields: object) => ({ event_type: 'api.called', ...fields });

function refusal(value: unknown, path?: string): AffidavitError {
  try {
    validateEvent(value, path);
  } catch (error) {
    assert.ok(error instanceof AffidavitError, String(error));
    assert.ok(error.details.expected);
    return error;
  }
  return assert.fail('it was accepted');
}

function refuses(value: unknown, code: ErrorCode, field: string): void {
  const error = refusal(value);
  assert.deepEqual([error.code, error.details.field], [code, field]);
}

describe('fields', () => {
  test('one that is not of the record is refused by name', () => {
    for (const name of ['foo', 'Event_Type', 'constructor', 'toString', 'seq ', '', 'request-id']) {
      refuses(event({ [name]: 1 }), 'invalid_event', name || 'body');
    }
    refuses(JSON.parse('{"event_type":"a.b","__proto__":{}}'), 'invalid_event', '__proto__');
    const names = fc
      .string({ minLength: 1 })
      .filter((name) => !FIELD_NAMES.includes(name as never));
    fc.assert(
      fc.property(names, (name) => {
        const value = Object.fromEntries([
          ['event_type', 'a.b'],
          [name, 1],
        ]);
        assert.equal(refusal(value).code, 'invalid_event');
        assert.ok(refusal(value).message.startsWith(name));
      }),
    );
  });

  test('those that the server sets are refused as reserved', () => {
    assert.ok(RESERVED_FIELDS.size >= 8);
    for (const name of RESERVED_FIELDS) refuses(event({ [name]: null }), 'reserved_field', name);
    const pinned = ['seq', 'created_at', 'source', 'app_id', 'prev_hash', 'leaf_hash'];
    for (const name of pinned) refuses(event({ [name]: 1 }), 'reserved_field', name);
  });

  const wrong: readonly (readonly [object, string])[] = [
    [{ event_type: undefined }, 'event_type'],
    [{ event_type: 'called' }, 'event_type'],
    [{ event_type: 'Api.called' }, 'event_type'],
    [{ event_type: `a.${'b'.repeat(63)}` }, 'event_type'],
    [{ event_id: 'x' }, 'event_id'],
    [{ event_id: `evt_${'x'.repeat(65)}` }, 'event_id'],
    [{ occurred_at: '2026-11-21' }, 'occurred_at'],
    [{ occurred_at: 1_790_000_000_000 }, 'occurred_at'],
    [{ outcome: 'won' }, 'outcome'],
    [{ provider: '' }, 'provider'],
    [{ provider: null }, 'provider'],
    [{ provider: 'x'.repeat(257) }, 'provider'],
    [{ reason: 'x'.repeat(2001) }, 'reason'],
    [{ url: 'x'.repeat(8193) }, 'url'],
    [{ scope_granted: ['a', 1] }, 'scope_granted.1'],
    [{ scope_granted: Array.from({ length: 101 }, () => 'a') }, 'scope_granted'],
    [{ response_status: 99 }, 'response_status'],
    [{ response_status: 200.5 }, 'response_status'],
    [{ latency_ms: -1 }, 'latency_ms'],
    [{ retry_count: 0.5 }, 'retry_count'],
    [{ dry_run: 'true' }, 'dry_run'],
    [{ trace_id: '0'.repeat(32) }, 'trace_id'],
    [{ request_headers: { a: 1 } }, 'request_headers.a'],
    [{ request_headers: { '': 'x' } }, 'request_headers.'],
    [{ response_headers: JSON.parse('{"__proto__":{"x":1}}') }, 'response_headers.__proto__'],
    [{ request_headers: 'a: b' }, 'request_headers'],
  ];
  for (const [fields, field] of wrong) {
    test(`${JSON.stringify(fields).slice(0, 70)} is refused`, () => {
      const error = refusal(event(fields));
      assert.equal(error.code, 'invalid_event');
      assert.equal(error.details.field, field.replace(/\.$/, ''));
    });
  }

  test('the place in a batch is part of the field', () => {
    assert.equal(refusal(event({ foo: 1 }), 'events[3].').details.field, 'events[3].foo');
    assert.equal(refusal(event({ seq: 1 }), 'events[3].').details.field, 'events[3].seq');
    assert.equal(refusal(null, 'events[3].').details.field, 'events[3]');
    const context = refusal(event({ context: { k: 1 } }), 'events[3].');
    assert.equal(context.details.field, 'events[3].context.k');
  });

  test('what is no object is refused', () => {
    for (const value of [null, [], 'x', 7, true]) refuses(value, 'invalid_event', 'body');
  });

  test('limits are the last value that is taken', () => {
    validateEvent(event({ reason: 'x'.repeat(2000), url: 'u'.repeat(8192) }));
    validateEvent(event({ provider: 'x'.repeat(256), event_type: `a.${'b'.repeat(62)}` }));
    validateEvent(event({ event_id: `evt_${'x'.repeat(64)}`, response_status: 100 }));
    validateEvent(event({ args: null, result: false, request_body: [] }));
  });
});

describe('context', () => {
  const keys = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`key${i}`, 'v']));
  /** A context of exactly so many bytes as JSON. */
  const bytes = (size: number) => {
    const context: Record<string, string> = {};
    for (let i = 0; i < 8; i++) context[`k${i}`] = 'v'.repeat(500);
    context.last = '';
    const missing = size - Buffer.byteLength(JSON.stringify(context));
    return { ...context, last: 'v'.repeat(missing) };
  };

  const taken: readonly (readonly [string, object])[] = [
    ['nothing in it', {}],
    ['20 keys', keys(20)],
    ['a key of 64 characters', { ['k'.repeat(64)]: 'v' }],
    ['a key of 64 characters beyond 16 bits', { ['\u{1f980}'.repeat(64)]: 'v' }],
    ['a value of 512 characters', { k: 'v'.repeat(512) }],
    ['a value of 512 characters beyond 16 bits', { k: '\u{1f980}'.repeat(512) }],
    ['an empty value', { k: '' }],
    ['4096 bytes', bytes(4096)],
  ];
  for (const [title, context] of taken) {
    test(`${title}: taken`, () => assert.equal(validateEvent(event({ context })).context, context));
  }

  const refused: readonly (readonly [string, unknown, string])[] = [
    ['21 keys', keys(21), 'context'],
    ['a key of 65 characters', { ['k'.repeat(65)]: 'v' }, `context.${'k'.repeat(64)}`],
    ['an empty key', { '': 'v' }, 'context'],
    ['a value of 513 characters', { k: 'v'.repeat(513) }, 'context.k'],
    ['a value of 513 characters beyond 16 bits', { k: '\u{1f980}'.repeat(513) }, 'context.k'],
    ['a number', { k: 1 }, 'context.k'],
    ['null inside', { k: null }, 'context.k'],
    ['an object inside', { k: {} }, 'context.k'],
    ['4097 bytes', bytes(4097), 'context'],
    ['a list', [], 'context'],
    ['a text', 'x', 'context'],
    ['null', null, 'context'],
  ];
  for (const [title, context, field] of refused) {
    test(`${title}: refused`, () => refuses(event({ context }), 'invalid_context', field));
  }
});

describe('sizes of what is kept whole', () => {
  for (const field of ['args', 'result', 'policy_context']) {
    test(`${field} up to ${LIMITS.argsBytes} bytes as JSON`, () => {
      const value = 'ü'.repeat(LIMITS.argsBytes / 2 - 1);
      validateEvent(event({ [field]: value }));
      refuses(event({ [field]: `${value}x` }), 'invalid_event', field);
    });
  }
});

describe('what follows from other fields', () => {
  test('a category that clashes with the event type is refused', () => {
    for (const category of CATEGORIES) {
      if (category === 'api') validateEvent(event({ category }));
      else refuses(event({ category }), 'invalid_event', 'category');
    }
    for (const category of CATEGORIES) {
      assert.equal(validateEvent({ event_type: 'dog.walked', category }).category, category);
    }
    assert.equal(validateEvent({ event_type: 'dog.walked' }).category, 'action');
  });

  const types: readonly (readonly [object, string])[] = [
    [{}, 'write'],
    [{ method: 'GET' }, 'read'],
    [{ method: 'head' }, 'read'],
    [{ method: 'POST' }, 'write'],
    [{ method: 'GETX' }, 'write'],
    [{ method: 'GET', outcome: 'network_error' }, 'error'],
    [{ method: 'GET', outcome: 'policy_denied' }, 'read'],
    [{ event_type: 'credential.retrieved' }, 'read'],
    [{ event_type: 'file.read' }, 'read'],
    [{ event_type: 'file.deleted' }, 'write'],
    [{ method: 'GET', action_type: 'write' }, 'write'],
  ];
  for (const [fields, action] of types) {
    test(`${JSON.stringify(fields)} is a ${action}`, () =>
      assert.equal(complete(event(fields)).action_type, action));
  }
});
