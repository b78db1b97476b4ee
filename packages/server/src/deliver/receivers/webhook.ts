import { createHash, createHmac } from 'node:crypto';

import type { DestinationConfig } from '@affidavit/schema';

import { halt, later, post, refused, type HttpPorts } from '../http-send.ts';
import type { Deliverable, Receiver, SendResult } from '../receiver.ts';

/** Standard Webhooks (standardwebhooks.com): signed POSTs of `{"events":[…]}`. */

const LIMITS = { entries: 500, bytes: 1_000_000, entryBytes: 1_000_000, waitMs: 250 };

/** It says that what was sent is wrong. Other 4xx are about the address, and may be mended there. */
const REFUSES: ReadonlySet<number> = new Set([400, 413, 415, 422]);
/** 410: the receiver is gone for good, by the specification. */
const HALTS: ReadonlySet<number> = new Set([401, 403, 410]);

export interface WebhookSettings extends HttpPorts {
  readonly destination_id: string;
  readonly config: DestinationConfig<'webhook'>;
  /** Keys as they were given; all of them sign. */
  readonly secrets: () => readonly string[];
}

export function openWebhook(settings: WebhookSettings): Receiver {
  const url = new URL(settings.config.url);
  return {
    limits: LIMITS,
    send: async (batch, signal) => {
      const body = `{"events":[${batch.map(({ json }) => json).join(',')}]}`;
      const id = messageId(settings.destination_id, batch);
      const timestamp = String(Math.floor(settings.now() / 1000));
      const signature = settings
        .secrets()
        .map((secret) => `v1,${sign(secret, `${id}.${timestamp}.${body}`)}`)
        .join(' ');
      const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp };
      const secrets = { 'webhook-signature': signature };
      const answer = await post(settings, { url, body, compress: false, headers, secrets }, signal);
      return 'kind' in answer ? answer : meaningOf(answer);
    },
    close: async () => undefined,
  };
}

function meaningOf(answer: Parameters<typeof later>[0]): SendResult {
  const { status, said } = answer;
  if (status >= 200 && status < 300) return { kind: 'accepted', said };
  if (HALTS.has(status)) return halt(answer);
  return REFUSES.has(status) ? refused(answer) : later(answer);
}

/** The same for the same entries, so that a receiver can tell a batch that is sent again. */
function messageId(destinationId: string, batch: readonly Deliverable[]): string {
  const digest = createHash('sha256').update(destinationId);
  for (const { event_id } of batch) digest.update(event_id);
  return `msg_${digest.digest('base64url').slice(0, 32)}`;
}

function sign(secret: string, content: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return createHmac('sha256', key).update(content).digest('base64');
}
