import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Entry } from '../../shared/api/types.ts';
import { pastAlarms } from './alarm-history.ts';

const entry = (what: string, at: string, args: object, more: object = {}) =>
  ({
    event_id: `evt_${what}_${at}`,
    event_type: `monitor.${what}`,
    created_at: at,
    source: 'observed',
    args: { monitor_id: 'mon_1', group: { agent_id: 'a' }, raised_at: '1', ...args },
    ...more,
  }) as unknown as Entry;

test('the entries of one alarm are one row, and nobody else can add any', () => {
  const rows = pastAlarms(
    [
      entry('raised', '9', { alarm_id: 'alm_3', count: 1, event_ids: [] }, { source: 'reported' }),
      entry('raised', '5', { alarm_id: 'alm_2', count: 2, event_ids: ['x'] }),
      entry('resolved', '4', { alarm_id: 'alm_1', count: 8, event_ids: [] }),
      entry('updated', '3', { alarm_id: 'alm_1', count: 8, event_ids: ['b', 'c'] }),
      entry('raised', '2', { alarm_id: 'alm_9', monitor_id: 'mon_2', count: 4 }),
      entry('raised', '1', { alarm_id: 'alm_1', count: 4, event_ids: ['a', 'b'] }),
    ],
    'mon_1',
  );
  const group = { agent_id: 'a' };
  assert.deepEqual(rows, [
    {
      alarm_id: 'alm_2',
      event_id: 'evt_raised_5',
      raised_at: '1',
      resolved_at: null,
      group,
      count: 2,
      event_ids: ['x'],
    },
    {
      alarm_id: 'alm_1',
      event_id: 'evt_raised_1',
      raised_at: '1',
      resolved_at: '4',
      group,
      count: 8,
      event_ids: ['b', 'c'],
    },
  ]);
});
