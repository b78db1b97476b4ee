import { MonitorRule, newId } from '@affidavit/schema';

import { parseFilter, type Filter } from '../query/filter.ts';
import type { MonitorGroupsTable } from '../store/tables.ts';
import { Machine, type Group } from './machine.ts';

/** A monitor as it is stored, made ready to run. */

export interface OpenRule {
  readonly rule: MonitorRule;
  readonly filter: Filter;
}

/** Throws what `parseFilter` throws: the filter of a monitor is that of a query. */
export function openRule(text: string): OpenRule {
  const rule = MonitorRule.parse(JSON.parse(text));
  return { rule, filter: parseFilter(rule.filter) };
}

export const newAlarmId = () => newId('alarm');

export function openMachine(
  rule: MonitorRule,
  made_at: number,
  groups: ReadonlyMap<string, Group>,
): Machine {
  const { kind, threshold, window_seconds } = rule;
  const whole = new Map(groups);
  // With no groups, there is always one that can go quiet.
  if (kind === 'absence' && rule.group_by === null && !whole.has('[]'))
    whole.set('[]', { recent: [{ at: made_at, event_id: '' }], alarm: null });
  const window_ms = window_seconds * 1000;
  return new Machine({ kind, threshold, window_ms, made_at }, whole, newAlarmId);
}

export function groupsOf(rows: readonly MonitorGroupsTable[]): Map<string, Group> {
  return new Map(rows.map(({ grp, state }) => [grp, JSON.parse(state) as Group]));
}

/** What it was watched for before it was made: a window, so that it knows what is usual. */
export const learnsFrom = ({ window_seconds }: MonitorRule, made_at: number) =>
  made_at - window_seconds * 1000;
