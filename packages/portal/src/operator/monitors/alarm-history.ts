import type { Entry } from '../../shared/api/types.ts';

/** Alarms of the past, put together from the entries that tell of them. */

export interface PastAlarm {
  readonly alarm_id: string;
  /** The entry that raised it, or the oldest of it that was read. */
  readonly event_id: string;
  readonly raised_at: string;
  readonly resolved_at: string | null;
  readonly group: Readonly<Record<string, string>>;
  /** The most that was told. */
  readonly count: number;
  /** Of the newest entries behind it. */
  readonly event_ids: readonly string[];
}

interface AlarmArgs {
  readonly alarm_id: string;
  readonly monitor_id: string;
  readonly raised_at: string;
  readonly group: Readonly<Record<string, string>>;
  readonly count: number;
  readonly event_ids: readonly string[];
}

/** What anyone may have reported under the same type is none. */
function argsOf({ args, source }: Entry): AlarmArgs | null {
  const given = args as Partial<AlarmArgs> | undefined;
  return source === 'observed' && given?.alarm_id !== undefined ? (given as AlarmArgs) : null;
}

/** Newest first, as the entries are. */
export function pastAlarms(entries: readonly Entry[], monitorId: string): readonly PastAlarm[] {
  const alarms = new Map<string, PastAlarm>();
  for (const entry of entries) {
    const args = argsOf(entry);
    if (args?.monitor_id !== monitorId) continue;
    const { alarm_id, raised_at, group, count, event_ids = [] } = args;
    const later = alarms.get(alarm_id);
    const isOver = entry.event_type === 'monitor.resolved';
    alarms.set(alarm_id, {
      alarm_id,
      event_id: entry.event_id,
      raised_at,
      resolved_at: later?.resolved_at ?? (isOver ? entry.created_at : null),
      group,
      count: Math.max(later?.count ?? 0, count),
      event_ids: later?.event_ids.length ? later.event_ids : event_ids,
    });
  }
  return [...alarms.values()];
}
