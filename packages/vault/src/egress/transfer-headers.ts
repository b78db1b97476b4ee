/** Headers as they may cross the broker: no hop-by-hop fields, no smuggled line breaks. */
import { AffidavitError, SENSITIVE_HEADERS } from '@affidavit/schema';

export type RequestHeaders = Record<string, string>;
export type ResponseHeaders = Record<string, string | string[]>;

/** RFC 9110 section 7.6.1; every `proxy-*` field is dropped as well. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What the broker decides itself when it sends. */
const SET_BY_BROKER: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'expect',
  'accept-encoding',
]);

/** RFC 9110 section 15.4: they describe a body that is no longer sent. */
const ABOUT_THE_BODY: ReadonlySet<string> = new Set([
  'content-type',
  'content-encoding',
  'content-language',
  'content-location',
  'content-range',
  'digest',
  'content-digest',
  'repr-digest',
]);

/** RFC 9110 section 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9110 section 5.5, as one byte per character. */
const NOT_IN_A_VALUE = /[^\t\u0020-\u007e\u0080-\u00ff]/;

const isHopByHop = (name: string): boolean => HOP_BY_HOP.has(name) || name.startsWith('proxy-');

function namedByConnection(value: string | readonly string[] | undefined): ReadonlySet<string> {
  if (value === undefined) return new Set();
  const list = typeof value === 'string' ? value : value.join(',');
  return new Set(list.split(',').map((name) => name.trim().toLowerCase()));
}

function checkHeader(name: string, value: unknown): asserts value is string {
  const shown = JSON.stringify(name.slice(0, 64));
  if (!TOKEN.test(name)) {
    throw new AffidavitError('invalid_request', `the header name ${shown} is not valid`, {
      field: 'headers',
      expected: 'names of letters, digits and hyphens',
    });
  }
  if (typeof value !== 'string' || NOT_IN_A_VALUE.test(value)) {
    throw new AffidavitError('invalid_request', `the value of header ${shown} is not valid`, {
      field: `headers.${name.slice(0, 64)}`,
      expected: 'a string without line breaks, control characters or characters above U+00FF',
    });
  }
}

/**
 * The client's headers, lower-case, without what belongs to its own connection or is set by the
 * broker. Throws `invalid_request` naming a header that is malformed or given twice.
 */
export function prepareRequestHeaders(headers: Readonly<Record<string, string>>): RequestHeaders {
  const all = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    checkHeader(name, value);
    const lower = name.toLowerCase();
    if (all.has(lower)) {
      throw new AffidavitError('invalid_request', `the header ${lower} is given twice`, {
        field: `headers.${lower}`,
        expected: 'each header once, in whatever case',
      });
    }
    all.set(lower, value);
  }
  const named = namedByConnection(all.get('connection'));
  for (const name of all.keys()) {
    if (isHopByHop(name) || SET_BY_BROKER.has(name) || named.has(name)) all.delete(name);
  }
  return Object.fromEntries(all);
}

/**
 * Headers after a credential was attached, ready to send. What the credential set wins over what
 * the client sent under the same name in another case.
 */
export function sealRequestHeaders(headers: Readonly<Record<string, string>>): RequestHeaders {
  const sealed = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    checkHeader(name, value);
    const lower = name.toLowerCase();
    if (!isHopByHop(lower) && !SET_BY_BROKER.has(lower)) sealed.set(lower, value);
  }
  sealed.set('accept-encoding', 'identity');
  return Object.fromEntries(sealed);
}

/** The same headers without anything that identifies or authorises the client. */
export function withoutCredentials(headers: RequestHeaders): RequestHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !SENSITIVE_HEADERS.has(name)),
  );
}

/** The same headers for a request that lost its body on a redirect. */
export function withoutBodyHeaders(headers: RequestHeaders): RequestHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ABOUT_THE_BODY.has(name)));
}

/** The provider's headers (names lower-case) without what belonged to its connection with us. */
export function receivedHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): ResponseHeaders {
  const named = namedByConnection(headers['connection']);
  const kept: ResponseHeaders = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value === undefined || name === '__proto__') continue;
    if (!isHopByHop(name) && !named.has(name)) kept[name] = value;
  }
  return kept;
}
