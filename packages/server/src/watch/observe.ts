import { createHash } from 'node:crypto';

import { WEEKDAYS, type MonitorRule, type Schedule } from '@affidavit/schema';
import { localTime, minuteOfDay } from '@affidavit/vault/local-time';

import type { StoredRecord } from '../query/records.ts';

/** What a monitor sees of an entry that its filter lets through. */

/** A longer value is named by its beginning and its hash: it becomes a key. */
const VALUE_MAX = 128;

export interface Sighting {
  readonly seq: number;
  /** `created_at`, epoch ms. */
  readonly at: number;
  readonly event_id: string;
  /** The values that make the group, as JSON. */
  readonly group: string;
}

/** Null where the entry is none of the monitor's business. */
export function observe(rule: MonitorRule, record: StoredRecord): Sighting | null {
  const { seq, created_at: at, envelope } = record;
  // Alarms raise no alarms.
  if (String(envelope.event_type).startsWith('monitor.')) return null;
  if (rule.schedule !== null && isWithin(rule.schedule, at)) return null;
  const fields = groupFields(rule);
  const values = fields.map((name) => (envelope as Record<string, unknown>)[name]);
  if (values.some((value) => value === undefined)) return null;
  const group = JSON.stringify(values.map(shorten));
  return { seq, at, event_id: String(envelope.event_id), group };
}

/** The fields whose values make a group, in the order of the values in its name. */
export function groupFields({ kind, group_by, field }: MonitorRule): string[] {
  if (kind === 'destination_lag') return ['destination_id'];
  return [group_by, field].filter((name) => name !== null);
}

function shorten(value: unknown): string {
  const text = String(value);
  if (text.length <= VALUE_MAX) return text;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return `${text.slice(0, VALUE_MAX)}…${hash}`;
}

/** A window that ends before it begins goes on into the next day, and is of the day it begins on. */
export function isWithin({ days, from, to, time_zone }: Schedule, at: number): boolean {
  const { weekday, minute } = localTime(time_zone, new Date(at));
  const [start, end] = [minuteOfDay(from), minuteOfDay(to)];
  const today = days.includes(weekday);
  if (start < end) return today && minute >= start && minute < end;
  const before = WEEKDAYS[(WEEKDAYS.indexOf(weekday) + 6) % 7] as (typeof WEEKDAYS)[number];
  return (today && minute >= start) || (days.includes(before) && minute < end);
}
