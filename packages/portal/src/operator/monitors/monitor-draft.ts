import { conditionsOf, filterOf, type Condition } from '../conditions/conditions.ts';
import { isLevel, type Kind, type Rule, type Schedule, type Severity } from './monitor.ts';

/** A monitor as a form has it: everything of every kind, so that nothing typed is lost on the way. */

export interface Draft {
  readonly name: string;
  readonly kind: Kind;
  readonly conditions: readonly Condition[];
  readonly group_by: string;
  readonly field: string;
  readonly threshold: string;
  readonly window: string;
  /** Seconds of the unit of `window`. */
  readonly unit: string;
  readonly severity: Severity;
  readonly schedule: Schedule;
  readonly notify: readonly string[];
  readonly enabled: boolean;
}

const OFFICE: Schedule = {
  days: ['mon', 'tue', 'wed', 'thu', 'fri'],
  from: '09:00',
  to: '18:00',
  time_zone: 'UTC',
};

const SIZES = [86_400, 3600, 60, 1];

export function draftOf(rule?: Rule, time_zone: string = 'UTC'): Draft {
  const seconds = rule?.window_seconds ?? 900;
  const unit = SIZES.find((size) => seconds % size === 0) ?? 1;
  return {
    name: rule?.name ?? '',
    kind: rule?.kind ?? 'count',
    conditions: conditionsOf(rule?.filter ?? {}),
    group_by: rule?.group_by ?? '',
    field: rule?.field ?? '',
    threshold: String(rule?.threshold ?? 0),
    window: String(seconds / unit),
    unit: String(unit),
    severity: rule?.severity ?? 'P3',
    schedule: rule?.schedule ?? { ...OFFICE, time_zone },
    notify: rule?.notify ?? [],
    enabled: rule?.enabled ?? true,
  };
}

/** What the kind has no use for is taken away. */
export function ruleOf(draft: Draft): Rule {
  const { name, kind, group_by, field, severity, schedule, notify, enabled } = draft;
  const isOfEntries = !isLevel(kind);
  return {
    name: name.trim(),
    kind,
    filter: isOfEntries ? filterOf(draft.conditions) : {},
    group_by: isOfEntries && group_by !== '' ? group_by : null,
    field: kind === 'new_value' ? field || 'provider' : null,
    threshold: kind === 'new_value' || kind === 'absence' ? 0 : Number(draft.threshold),
    window_seconds: Number(draft.window) * Number(draft.unit),
    severity,
    schedule: kind === 'outside_hours' ? schedule : null,
    notify,
    enabled,
  };
}

/** The body of a new monitor; there what is null is left out. */
export function bodyOf(draft: Draft): object {
  return Object.fromEntries(Object.entries(ruleOf(draft)).filter(([, value]) => value !== null));
}
