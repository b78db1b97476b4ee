import { AffidavitError, MonitorRule, type MonitorKind } from '@affidavit/schema';

import { parseFilter } from '../query/filter.ts';

/** Monitors as clients write them. */

/** What is left out of a body. */
export const MONITOR_DEFAULTS = {
  filter: {},
  group_by: null,
  field: null,
  threshold: 0,
  window_seconds: 900,
  severity: 'P3',
  schedule: null,
  notify: [],
  enabled: true,
} as const;
/** What a kind asks for says which it is, where none is named. */
export function kindOf(given: object): MonitorKind {
  if ('schedule' in given) return 'outside_hours';
  return 'field' in given ? 'new_value' : 'count';
}

/** Throws what is wrong with it, by the name that the client gave. */
export function checkRule(value: object): MonitorRule {
  const parsed = MonitorRule.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new AffidavitError('invalid_request', 'this is not a monitor', {
      field: issue?.path.join('.') ?? 'body',
      expected: issue?.message ?? 'a monitor',
    });
  }
  const { filter } = parsed.data;
  for (const name of ['from', 'to']) {
    if (!(name in filter)) continue;
    throw new AffidavitError('invalid_request', 'a monitor has a window instead of times', {
      field: `filter.${name}`,
      expected: 'window_seconds',
    });
  }
  parseFilter(filter);
  return parsed.data;
}
