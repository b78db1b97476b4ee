import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import { startProvider } from './support/provider.ts';
import { startAffidavit, type Affidavit } from './support/server.ts';
import { eventually, readAll, write, type Entry } from './support/trail.ts';
import { makeGrant, problem } from './support/world.ts';

/** Monitors watch a trail that is written beside them, and are killed at any moment. */

interface Alarm {
  readonly alarm_id: string;
  readonly monitor_id: string;
  readonly group: Record<string, string>;
  readonly count: number;
  readonly severity: string;
  readonly event_ids: string[];
}

interface Monitor {
  readonly monitor_id: string;
  readonly state: string;
  readonly threshold: number;
  readonly alarms: { alarm_id: string; group: Record<string, string> }[];
  readonly lag_entries: number;
}

let server: Affidavit;
before(async () => {
  server = await startAffidavit();
});
after(async () => assert.equal(await server.stop(), 0, server.stdout()));

async function monitor(body: object): Promise<string> {
  const answer = await server.request<Monitor>('POST', '/v1/monitors', { body });
  assert.equal(answer.status, 201, answer.text);
  return answer.body.monitor_id;
}

const shown = async (id: string) =>
  (await server.request<Monitor>('GET', `/v1/monitors/${id}`)).body;

async function told(what: string, monitor_id: string): Promise<(Entry & { args: Alarm })[]> {
  const all = await readAll(server, `event_type=monitor.${what}`);
  return (all as (Entry & { args: Alarm })[]).filter(({ args }) => args.monitor_id === monitor_id);
}

const events = (count: number, fields: object) => ({
  events: Array.from({ length: count }, () => ({ event_type: 'file.read', ...fields })),
});

suite('counts', () => {
  let id: string;

  test('more than a threshold in a window raises one alarm for each group, with its evidence', async () => {
    const filter = { event_type: 'file.read', tenant_id: 'counts' };
    const about = { threshold: 2, window_seconds: 600, severity: 'P2' };
    id = await monitor({ name: 'Reads', filter, group_by: 'actor_id', ...about });
    const one = { tenant_id: 'counts', actor_type: 'service', actor_id: 'one' };
    const { events: written } = await write(server, events(3, one));
    await write(server, events(2, { ...one, actor_id: 'two' }));
    await write(server, events(9, { ...one, tenant_id: 'others' }));
    await eventually('the alarm', async () => (await told('raised', id)).length > 0);
    const [raised, ...more] = await told('raised', id);
    assert.deepEqual(more, []);
    assert.equal(raised?.category, 'system');
    assert.equal(raised?.risk_level, 'HIGH');
    assert.deepEqual(
      raised?.args.event_ids,
      written.map(({ event_id }) => event_id),
    );
    assert.deepEqual(raised?.args.group, { actor_id: 'one' });
    assert.equal((await shown(id)).state, 'raised');
  });

  test('what goes on is told when it has doubled, and raises nothing more', async () => {
    const one = { tenant_id: 'counts', actor_type: 'service', actor_id: 'one' };
    await write(server, events(5, one));
    await eventually('the update', async () => (await told('updated', id)).length > 0);
    await eventually('it has caught up', async () => (await shown(id)).lag_entries <= 3);
    assert.equal((await told('raised', id)).length, 1);
    assert.deepEqual(
      (await told('updated', id)).map(({ args }) => args.count),
      [6],
    );
  });

  test('a change ends its alarms, and it learns from what was there', async () => {
    const answer = await server.request<Monitor>('PATCH', `/v1/monitors/${id}`, {
      body: { threshold: 3 },
    });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.body.threshold, 3);
    assert.equal(answer.body.state, 'ok');
    assert.equal((await told('resolved', id)).length, 1);
    // Seven are in the window already: the next one is one too many.
    const one = { tenant_id: 'counts', actor_type: 'service', actor_id: 'one' };
    await write(server, events(1, one));
    await eventually('another alarm', async () => (await told('raised', id)).length === 2);
  });

  test('a deleted monitor is gone, and its alarms end', async () => {
    const { status } = await server.request('DELETE', `/v1/monitors/${id}`);
    assert.equal(status, 200);
    problem(await server.request('GET', `/v1/monitors/${id}`), 404, 'not_found');
    assert.equal((await told('resolved', id)).length, 2);
  });

  test('when the window has passed, the alarm is over', async () => {
    const filter = { tenant_id: 'short' };
    const short = await monitor({ name: 'Short', filter, threshold: 1, window_seconds: 1 });
    await write(server, events(2, { tenant_id: 'short' }));
    await eventually('the end', async () => (await told('resolved', short)).length === 1);
    const [raised] = await told('raised', short);
    const [resolved] = await told('resolved', short);
    assert.equal(raised?.args.alarm_id, resolved?.args.alarm_id);
    assert.equal((await shown(short)).state, 'ok');
  });
});

