import assert from 'node:assert/strict';
import { test } from 'node:test';

import { canonicalize } from '@affidavit/ledger';
import { FIELD_NAMES, PART_FIELDS, type AuditEvent, type FieldName } from '@affidavit/schema';
import * as fc from 'fast-check';

import { canonicalText, envelopeText } from './envelope.ts';

/** From the definition: the members that belong to the envelope, through the ledger's own writer. */
function byDefinition(event: AuditEvent): string {
  const members = Object.entries(event).filter(
    ([name, value]) =>
      value !== undefined && name !== 'event_id' && !PART_FIELDS.has(name as FieldName),
  );
  return canonicalize(Object.fromEntries(members));
}

const anyText = fc.string({ unit: 'grapheme' });
const awkwardNames = fc.constantFrom(
  '',
  '2',
  '10',
  '1a',
  '__proto__',
  'constructor',
  'é',
  '🦀',
  '"',
);
const member = fc.oneof(
  anyText,
  fc.double({ noDefaultInfinity: true, noNaN: true }),
  fc.boolean(),
  fc.constant(null),
  fc.array(anyText),
  fc.dictionary(fc.oneof(awkwardNames, anyText), anyText),
  fc.jsonValue({ stringUnit: 'grapheme' }),
);
const events = fc.dictionary(fc.constantFrom(...FIELD_NAMES), member, { maxKeys: 40 });

test('it is the JCS text of the members, however they are ordered and whatever they hold', () => {
  fc.assert(
    fc.property(events, (event) => {
      assert.equal(envelopeText(event as never), byDefinition(event as never));
    }),
    { numRuns: 2000 },
  );
});

test('names that objects reorder, and names that are no fields, stand in order as well', () => {
  for (const context of [
    { b: '1', a: '2' },
    { 10: 'x', 9: 'y' },
    { a: '1', 5: '2' },
    JSON.parse('{"b":"1","__proto__":"2"}'),
    { é: '1', z: '2', '\ud83e\udd80': '3' },
  ]) {
    const event: AuditEvent = { event_type: 'a.b', context };
    assert.equal(envelopeText(event), byDefinition(event));
  }
});

test('half surrogate pairs are mended, and what only looks like one is kept', () => {
  const text = (reason: string) => JSON.parse(envelopeText({ event_type: 'a.b', reason })).reason;
  assert.equal(text('cut \ud83e'), 'cut \ufffd');
  assert.equal(text('\\ud83e'), '\\ud83e');
  assert.equal(text('\u{1f980}\\ud'), '\u{1f980}\\ud');
});

test('the event that was given is not changed', () => {
  const event: AuditEvent = { event_type: 'a.b', context: { b: '1', a: '2' }, args: 1 };
  const before = JSON.stringify(event);
  envelopeText(event);
  assert.equal(JSON.stringify(event), before);
});

test('what no JSON can say is refused', () => {
  let deep: unknown = 1;
  for (let i = 0; i < 80; i++) deep = [deep];
  assert.throws(() => canonicalText(deep));
});
