import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import type { AuditRecord } from '../record.ts';
import { toOcsf } from './ocsf.ts';
import {
  CLASS_PROFILES,
  OCSF_ENUMS,
  OCSF_METHODS,
  OCSF_NAMES,
  OCSF_PROFILES,
  OCSF_SHAPES,
} from './ocsf-1.9.fixture.ts';
import { anyRecord, FULL } from './records.fixture.ts';

type Value = Record<string, unknown>;

const CHECKS: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  integer: (value) => Number.isSafeInteger(value),
  long: (value) => Number.isSafeInteger(value),
  timestamp: (value) => Number.isSafeInteger(value) && (value as number) > 1e12,
  ip: (value) => typeof value === 'string' && isIP(value) !== 0,
  method: (value) => OCSF_METHODS.has(value as string),
  json: (value) => value !== undefined,
};

function attributesOf(list: string): Map<string, { type: string; many: boolean; needed: boolean }> {
  return new Map(
    list.split(' ').map((one) => {
      const [name = '', given = ''] = one.split(':');
      const needed = given.endsWith('!');
      const bare = needed ? given.slice(0, -1) : given;
      const many = bare.endsWith('[]');
      return [name, { type: many ? bare.slice(0, -2) : bare, many, needed }];
    }),
  );
}

function checkEnum(shape: string, object: Value, name: string): void {
  const captions = OCSF_ENUMS[`${shape}.${name}`] ?? OCSF_ENUMS[name];
  assert.ok(captions, `${shape}.${name} is an enumeration nobody looked up`);
  const caption = captions[String(object[name])];
  assert.ok(caption !== undefined, `${shape}.${name} is ${String(object[name])}`);
  const sibling = name === 'activity_id' ? 'activity_name' : name.slice(0, -3);
  if (caption === '*') assert.equal(typeof object[sibling], 'string', `${shape}.${sibling}`);
  else if (object[sibling] !== undefined) assert.equal(object[sibling], caption);
}

function check(shape: string, object: Value, profiles: readonly string[] = []): void {
  const facts = OCSF_SHAPES[shape];
  assert.ok(facts, shape);
  const more = profiles.map((profile) => OCSF_PROFILES[profile]).join(' ');
  const known = attributesOf(`${facts.attributes} ${more}`.trim());
  for (const [name, { needed }] of known)
    if (needed) assert.ok(object[name] !== undefined, `${shape} needs ${name}`);
  for (const [name, value] of Object.entries(object)) {
    const attribute = known.get(name);
    assert.ok(attribute, `${shape} has no ${name}`);
    const { type, many } = attribute;
    if (many) assert.ok(Array.isArray(value) && value.length > 0, `${shape}.${name}`);
    for (const one of many ? (value as unknown[]) : [value]) {
      if (OCSF_SHAPES[type]) check(type, one as Value);
      else assert.ok(CHECKS[type]?.(one), `${shape}.${name}: ${JSON.stringify(one)}`);
    }
    if (name.endsWith('_id')) checkEnum(shape, object, name);
  }
  const some = facts.atLeastOne?.split(' ');
  if (some)
    assert.ok(
      some.some((name) => object[name] !== undefined),
      `${shape}: ${some.join()}`,
    );
}

function checkEvent(record: AuditRecord): void {
  const event = toOcsf(record);
  const uid = String(event.class_uid);
  const names = OCSF_NAMES[uid];
  assert.ok(names, uid);
  assert.deepEqual([event.class_name, event.category_uid, event.category_name], names);
  const { profiles, version } = event.metadata as { profiles: string[]; version: string };
  assert.equal(version, '1.9.0');
  for (const profile of profiles) assert.ok(CLASS_PROFILES[uid]?.includes(profile), profile);
  assert.equal(event.type_uid, Number(uid) * 100 + Number(event.activity_id));
  if (profiles.length === 0) delete (event.metadata as Value).profiles;
  check(uid, event, profiles);
}

describe('an entry as OCSF', () => {
  it('has only classes, attributes, types and values that the schema knows', () => {
    fc.assert(fc.property(anyRecord, checkEvent), { numRuns: 3000 });
  });

  it('loses nothing', () => {
    const lost = (record: AuditRecord) => {
      const all = JSON.stringify(toOcsf(record));
      return Object.entries(record)
        .filter(([name, value]) => !all.includes(typeof value === 'string' ? value : name))
        .map(([name]) => name);
    };
    const derived = ['created_at', 'response_status', 'latency_ms'];
    const headers = ['request_headers', 'response_headers'];
    assert.deepEqual(lost(FULL).sort(), [...derived, ...headers].sort());
    const changed: AuditRecord = { ...FULL, event_type: 'grant.created', category: 'grant' };
    assert.deepEqual(lost(changed), ['created_at']);
  });

  it('says who did what for whom', () => {
    const event = toOcsf(FULL);
    assert.equal(event.type_uid, 600302);
    assert.deepEqual(event.actor, {
      application: { name: 'cron' },
      user: { uid: 'usr_1', email_addr: 'a@example.com' },
    });
    assert.deepEqual(event.ai_agent, { uid: 'agt_1', name: 'Billing', instance_uid: 'run_1' });
    assert.deepEqual(event.delegation, { uid: 'grt_1', issuer_uid: 'app_1' });
    assert.deepEqual(event.src_endpoint, { ip: '203.0.113.7' });
    assert.equal((event.api as Value).operation, 'GET /v1/charges');
    assert.equal(event.action_id, 1);
  });

  it('links each event to the one before', () => {
    const [attestation] = toOcsf(FULL).attestation_list as [Value];
    const hash = (value: string) => ({
      algorithm_id: 3,
      algorithm: 'SHA-256',
      encoding_id: 1,
      encoding: 'Hex',
      value,
    });
    assert.deepEqual(attestation, {
      uid: 'app_1:7',
      chain_uid: 'app_1',
      authority_uid: 'app_1',
      fingerprint: hash('b'.repeat(64)),
      prev_event: { uid: 'app_1:6', fingerprint: hash('a'.repeat(64)) },
    });
    const [first] = toOcsf({ ...FULL, seq: 0 }).attestation_list as [Value];
    assert.equal(first.prev_event, undefined);
  });

  it('makes findings of alarms, with their evidence', () => {
    const alarm = (event_type: string) =>
      toOcsf({
        ...FULL,
        event_type,
        category: 'system',
        risk_level: 'MEDIUM',
        args: { alarm_id: 'alm_1', monitor_id: 'mon_1', name: 'Mints', event_ids: ['evt_8'] },
      });
    const raised = alarm('monitor.raised');
    assert.equal(raised.type_uid, 200401);
    assert.equal(raised.severity_id, 3);
    assert.equal((raised.finding_info as Value).uid, 'alm_1');
    assert.deepEqual((raised.finding_info as Value).related_events, [{ uid: 'evt_8' }]);
    const resolved = alarm('monitor.resolved');
    assert.deepEqual([resolved.type_uid, resolved.status_id], [200403, 4]);
  });
});
