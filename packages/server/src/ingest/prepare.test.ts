import assert from 'node:assert/strict';
import { test } from 'node:test';

import { canonicalize, proveParts, toBase64, toHex, ZERO_HASH } from '@affidavit/ledger';
import { PART_FIELDS, type AuditEvent } from '@affidavit/schema';
import * as fc from 'fast-check';

import { prepareEvent } from './prepare.ts';

const IDENTITY = { event_id: 'evt_1', retriable: false, fingerprint: null };
const part = fc.jsonValue({ stringUnit: 'binary' });

/** What an auditor gets who is shown the parts and the commitments of the header. */
function prove(event: AuditEvent) {
  const { parts } = prepareEvent(event, IDENTITY);
  const header = {
    created_at: '2026-11-21T08:30:00.000Z',
    event_id: 'evt_1',
    parts: Object.fromEntries(parts.map(({ part, commitment }) => [part, commitment])),
    prev: ZERO_HASH,
    seq: 0,
    v: 1,
  } as const;
  const shown = parts.map(({ part: name, salt, body }) => ({
    name: name as 'envelope',
    salt: toBase64(salt),
    canonical: body,
  }));
  return proveParts(header, shown);
}

test('the ledger proves every part, and the envelope repeats none and no id', () => {
  const event = fc.record(
    {
      event_type: fc.constant('api.called'),
      event_id: fc.constant('evt_other'),
      reason: fc.string({ unit: 'binary', minLength: 1 }),
      context: fc.dictionary(fc.string(), fc.string()),
      latency_ms: fc.double({ noNaN: true, min: 0, max: 1e6 }),
      provider: fc.constant(undefined),
      request_body: part,
      response_body: part,
      args: part,
      result: part,
    },
    { requiredKeys: ['event_type'] },
  );
  fc.assert(
    fc.property(event, (given) => {
      const { parts, missing } = prove(given as AuditEvent);
      assert.deepEqual(missing, []);
      const expected = JSON.parse(JSON.stringify(given)) as Record<string, unknown>;
      delete expected.event_id;
      for (const field of PART_FIELDS) {
        if (expected[field] === undefined) assert.ok(!(field in parts));
        else assert.deepEqual(parts[field as 'args'], expected[field]);
        delete expected[field];
      }
      assert.deepEqual(parts.envelope, expected);
    }),
  );
});

test('a part is canonical JSON, and null is a part like any other', () => {
  const { parts } = prepareEvent(
    { event_type: 'a.b', args: { b: 1, a: [1e2, 'é'] }, result: null },
    IDENTITY,
  );
  assert.deepEqual(Object.fromEntries(parts.map(({ part: name, body }) => [name, body])), {
    args: '{"a":[100,"é"],"b":1}',
    result: 'null',
    envelope: '{"event_type":"a.b"}',
  });
});

test('the event that was given is not changed', () => {
  const event: AuditEvent = { event_type: 'a.b', event_id: 'evt_1', args: { x: 1 } };
  const before = structuredClone(event);
  prepareEvent(event, IDENTITY);
  assert.deepEqual(event, before);
});

test('no salt is used twice, and equal parts have different commitments', () => {
  const salts = new Set<string>();
  const commitments = new Set<string>();
  for (let i = 0; i < 2000; i++) {
    const prepared = prepareEvent({ event_type: 'a.b', args: null }, IDENTITY);
    for (const { salt, commitment } of prepared.parts) {
      assert.equal(salt.length, 32);
      salts.add(toHex(salt));
      commitments.add(commitment);
    }
  }
  assert.deepEqual([salts.size, commitments.size], [4000, 4000]);
  assert.ok(!salts.has('00'.repeat(32)));
});

test('what the server saw is recorded though a text is cut within a character', () => {
  const body = { 'cut \ud83e': ['\udd80 x', '\\ud83e', '\u{1f980}', 'a\\'] };
  const { parts } = prove({ event_type: 'a.b', response_body: body });
  assert.deepEqual(parts.response_body, {
    'cut \ufffd': ['\ufffd x', '\\ud83e', '\u{1f980}', 'a\\'],
  });
});

test('what JSON cannot say at all is refused', () => {
  let deep: unknown = 1;
  for (let i = 0; i < 80; i++) deep = [deep];
  assert.throws(() => canonicalize(deep));
  assert.throws(() => prepareEvent({ event_type: 'a.b', args: deep as never }, IDENTITY));
});
