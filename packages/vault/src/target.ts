import { AffidavitError, LIMITS, type CallBody } from '@affidavit/schema';

import { isBelow, preparedMethod, prepareRequestHeaders } from './egress/call.ts';
import type { Provider } from './ports.ts';

/**
 * Where a call goes: an absolute URL below the provider's `base_url`, or a path relative to it.
 * The agent controls `url` and `query`; the credential never leaves the base URL.
 */
export function callTarget(provider: Provider, { url: given, query }: CallBody): URL {
  const base = provider.base_url.endsWith('/') ? provider.base_url : `${provider.base_url}/`;
  const absolute = /^[a-z][a-z0-9+.-]*:/i.test(given);
  const url = URL.parse(absolute ? given : base + given.replace(/^\/+/, ''));
  if (!url) {
    throw new AffidavitError('invalid_request', 'url is not an address', {
      field: 'url',
      expected: `an http(s) address below ${provider.base_url}, or a path`,
    });
  }
  for (const [name, value] of Object.entries(query ?? {}))
    url.searchParams.set(name, String(value));
  if (url.href.length > LIMITS.urlCharacters) {
    throw new AffidavitError('invalid_request', 'the address is too long with its query', {
      field: 'query',
      expected: `an address of at most ${LIMITS.urlCharacters} characters`,
    });
  }
  return url;
}

export function isInScope(provider: Provider, url: URL): boolean {
  return isBelow(provider.base_url, url);
}

/** Refuses what could never be sent, before anything is decided or recorded about it. */
export function checkSendable({ method, headers = {} }: CallBody): void {
  preparedMethod(method);
  prepareRequestHeaders(headers);
}

export interface OutgoingBody {
  readonly bytes: Uint8Array | undefined;
  readonly contentType: string | undefined;
  /** As it is kept on the record. */
  readonly text: string | undefined;
}

/** The body to send: `json`, or `body` as text or base64. */
export function outgoingBody({ json, body, body_encoding }: CallBody): OutgoingBody {
  if (json !== undefined && body !== undefined) {
    throw new AffidavitError('invalid_request', 'both json and body are given', {
      field: 'body',
      expected: 'json or body, not both',
    });
  }
  if (json !== undefined) {
    const text = JSON.stringify(json);
    return { bytes: Buffer.from(text), contentType: 'application/json', text };
  }
  if (body === undefined) return { bytes: undefined, contentType: undefined, text: undefined };
  const bytes = Buffer.from(body, body_encoding === 'base64' ? 'base64' : 'utf8');
  return { bytes, contentType: undefined, text: body };
}

/** The headers to send, with lower-case names; what the caller set stays. */
export function outgoingHeaders(
  { headers = {} }: CallBody,
  { contentType }: OutgoingBody,
  traceparent: string | undefined,
): Record<string, string> {
  const pairs = Object.entries(headers).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  );
  const sent: Record<string, string> = Object.fromEntries(pairs);
  if (contentType) sent['content-type'] ??= contentType;
  if (traceparent) sent.traceparent ??= traceparent;
  return sent;
}
