import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MONITOR_TEMPLATES, MonitorBody, MonitorRule } from '@affidavit/schema';

import type { Rule } from './monitor.ts';
import { bodyOf, draftOf, ruleOf } from './monitor-draft.ts';

test('every template goes through the form unchanged', () => {
  for (const [name, template] of Object.entries(MONITOR_TEMPLATES)) {
    const rule = {
      kind: 'count',
      group_by: null,
      field: null,
      schedule: null,
      notify: [],
      enabled: true,
      ...template,
    } as unknown as Rule;
    assert.deepEqual(ruleOf(draftOf(rule)), rule, name);
    assert.ok(MonitorRule.safeParse(ruleOf(draftOf(rule))).success, name);
    assert.ok(MonitorBody.safeParse(bodyOf(draftOf(rule))).success, name);
  }
});

test('what another kind had is taken away', () => {
  const draft = { ...draftOf(), name: 'x', field: 'provider', group_by: 'agent_id' };
  assert.equal(ruleOf(draft).field, null);
  assert.equal(ruleOf({ ...draft, kind: 'open_intents' }).group_by, null);
});
