import assert from 'node:assert/strict';
import { test } from 'node:test';

import { toDraft, toInput } from './draft.ts';
import type { Policy, PolicyInput } from './types.ts';

const stored = (input: PolicyInput): Policy => ({
  cedar: 'forbid (principal, action, resource);',
  ...input,
  policy_id: 'pol_1',
  layer: 'app',
  created_at: '2026-11-01T00:00:00.000Z',
  updated_at: '2026-11-01T00:00:00.000Z',
});

test('a policy comes out of its form as it went in', () => {
  const all: readonly PolicyInput[] = [
    {
      name: 'hours',
      template: {
        kind: 'time_window',
        days: ['mon'],
        from: '09:00',
        to: '24:00',
        time_zone: 'UTC',
      },
      applies_to: { provider: 'mail' },
    },
    { name: 'nets', template: { kind: 'ip_allowlist', cidrs: ['203.0.113.0/24', '::1/128'] } },
    { name: 'paths', template: { kind: 'methods', paths: ['/a', '/b/*'] } },
    { name: 'age', template: { kind: 'ttl', seconds: 7200 } },
    { name: 'often', template: { kind: 'rate', limit: 3, window_seconds: 90, per: 'grant' } },
    { name: 'asked', template: { kind: 'approval', expires_in_seconds: 3600 } },
    { name: 'few', template: { kind: 'scopes', scopes: ['read', 'list'] } },
    { name: 'text', cedar: 'permit (principal, action, resource);' },
  ];
  for (const input of all) assert.deepEqual(toInput(toDraft(stored(input))), input);
});
