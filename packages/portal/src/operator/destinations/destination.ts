import type { Tone } from '../../shared/ui/badge.tsx';
import { duration } from '../../shared/format/time.ts';
import { plural } from '../../shared/format/number.ts';
import type { Filter } from '../conditions/conditions.ts';

/** Destinations as the API shows them. */

export type DestinationType = 'webhook' | 'splunk_hec' | 'datadog' | 's3' | 'otlp' | 'syslog';

interface Delivery {
  /** The last `seq` that is done with. */
  readonly cursor: number;
  readonly delivered: number;
  readonly error: string | null;
  readonly error_at: string | null;
  readonly retry_at: string | null;
}

export interface Backfill extends Delivery {
  readonly replay_id: string;
  readonly from_seq: number;
  readonly to_seq: number;
  readonly dead_lettered: number;
  readonly created_at: string;
  readonly ended_at: string | null;
}

export interface Destination extends Delivery {
  readonly destination_id: string;
  readonly type: DestinationType;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly filter: Filter;
  readonly batch: Readonly<Record<string, number>>;
  readonly state: 'ok' | 'behind' | 'retrying' | 'paused';
  readonly paused_reason: string | null;
  readonly lag_entries: number;
  readonly lag_seconds: number;
  readonly delivered_per_second: number;
  readonly last_delivered_at: string | null;
  readonly dropped: number;
  readonly dead_letters: number;
  readonly backfills: readonly Backfill[];
  readonly created_at: string;
  readonly updated_at: string;
  /** Of a new webhook, once. */
  readonly secret?: string;
}

export interface DeadLetter {
  readonly dead_letter_id: string;
  readonly from_seq: number;
  readonly to_seq: number;
  readonly entries: number;
  readonly reason: string;
  readonly created_at: string;
}

export interface TestAnswer {
  readonly delivered: boolean;
  readonly event_id: string;
  readonly seq: number;
  readonly latency_ms: number;
  readonly status: number | null;
  readonly answer: string;
  readonly error?: string;
}

export const TYPE_NAMES: Readonly<Record<DestinationType, string>> = {
  webhook: 'Webhook',
  splunk_hec: 'Splunk',
  datadog: 'Datadog',
  s3: 'S3',
  otlp: 'OpenTelemetry',
  syslog: 'Syslog',
};

export const TYPE_ABOUTS: Readonly<Record<DestinationType, string>> = {
  webhook: 'Signed batches of JSON to an address of yours',
  splunk_hec: 'The HTTP Event Collector of Splunk',
  datadog: 'The Logs API of Datadog',
  s3: 'Files in a bucket, with digests to check them by',
  otlp: 'Any collector that takes OTLP over HTTP',
  syslog: 'RFC 5424 over TLS or TCP',
};

export const TYPES = Object.keys(TYPE_NAMES) as readonly DestinationType[];

const TONES: Readonly<Record<Destination['state'], Tone>> = {
  ok: 'good',
  behind: 'open',
  retrying: 'refused',
  paused: 'failed',
};

export const stateTone = (state: Destination['state']): Tone => TONES[state];

/** `40 entries, 2 min`; `none` where nothing waits. */
export function lagInWords({ lag_entries, lag_seconds }: Destination): string {
  if (lag_entries === 0) return 'none';
  const age = lag_seconds > 0 ? `, ${duration(lag_seconds * 1000)}` : '';
  return `${plural(lag_entries, 'entry', 'entries')}${age}`;
}

/** What stands in the way of deliveries, and what to do about it; null where nothing does. */
export function troubleOf(one: Destination): { title: string; advice: string } | null {
  if (one.paused_reason !== null) {
    return {
      title: `Paused by the server: ${one.paused_reason}`,
      advice: 'Mend the setup, or what refuses, and resume. Nothing is lost meanwhile.',
    };
  }
  if (one.state === 'paused') {
    return {
      title: 'Paused by an operator',
      advice: 'Entries wait here until it is resumed. Nothing is lost meanwhile.',
    };
  }
  if (one.state === 'retrying') {
    return {
      title: one.error ?? 'The last try failed',
      advice: 'It is tried again by itself, for as long as it takes.',
    };
  }
  return null;
}