suite('other kinds', () => {
  test('a value that was never seen', async () => {
    await write(server, events(1, { tenant_id: 'new', provider: 'known' }));
    const id = await monitor({
      name: 'Providers',
      filter: { tenant_id: 'new' },
      kind: 'new_value',
      field: 'provider',
      window_seconds: 3600,
    });
    await write(server, events(2, { tenant_id: 'new', provider: 'known' }));
    await write(server, events(2, { tenant_id: 'new', provider: 'unknown' }));
    await eventually('the alarm', async () => (await told('raised', id)).length > 0);
    const raised = await told('raised', id);
    assert.deepEqual(
      raised.map(({ args }) => args.group),
      [{ provider: 'unknown' }],
    );
  });

  test('silence, and its end', async () => {
    const filter = { tenant_id: 'quiet' };
    const id = await monitor({ name: 'Quiet', filter, kind: 'absence', window_seconds: 1 });
    await eventually('the alarm', async () => (await told('raised', id)).length === 1);
    await write(server, events(1, { tenant_id: 'quiet' }));
    await eventually('its end', async () => (await told('resolved', id)).length === 1);
  });

  test('outside of business hours', async () => {
    const day = new Date().toLocaleDateString('en-US', { weekday: 'short', timeZone: 'UTC' });
    const others = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].filter(
      (one) => one !== day.toLowerCase(),
    );
    const hours = (days: string[]) => ({ days, from: '00:00', to: '24:00', time_zone: 'UTC' });
    const filter = { tenant_id: 'hours' };
    const body = { name: 'Hours', filter, kind: 'outside_hours' };
    const off = await monitor({ ...body, schedule: hours(others) });
    const all = [...others, day.toLowerCase()];
    // Without a kind, the schedule says which.
    const on = await monitor({ name: 'Hours', filter, schedule: hours(all) });
    await write(server, events(1, { tenant_id: 'hours' }));
    await eventually('the alarm', async () => (await told('raised', off)).length === 1);
    assert.deepEqual(await told('raised', on), []);
  });
});

suite('what no entry tells', () => {
  test('executions without an outcome, until they have one', async () => {
    const provider = await startProvider();
    const app = { key: server.adminKey };
    const about = { provider: 'slow', base_url: provider.url, secret: 'slow-secret-value' };
    await makeGrant(server, app, about);
    const id = await monitor({ name: 'Open', kind: 'open_intents', window_seconds: 1 });
    const call = server.request('POST', '/v1/request', {
      body: { method: 'GET', url: `${provider.url}/slow/4000`, provider: 'slow' },
    });
    await eventually('the alarm', async () => (await told('raised', id)).length === 1);
    const [raised] = await told('raised', id);
    assert.equal(raised?.args.event_ids.length, 1);
    assert.equal((await call).status, 200);
    await eventually('its end', async () => (await told('resolved', id)).length === 1);
    await provider.close();
  });

  test('destinations that are behind', async () => {
    const closed = { type: 'webhook', config: { url: 'http://127.0.0.1:9' }, filter: {} };
    const made = await server.request('POST', '/v1/destinations', { body: closed });
    assert.equal(made.status, 201, made.text);
    const { destination_id } = made.body;
    const id = await monitor({ name: 'Lag', kind: 'destination_lag', window_seconds: 1 });
    await write(server, events(1, { tenant_id: 'lag' }));
    await eventually('the alarm', async () => (await told('raised', id)).length === 1);
    assert.deepEqual((await told('raised', id))[0]?.args.group, { destination_id });
    await server.request('DELETE', `/v1/destinations/${String(destination_id)}`);
    await eventually('its end', async () => (await told('resolved', id)).length === 1);
  });

  test('who is to be notified has to get the alarms', async () => {
    const destination = async (filter: object) => {
      const body = { type: 'webhook', config: { url: 'http://127.0.0.1:9' }, filter };
      const made = await server.request('POST', '/v1/destinations', { body });
      return String(made.body.destination_id);
    };
    const deaf = await destination({ event_type: 'api.called' });
    const hears = await destination({ event_type: 'monitor.*' });
    const ask = (notify: string[]) =>
      server.request('POST', '/v1/monitors', { body: { name: 'Notify', notify } });
    problem(await ask([deaf]), 400, 'invalid_request');
    problem(await ask(['dst_0']), 400, 'invalid_request');
    const made = await ask([hears]);
    assert.equal(made.status, 201, made.text);
    for (const path of [
      `monitors/${String(made.body.monitor_id)}`,
      `destinations/${deaf}`,
      `destinations/${hears}`,
    ])
      await server.request('DELETE', `/v1/${path}`);
  });
});

