import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import type { AuditRecord } from '../record.ts';
import { toEcs } from './ecs.ts';
import { ECS_CATEGORIES, ECS_TYPES, ECS_VALUES, OWN_OBJECTS } from './ecs-9.4.fixture.ts';
import { anyRecord, FULL } from './records.fixture.ts';

const CHECKS: Readonly<Record<string, (value: unknown) => boolean>> = {
  keyword: (value) => typeof value === 'string',
  text: (value) => typeof value === 'string',
  long: (value) => Number.isSafeInteger(value),
  date: (value) => typeof value === 'string' && Number.isFinite(Date.parse(value)),
  ip: (value) => typeof value === 'string' && isIP(value) !== 0,
  object: (value) => Object.values(value as object).every((one) => typeof one === 'string'),
  'keyword[]': (value) => Array.isArray(value) && value.every((one) => typeof one === 'string'),
};

function checkEcs(document: Record<string, unknown>, at = ''): void {
  for (const [name, value] of Object.entries(document)) {
    const path = at === '' ? name : `${at}.${name}`;
    if (at === '' && OWN_OBJECTS.has(name)) continue;
    const type = ECS_TYPES[path];
    if (type) assert.ok(CHECKS[type]?.(value), `${path} is ${JSON.stringify(value)}, not ${type}`);
    else if (typeof value === 'object' && value !== null && !Array.isArray(value))
      checkEcs(value as Record<string, unknown>, path);
    else assert.fail(`ECS has no ${path}`);
    if (ECS_VALUES[path]) assert.ok(ECS_VALUES[path].includes(value as string), path);
  }
}

interface EcsEvent {
  readonly category: string[];
  readonly type: string[];
}

function checkDocument(record: AuditRecord): void {
  const document = toEcs(record);
  checkEcs(document);
  const { category, type } = document.event as EcsEvent;
  assert.ok(category.length > 0 && type.length > 0);
  for (const one of category)
    for (const kind of type)
      assert.ok(ECS_CATEGORIES[one]?.includes(kind), `${record.event_type}: ${one} ${kind}`);
  assert.ok(document['@timestamp'] !== undefined, 'required');
}

describe('an entry as ECS', () => {
  it('has only fields, types and values that the schema knows', () => {
    fc.assert(fc.property(anyRecord, checkDocument), { numRuns: 2000 });
  });

  it('loses nothing', () => {
    const all = JSON.stringify(toEcs(FULL));
    for (const [name, value] of Object.entries(FULL)) {
      const said = typeof value === 'string' ? value : name;
      const derived = ['latency_ms', 'response_status', 'request_body', 'context', 'seq'];
      if (derived.includes(name)) continue;
      assert.ok(all.includes(said), `${name} is not there`);
    }
  });

  it('puts each field where it belongs', () => {
    const document = toEcs(FULL);
    assert.deepEqual(document.event, {
      start: '2026-11-21T08:29:59Z',
      id: 'evt_1',
      sequence: 7,
      action: 'api.called',
      outcome: 'success',
      reason: 'monthly run',
      duration: 12_250_000,
      hash: 'b'.repeat(64),
      kind: 'event',
      category: ['api'],
      type: ['access', 'allowed'],
      module: 'affidavit',
      dataset: 'affidavit.audit',
    });
    assert.deepEqual(document.user, { id: 'usr_1', email: 'a@example.com' });
    assert.deepEqual(document.resource, { id: 'grt_1', type: 'grant' });
    assert.deepEqual(document.service, { name: 'stripe', id: 'prv_1' });
    assert.deepEqual(document.labels, { ticket_id: 'T-1' });
    assert.deepEqual(document.http, {
      request: { method: 'GET', body: { content: '{"a":1}' } },
      response: { status_code: 200, body: { content: 'text' } },
    });
  });
});
