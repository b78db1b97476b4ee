import type { AuditEvent, MonitorRule, Severity } from '@affidavit/schema';

import type { Transition } from './machine.ts';
import { groupFields } from './observe.ts';

/** The entries of alarms. */

const RISKS: Readonly<Record<Severity, NonNullable<AuditEvent['risk_level']>>> = {
  P1: 'CRITICAL',
  P2: 'HIGH',
  P3: 'MEDIUM',
  P4: 'LOW',
  P5: 'LOW',
};
/** An entry has a bound, and what is left out is found by the filter and the window. */
const EVIDENCE_MAX = 100;

/** `{agent_id: "agt_…"}`: the values that make a group, by their fields. */
export function groupNamed(rule: MonitorRule, group: string): Record<string, string> {
  const values = JSON.parse(group) as string[];
  return Object.fromEntries(groupFields(rule).map((name, i) => [name, values[i] ?? '']));
}

function sentence(rule: MonitorRule, { what, count, group }: Transition): string {
  const of = Object.values(groupNamed(rule, group)).join(', ');
  const whose = of === '' ? '' : ` (${of})`;
  if (what === 'resolved') return `${rule.name}${whose}: it is over`;
  const window = `${rule.window_seconds} s`;
  const facts = {
    count: `${count} entries, more than ${rule.threshold} in ${window}`,
    outside_hours: `${count} entries outside of business hours`,
    new_value: `seen for the first time in ${window}`,
    absence: `nothing for ${window}`,
    open_intents: `${count} executions without an outcome for ${window}`,
    destination_lag: `${count} entries to deliver, the oldest for longer than ${window}`,
  };
  return `${rule.name}${whose}: ${facts[rule.kind]}`;
}

export function alarmEvent(
  monitor_id: string,
  rule: MonitorRule,
  transition: Transition,
): AuditEvent {
  const { what, at, group, alarm_id, raised_at, count, event_ids } = transition;
  const { name, kind, severity, threshold, window_seconds, notify } = rule;
  return {
    event_type: `monitor.${what}`,
    actor_type: 'system',
    actor_id: 'affidavit',
    outcome: 'success',
    risk_level: RISKS[severity],
    reason: sentence(rule, transition).slice(0, 500),
    args: {
      alarm_id,
      monitor_id,
      name,
      kind,
      severity,
      group: groupNamed(rule, group),
      count,
      threshold,
      window_seconds,
      notify,
      raised_at: new Date(raised_at).toISOString(),
      at: new Date(at).toISOString(),
      event_ids: event_ids.slice(-EVIDENCE_MAX),
    },
  };
}