suite('what monitors can be', () => {
  test('templates are taken as they are, or with changes', async () => {
    const { body } = await server.request<{ data: { template: string }[] }>(
      'GET',
      '/v1/monitors/templates',
    );
    for (const { template } of body.data) {
      const id = await monitor({ template, severity: 'P5' });
      await server.request('DELETE', `/v1/monitors/${id}`);
    }
    assert.ok(body.data.length >= 6);
  });

  test('what cannot be watched for is refused, with the name that is wrong', async () => {
    const refused = async (body: object, code: 'invalid_request' | 'unknown_filter') =>
      problem(await server.request('POST', '/v1/monitors', { body }), 400, code);
    const name = 'Wrong';
    await refused({ filter: {} }, 'invalid_request');
    await refused({ name, filter: { colour: 'red' } }, 'unknown_filter');
    await refused({ name, filter: { from: '2026-01-01' } }, 'invalid_request');
    await refused({ name, group_by: 'reason' }, 'invalid_request');
    await refused({ name, kind: 'new_value' }, 'invalid_request');
    await refused({ name, kind: 'outside_hours' }, 'invalid_request');
    await refused({ name, threshold: 1001 }, 'invalid_request');
    await refused({ name, window_seconds: 0 }, 'invalid_request');
  });

  test('a dry run says when it would have raised an alarm', async () => {
    const filter = { tenant_id: 'counts' };
    const rule = { filter, group_by: 'actor_id', threshold: 4, window_seconds: 600 };
    const id = await monitor({ name: 'Dry', ...rule });
    const previews = [
      ['/v1/monitors/preview', { name: 'Dry', ...rule, days: 1 }],
      [`/v1/monitors/${id}/preview`, { days: 1 }],
    ] as const;
    for (const [path, body] of previews) {
      const answer = await server.request<{
        complete: boolean;
        matched: number;
        alarms: { group: object; count: number; resolved_at: string | null }[];
      }>('POST', path, { body });
      assert.equal(answer.status, 200, answer.text);
      const { complete, alarms, matched } = answer.body;
      assert.ok(complete);
      assert.equal(matched, 11);
      assert.deepEqual(
        alarms.map(({ group, count }) => ({ group, count })),
        [{ group: { actor_id: 'one' }, count: 9 }],
      );
    }
    const wrong = { ...rule, name: 'Dry', threshold: 1001 };
    problem(
      await server.request('POST', '/v1/monitors/preview', { body: wrong }),
      400,
      'invalid_request',
    );
  });
});

test('killed at any moment, it raises each alarm once', async () => {
  const folder = server.dataFolder;
  const id = await monitor({
    name: 'Killed',
    filter: { tenant_id: 'killed' },
    group_by: 'actor_id',
    threshold: 4,
    window_seconds: 3600,
  });
  for (let round = 0; round < 3; round++) {
    const batch = Array.from({ length: 40 }, (_, i) => ({
      event_type: 'file.read',
      tenant_id: 'killed',
      actor_type: 'service',
      actor_id: `service-${i % 20}`,
    }));
    await write(server, { events: batch });
    // Now and then it has begun to look, now and then not.
    await new Promise((resolve) => setTimeout(resolve, round * 500));
    await server.kill('SIGKILL');
    server = await startAffidavit({ dataFolder: folder, adminKey: server.adminKey });
  }
  await eventually('all alarms', async () => (await told('raised', id)).length >= 20);
  await eventually('it has caught up', async () => (await shown(id)).lag_entries <= 30);
  const raised = await told('raised', id);
  assert.equal(raised.length, 20);
  assert.equal(new Set(raised.map(({ args }) => args.group.actor_id)).size, 20);
  for (const { args } of raised) assert.equal(args.event_ids.length, 5);
});
