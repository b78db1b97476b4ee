import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

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
import type { Deliverable, Receiver, SendResult } from '../receiver.ts';

/** Splunk HTTP Event Collector: envelopes one behind the other, with acknowledgement if asked for. */

/** Splunk advises about 1 MB a request, and takes entries of up to 800 KB whole. */
const LIMITS = { entries: 1000, bytes: 800_000, entryBytes: 800_000, waitMs: 250 };
const ACK_FIRST_MS = 200;
const ACK_PAUSE_MAX_MS = 5000;
const ACK_WAIT_MS = 120_000;

/** Codes of the collector that are about the token, the index or the channel: no entry is at fault. */
const SETUP_CODES: ReadonlySet<unknown> = new Set([1, 2, 3, 4, 7, 10, 11, 14, 16]);

export interface SplunkSettings extends HttpPorts {
  readonly config: DestinationConfig<'splunk_hec'>;
}

export function openSplunkHec(settings: SplunkSettings): Receiver {
  const { config } = settings;
  const channel = randomUUID();
  const base = collectorOf(config.url);
  const headers: Record<string, string> = config.ack ? { 'x-splunk-request-channel': channel } : {};
  const secrets = { authorization: `Splunk ${config.token}` };
  const compress = config.compression === 'gzip';
  const frame = frameOf(config);
  return {
    limits: LIMITS,
    send: async (batch, signal) => {
      const body = batch.map(frame).join('\n');
      const url = new URL(`${base}/event`);
      const answer = await post(settings, { url, body, compress, headers, secrets }, signal);
      if ('kind' in answer) return answer;
      const result = meaningOf(answer, batch.length);
      if (result.kind !== 'accepted' || !config.ack) return result;
      const ask = (acks: string) => {
        const to = new URL(`${base}/ack?channel=${channel}`);
        return post(settings, { url: to, body: acks, compress: false, headers, secrets }, signal);
      };
      return acknowledged(answer, ask, signal);
    },
    close: async () => undefined,
  };
}

/** The collector, whether its root, its base or its address for events was given. */
function collectorOf(address: string): string {
  const url = new URL(address);
  const path = url.pathname.replace(/\/+$/, '').replace(/\/event(\/1\.0)?$/, '');
  return `${url.origin}${path.endsWith('/services/collector') ? path : `${path}/services/collector`}`;
}

/** `time` in seconds with decimals, as a literal: never in exponent notation. */
function frameOf({ index, sourcetype, source }: DestinationConfig<'splunk_hec'>) {
  const fixed = { source: source ?? 'affidavit', sourcetype: sourcetype ?? 'affidavit:entry' };
  const rest = JSON.stringify(index === undefined ? fixed : { ...fixed, index }).slice(1, -1);
  return ({ created_at, event_id, event_type, json }: Deliverable) => {
    const time = (created_at / 1000).toFixed(3);
    const fields = JSON.stringify({ event_id, event_type });
    return `{"time":${time},${rest},"fields":${fields},"event":${json}}`;
  };
}

interface CollectorAnswer {
  readonly code?: unknown;
  readonly ackId?: unknown;
  readonly acks?: unknown;
  readonly 'invalid-event-number'?: unknown;
}

function read(text: string): CollectorAnswer {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function meaningOf(answer: HttpAnswer, entries: number): SendResult {
  const { status, said } = answer;
  const { code, 'invalid-event-number': index } = read(answer.text);
  if (status === 200 && (code === undefined || code === 0)) return { kind: 'accepted', said };
  if (status === 401 || status === 403 || SETUP_CODES.has(code)) return halt(answer);
  if (status === 413) return refused(answer);
  if (status !== 400) return later(answer);
  const isPlace = Number.isInteger(index) && Number(index) >= 0 && Number(index) < entries;
  const result = { kind: 'refused', reason: words(said), said } as const;
  return isPlace ? { ...result, index: Number(index) } : result;
}

/** Waits until the indexer has the batch; else it is sent again. */
async function acknowledged(
  accepted: HttpAnswer,
  ask: (acks: string) => ReturnType<typeof post>,
  signal: AbortSignal,
): Promise<SendResult> {
  const { ackId } = read(accepted.text);
  if (!Number.isSafeInteger(ackId)) {
    const reason = 'it gave no ackId: acknowledgement is not enabled for the token';
    return { kind: 'halt', reason, said: accepted.said };
  }
  const end = performance.now() + ACK_WAIT_MS;
  for (let pause = ACK_FIRST_MS; performance.now() < end && !signal.aborted;) {
    await sleep(pause, undefined, { signal }).catch(() => undefined);
    pause = Math.min(pause * 2, ACK_PAUSE_MAX_MS);
    const answer = await ask(JSON.stringify({ acks: [ackId] }));
    if ('kind' in answer) continue;
    const { acks } = read(answer.text);
    if (answer.status === 200 && (acks as Record<string, unknown>)?.[String(ackId)] === true)
      return { kind: 'accepted', said: accepted.said };
    if (answer.status === 401 || answer.status === 403) return halt(answer);
  }
  return later(accepted, 'it did not acknowledge the batch in time');
}
