import type { DestinationConfig } from '@affidavit/schema';

import { halt, later, post, refused, type HttpAnswer, type HttpPorts } from '../http-send.ts';
import type { Deliverable, Receiver, SendResult } from '../receiver.ts';

/** Datadog logs intake, v2: `POST /api/v2/logs`. */

/** It takes 5 MB, 1000 items and 1 MB an item, and cuts larger items without a word. */
const LIMITS = { entries: 1000, bytes: 4_000_000, entryBytes: 900_000, waitMs: 250 };
const DEFAULT_SITE = 'datadoghq.com';
/** Outside of this it takes no timestamp: such an entry is filed under when it arrives. */
const OLDEST_MS = 18 * 60 * 60 * 1000 - 5 * 60 * 1000;
const NEWEST_MS = 2 * 60 * 60 * 1000 - 5 * 60 * 1000;

export interface DatadogSettings extends HttpPorts {
  readonly config: DestinationConfig<'datadog'>;
}

export function openDatadog(settings: DatadogSettings): Receiver {
  const { config, now } = settings;
  const url = intakeOf(config);
  const frame = frameOf(config);
  const secrets = { 'dd-api-key': config.api_key };
  return {
    limits: LIMITS,
    send: async (batch, signal) => {
      const at = now();
      const body = `[${batch.map((entry) => frame(entry, at)).join(',')}]`;
      const answer = await post(
        settings,
        { url, body, compress: true, headers: {}, secrets },
        signal,
      );
      return 'kind' in answer ? answer : meaningOf(answer);
    },
    close: async () => undefined,
  };
}

function intakeOf({ site, url }: DestinationConfig<'datadog'>): URL {
  const intake = new URL(url ?? `https://http-intake.logs.${site ?? DEFAULT_SITE}`);
  if (intake.pathname === '/') intake.pathname = '/api/v2/logs';
  return intake;
}

/** The record is flat beside the attributes that Datadog reserves: none of them is a field of it. */
function frameOf({ source, service, tags }: DestinationConfig<'datadog'>) {
  const ddtags = Array.isArray(tags) ? tags.join(',') : tags;
  const fixed = {
    ddsource: source ?? 'affidavit',
    service: service ?? 'affidavit',
    ...(ddtags === undefined ? {} : { ddtags }),
  };
  const head = JSON.stringify(fixed).slice(1, -1);
  return ({ created_at, event_type, event_id, json }: Deliverable, now: number) => {
    const isInTime = created_at > now - OLDEST_MS && created_at < now + NEWEST_MS;
    const timestamp = isInTime ? `"timestamp":${created_at},` : '';
    const message = JSON.stringify(`${event_type} ${event_id}`);
    return `{${head},${timestamp}"message":${message},${json.slice(1)}`;
  };
}

function meaningOf(answer: HttpAnswer): SendResult {
  const { status, said } = answer;
  if (status >= 200 && status < 300) return { kind: 'accepted', said };
  if (status === 401 || status === 403) return halt(answer);
  return status === 400 || status === 413 ? refused(answer) : later(answer);
}
