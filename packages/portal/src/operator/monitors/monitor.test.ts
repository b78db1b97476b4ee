import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MONITOR_TEMPLATES } from '@affidavit/schema';

import { ruleInWords, windowInWords, type Rule } from './monitor.ts';

const DEFAULTS = { kind: 'count', notify: [], enabled: true } as const;
const said = (rule: object) => ruleInWords({ ...DEFAULTS, ...rule } as unknown as Rule);

test('a monitor is told in a sentence', () => {
  assert.equal(
    said(MONITOR_TEMPLATES.downscoped_mints),
    'Raised when there are more than 5 entries where event_type is token.minted, and scope_downscoped is true by one agent_id within 15 minutes.',
  );
  assert.equal(
    said(MONITOR_TEMPLATES.mints_outside_hours),
    'Raised when there are any entries where event_type is token.minted by one agent_id within an hour, outside of mon–fri 08:00–18:00 (UTC).',
  );
  assert.equal(
    said({ ...MONITOR_TEMPLATES.quiet_agent }),
    'Raised when one agent_id was active and then nothing came for a day.',
  );
  assert.equal(
    said(MONITOR_TEMPLATES.destination_lag),
    'Raised when a destination has any entries to deliver, the oldest for longer than 15 minutes.',
  );
});

test('windows are told in the largest unit that fits', () => {
  assert.deepEqual([90, 60, 900, 3600, 86_400, 2_592_000].map(windowInWords), [
    '90 seconds',
    'a minute',
    '15 minutes',
    'an hour',
    'a day',
    '30 days',
  ]);
});
