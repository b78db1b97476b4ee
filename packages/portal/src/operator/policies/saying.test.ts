import assert from 'node:assert/strict';
import { test } from 'node:test';

import { sayingOf } from './saying.ts';
import type { PolicyInput } from './types.ts';

const names = { agent: () => 'billing-agent', grant: () => 'mail for alice' };

test('templates are told in a sentence', () => {
  const all: readonly [Pick<PolicyInput, 'template' | 'applies_to'>, string][] = [
    [
      {
        template: {
          kind: 'time_window',
          days: ['fri', 'mon', 'tue', 'thu', 'wed'],
          from: '22:00',
          to: '04:00',
          time_zone: 'Europe/Berlin',
        },
        applies_to: { provider: 'bank' },
      },
      'At bank, calls are allowed on Mon to Fri from 22:00 to 04:00 of the next day (Europe/Berlin), and refused at any other time.',
    ],
    [
      { template: { kind: 'methods', methods: ['get', 'HEAD'], paths: ['/v1/*'] } },
      'Everywhere, only GET and HEAD calls to /v1/* are allowed.',
    ],
    [
      {
        template: { kind: 'rate', limit: 1, window_seconds: 5400, per: 'agent' },
        applies_to: { agent_id: 'agt_1', provider: 'crm' },
      },
      'For billing-agent at crm, at most 1 call by each agent in 90 minutes.',
    ],
    [
      { template: { kind: 'approval' }, applies_to: { grant_id: 'grt_1' } },
      'With the grant on mail for alice, a person must approve each call, within 1 day.',
    ],
    [
      { template: { kind: 'scopes', scopes: ['a', 'b', 'c', 'd', 'e'] } },
      'Everywhere, calls may use no scopes but a, b, c and 2 more.',
    ],
  ];
  for (const [policy, sentence] of all) assert.equal(sayingOf(policy, names), sentence);
});

test('days that are no run are named, and all seven are every day', () => {
  const say = (days: ('mon' | 'wed' | 'sun')[] | undefined) =>
    sayingOf(
      {
        template: {
          kind: 'time_window',
          days: days ?? ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
          from: '09:00',
          to: '17:00',
          time_zone: 'UTC',
        },
      },
      names,
    );
  assert.match(say(['mon', 'wed', 'sun']) ?? '', /allowed on Mon, Wed and Sun from/);
  assert.match(say(undefined) ?? '', /allowed every day from/);
});
