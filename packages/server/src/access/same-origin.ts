import { AffidavitError } from '@affidavit/schema';

/**
 * A browser sends cookies with whatever page asks it to. What changes something is only taken with
 * a header that no other site can make a browser send, and never from another origin.
 */

const PORTAL_HEADER = 'x-affidavit-portal';

export type BrowserHeaders = Readonly<Record<string, string | string[] | undefined>>;

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** Throws `forbidden` where a request with a cookie may be another site's. */
export function requireOwnPage(method: string, headers: BrowserHeaders, publicUrl: string): void {
  if (READING.has(method)) return;
  if (headers[PORTAL_HEADER] !== '1') {
    throw refuse('a request by cookie must say that it comes from the portal or the wallet', {
      field: 'X-Affidavit-Portal',
      expected: 'the header X-Affidavit-Portal: 1',
      advice: 'Send the header X-Affidavit-Portal: 1, or use an API key instead of the cookie.',
    });
  }
  if (isOwnOrigin(headers, publicUrl)) return;
  throw refuse('the request comes from another site', {
    field: 'Origin',
    expected: publicUrl,
    advice: 'Use the pages of this server, or an API key instead of the cookie.',
  });
}

const refuse = (message: string, details: ConstructorParameters<typeof AffidavitError>[2]) =>
  new AffidavitError('forbidden', message, details);

/** By what browsers say of it; programs say nothing. */
function isOwnOrigin(headers: BrowserHeaders, publicUrl: string): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return false;
  const { origin, host } = headers;
  if (origin === undefined) return true;
  const parsed = typeof origin === 'string' ? URL.parse(origin) : null;
  return parsed !== null && (parsed.host === host || parsed.origin === new URL(publicUrl).origin);
}
