import type { DestinationConfig } from '@affidavit/schema';

import {
  halt,
  later,
  post,
  refused,
  words,
  type HttpAnswer,
  type HttpPorts,
} from '../http-send.ts';
import { severityOf } from '../severity.ts';
import type { Deliverable, Receiver, SendResult } from '../receiver.ts';

/** OpenTelemetry logs by OTLP/HTTP in JSON (opentelemetry.io/docs/specs/otlp, OTLP/HTTP). */

const LIMITS = { entries: 500, bytes: 1_000_000, entryBytes: 1_000_000, waitMs: 250 };
/** All other failures must not be sent again. */
const LATER: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const ATTRIBUTES = [
  'seq',
  'event_id',
  'event_type',
  'app_id',
  'tenant_id',
  'actor_id',
  'agent_id',
  'principal_id',
  'provider',
  'grant_id',
  'run_id',
  'execution_id',
  'verb',
  'outcome',
  'policy_decision',
  'policy_id',
] as const;

export interface OtlpSettings extends HttpPorts {
  readonly config: DestinationConfig<'otlp'>;
}

export function openOtlp(settings: OtlpSettings): Receiver {
  const { url: address, headers: secrets = {} } = settings.config;
  const url = new URL(address);
  if (url.pathname === '/') url.pathname = '/v1/logs';
  return {
    limits: LIMITS,
    send: async (batch, signal) => {
      const at = settings.now();
      const logRecords = batch.map((entry) => logRecord(entry, at));
      const scopeLogs = [{ scope: { name: 'affidavit' }, logRecords }];
      const resource = { attributes: [attribute('service.name', 'affidavit')] };
      const body = JSON.stringify({ resourceLogs: [{ resource, scopeLogs }] });
      const answer = await post(
        settings,
        { url, body, compress: false, headers: {}, secrets },
        signal,
      );
      return 'kind' in answer ? answer : meaningOf(answer);
    },
    close: async () => undefined,
  };
}

/** 64-bit integers are strings, enums numbers, ids hex, names lowerCamelCase. */
function logRecord({ created_at, json }: Deliverable, now: number): object {
  const record = JSON.parse(json) as Record<string, unknown>;
  const { trace_id: traceId, span_id: spanId } = record;
  const severity = severityOf(record.outcome);
  return {
    timeUnixNano: `${created_at}000000`,
    observedTimeUnixNano: `${now}000000`,
    severityNumber: severity.otlp,
    severityText: severity.name,
    body: { stringValue: json },
    attributes: ATTRIBUTES.filter((name) => record[name] !== undefined).map((name) =>
      attribute(name, record[name]),
    ),
    ...(typeof traceId === 'string' ? { traceId } : {}),
    ...(typeof spanId === 'string' ? { spanId } : {}),
  };
}

function attribute(key: string, value: unknown): object {
  return Number.isSafeInteger(value)
    ? { key, value: { intValue: String(value) } }
    : { key, value: { stringValue: String(value) } };
}

function meaningOf(answer: HttpAnswer): SendResult {
  const { status, said } = answer;
  if (status >= 200 && status < 300) {
    const rejected = rejectedBy(answer.text);
    return rejected === null ? { kind: 'accepted', said } : { kind: 'accepted', said, rejected };
  }
  if (status === 401 || status === 403) return halt(answer);
  if (LATER.has(status)) return later(answer);
  if (status === 400 || status === 413) return refused(answer);
  return { kind: 'accepted', said, rejected: words(said) };
}

/** `partialSuccess`: which ones it threw away it does not say. */
function rejectedBy(text: string): string | null {
  try {
    const { partialSuccess = {} } = JSON.parse(text) as {
      partialSuccess?: { rejectedLogRecords?: unknown; errorMessage?: unknown };
    };
    const { rejectedLogRecords, errorMessage = '' } = partialSuccess;
    if (!(Number(rejectedLogRecords) > 0)) return null;
    return `it threw ${Number(rejectedLogRecords)} of these entries away: ${String(errorMessage)}`;
  } catch {
    return null;
  }
}
