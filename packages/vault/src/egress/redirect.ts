/** Where a redirect leads and what of the request goes along (RFC 9110 section 15.4). */
import { AffidavitError } from '@affidavit/schema';
import type { EgressGuard } from './guard.ts';
import { faultOf, faults } from './failure.ts';
import type { Fault } from './failure.ts';
import type { RequestHeaders, ResponseHeaders } from './transfer-headers.ts';
import { withoutBodyHeaders, withoutCredentials } from './transfer-headers.ts';

/** One request of a call, before a credential is attached. */
export interface Hop {
  readonly method: string;
  readonly url: URL;
  readonly headers: RequestHeaders;
  readonly body: Uint8Array | string | undefined;
  /**
   * In scope, and so was every hop before: the credential may go along. What lies outside the
   * scope cannot send us back with it, to a path of its choice.
   */
  readonly trusted: boolean;
}

/** GET for 303, and for 301 and 302 after POST, as every browser does; HEAD stays HEAD. */
function methodAfter(status: number, method: string): string {
  if (status === 303 && method !== 'HEAD') return 'GET';
  return (status === 301 || status === 302) && method === 'POST' ? 'GET' : method;
}

/** The target of a redirect, or null when the Location says nothing usable. */
export function redirectTarget(hop: Hop, headers: ResponseHeaders): URL | null {
  const location = headers['location'];
  if (typeof location !== 'string') return null;
  const target = URL.parse(location, hop.url.href);
  if (target !== null && target.hash === '') target.hash = hop.url.hash;
  return target;
}

/** Why a redirect may not be followed, or null. */
export function redirectRefusal(guard: EgressGuard, from: URL, to: URL): Fault | null {
  try {
    guard.checkUrl(to);
  } catch (error) {
    if (error instanceof AffidavitError) return faultOf(error);
    throw error;
  }
  return from.protocol === 'https:' && to.protocol === 'http:' ? faults.downgrade : null;
}

/** Takes out of a redirect's query the values that a credential had put into the request's. */
export function withoutAttached(url: URL, attached: ReadonlySet<string>): URL {
  if (attached.size === 0 || url.search === '') return url;
  const kept = [...url.searchParams].filter(([, value]) => !attached.has(value));
  if (kept.length === url.searchParams.size) return url;
  const clean = new URL(url);
  clean.search = new URLSearchParams(kept).toString();
  return clean;
}

/** The next request of the call. Out of scope nothing that identifies the client goes along. */
export function followingHop(
  hop: Hop,
  status: number,
  url: URL,
  withinScope: (url: URL, method: string) => boolean,
): Hop {
  const method = methodAfter(status, hop.method);
  const trusted = hop.trusted && withinScope(url, method);
  const headers = trusted ? hop.headers : withoutCredentials(hop.headers);
  if (method === hop.method) return { method, url, headers, body: hop.body, trusted };
  return { method, url, headers: withoutBodyHeaders(headers), body: undefined, trusted };
}
