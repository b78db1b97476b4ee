import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import { AffidavitError } from '@affidavit/schema';
import type { Egress } from '@affidavit/vault';

import type { Said, SendResult } from './receiver.ts';

/** One request to a receiver, and what its status means where the format says nothing else. */

const gzipped = promisify(gzip);

const ANSWER_MS = 30_000;
const ANSWER_BYTES_MAX = 64 * 1024;
const SAID_CHARACTERS_MAX = 300;
const RETRY_AFTER_MS_MAX = 60 * 60 * 1000;

export interface Outgoing {
  readonly url: URL;
  readonly body: string;
  /** Sent as gzip. */
  readonly compress: boolean;
  readonly headers: Readonly<Record<string, string>>;
  /** Headers that are credentials. */
  readonly secrets: Readonly<Record<string, string>>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  readonly said: Said;
  /** From `Retry-After` (RFC 9110, section 10.2.3), bounded. */
  readonly afterMs?: number;
}

export interface HttpPorts {
  readonly egress: Egress;
  /** Takes the destination's secrets out of text. */
  readonly scrub: (text: string) => string;
  readonly now: () => number;
}

/** The answer, or a `later` where there is none. Redirects are answers: they are not followed. */
export async function post(
  { egress, scrub, now }: HttpPorts,
  { url, body, compress, headers, secrets }: Outgoing,
  signal: AbortSignal,
): Promise<HttpAnswer | (SendResult & { readonly kind: 'later' })> {
  const bytes = compress ? await gzipped(body) : body;
  const request = {
    method: 'POST',
    url,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'affidavit',
      ...headers,
      ...(compress ? { 'content-encoding': 'gzip' } : {}),
    },
    body: bytes,
    credential: {
      attach: (target: { readonly headers: Record<string, string> }) =>
        void Object.assign(target.headers, secrets),
    },
    withinScope: (target: URL) => target.origin === url.origin,
  };
  const options = {
    timeoutMs: ANSWER_MS,
    maxResponseBytes: ANSWER_BYTES_MAX,
    noRedirects: true as const,
    signal,
  };
  try {
    const result = await egress.callProvider(request, options);
    if (result.kind === 'failure') return noAnswer(`there was no answer (${result.reason})`);
    const text = Buffer.from(result.body).toString('utf8');
    const said = { status: result.status, text: scrub(text).slice(0, SAID_CHARACTERS_MAX) };
    const afterMs = retryAfter(result.headers['retry-after'], now());
    return { status: result.status, text, said, ...(afterMs === null ? {} : { afterMs }) };
  } catch (error) {
    if (error instanceof AffidavitError && error.code === 'egress_blocked')
      return noAnswer('its address may not be called');
    throw error;
  }
}

function noAnswer(reason: string) {
  return { kind: 'later', reason, said: { status: null, text: reason } } as const;
}

/** Seconds, or a date; null for anything else. */
export function retryAfter(header: string | readonly string[] | undefined, now: number) {
  if (typeof header !== 'string') return null;
  const wait = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 0), RETRY_AFTER_MS_MAX) : null;
}

const WORDS: Readonly<Record<number, string>> = {
  401: 'it does not accept the credential',
  403: 'it does not allow the credential to do this',
  429: 'it has too much to do',
};

/** `it answered 500: …`, as it is shown. */
export function words({ status, text }: Said): string {
  const meaning = WORDS[status ?? 0];
  const head = `it answered ${status}${meaning === undefined ? '' : ` (${meaning})`}`;
  return text.trim() === '' ? head : `${head}: ${text.trim().replaceAll(/\s+/g, ' ')}`;
}

/** The same again, once the receiver can. */
export function later({ said, afterMs }: HttpAnswer, reason = words(said)): SendResult {
  return { kind: 'later', reason, said, ...(afterMs === undefined ? {} : { afterMs }) };
}

export const halt = ({ said }: HttpAnswer, reason = words(said)): SendResult => ({
  kind: 'halt',
  reason,
  said,
});

export const refused = ({ said }: HttpAnswer, reason = words(said)): SendResult => ({
  kind: 'refused',
  reason,
  said,
});
