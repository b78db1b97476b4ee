/**
 * The path of a call as policies see it. An attacker controls every character of it, and wins
 * where policy and provider read it differently: what can be read in two ways is named as
 * ambiguous, and a call whose path is ambiguous is denied wherever a policy looks at the path.
 */

export interface CallPath {
  /** Percent-decoded once; the undecoded path where that is not possible. */
  readonly path: string;
  /** Why the path can be read in two ways, or null. */
  readonly ambiguity: string | null;
}

/** Dot segments were resolved by the URL parser; what is left here would be a lookalike. */
const DOT_SEGMENT = /(^|\/)\.+\s*(\/|$)/;
const CONTROL = /\p{Cc}/u;

/** Checks on the path as it is sent, before decoding. */
const SENT: readonly (readonly [RegExp, string])[] = [
  [/^(?!\/)/, 'it does not start with a slash'],
  [/%(?![0-9a-f]{2})/i, 'it has a percent sign that encodes nothing'],
  [/%2f/i, 'it has an encoded slash'],
  [/\\|%5c/i, 'it has a backslash'],
  [/\/\//, 'it has an empty segment'],
];

/** Checks on the path once decoded. */
const DECODED: readonly (readonly [RegExp, string])[] = [
  [/%[0-9a-f]{2}/i, 'it is encoded twice'],
  [CONTROL, 'it has a control character'],
  [DOT_SEGMENT, 'it has a dot segment'],
  [/;/, 'it has a path parameter (;)'],
];

function firstMatch(checks: readonly (readonly [RegExp, string])[], text: string): string | null {
  for (const [pattern, meaning] of checks) if (pattern.test(text)) return meaning;
  return null;
}

/** Reads a path, or a piece of a path pattern, in the one way policies know. */
export function readPath(sent: string): CallPath {
  const ambiguity = firstMatch(SENT, sent);
  try {
    const path = decodeURIComponent(sent);
    return { path, ambiguity: ambiguity ?? firstMatch(DECODED, path) };
  } catch {
    return { path: sent, ambiguity: ambiguity ?? 'its percent-encoding is not UTF-8' };
  }
}

/** Host name in lower case, without port and without the dot that ends a rooted name. */
export function callHost(url: URL): string {
  return url.hostname.toLowerCase().replace(/\.$/, '');
}

/** Scheme, host, port and path as policies read them; no credentials, query or fragment. */
export function callAddress(url: URL, { path }: CallPath): string {
  const port = url.port === '' ? '' : `:${url.port}`;
  return `${url.protocol}//${callHost(url)}${port}${path}`;
}

/**
 * The literal pieces of a path pattern, any characters between them; or what is wrong with it.
 * The pattern is read as a call's path is, so `/a%20b` and `/a b` mean the same.
 */
export function readPathPattern(pattern: string): { pieces: string[] } | { fault: string } {
  if (/[?#]/.test(pattern)) return { fault: 'it has a ? or #; only the path is matched' };
  const sent = pattern.replace(/\*+/g, '*');
  const { ambiguity } = readPath(sent.startsWith('*') ? `/${sent}` : sent);
  if (ambiguity !== null) return { fault: ambiguity };
  return { pieces: sent.split('*').map((piece) => decodeURIComponent(piece)) };
}
