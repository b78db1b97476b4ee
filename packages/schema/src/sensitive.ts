/**
 * What is taken out of a record before it is hashed or stored: the one list of sensitive headers,
 * query parameters and object keys, and the masks made from it. Masks are exact by name: `token`
 * is masked, `token_type` and `token_id` are not.
 */

/** What stands in the place of a masked value. */
export const MASK = '[masked]';
/** Below this depth nothing is looked into: it is masked as a whole. */
export const MASK_MAX_DEPTH = 64;

/** Header names, lower-case. `www-authenticate` and `proxy-authenticate` carry no credential. */
export const SENSITIVE_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'x-authorization',
  'x-forwarded-authorization',
  'x-forwarded-access-token',
  'cookie',
  'cookie2',
  'set-cookie',
  'set-cookie2',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-credential',
  'x-amz-content-sha256',
  'x-amz-date',
  'x-aws-ec2-metadata-token',
  'x-api-key',
  'x-apikey',
  'x-api-token',
  'api-key',
  'apikey',
  'api-token',
  'x-auth-token',
  'x-auth-key',
  'x-access-token',
  'x-refresh-token',
  'x-id-token',
  'x-session-token',
  'x-token',
  'x-secret',
  'x-client-secret',
  'x-csrf-token',
  'x-xsrf-token',
  'csrf-token',
  'dd-api-key',
  'dd-application-key',
  'x-goog-api-key',
  'x-goog-iam-authorization-token',
  'x-ms-authorization-auxiliary',
  'x-functions-key',
  'ocp-apim-subscription-key',
  'x-vault-token',
  'x-consul-token',
  'x-nomad-token',
  'private-token',
  'job-token',
  'deploy-token',
  'circle-token',
  'x-gitlab-token',
  'x-figma-token',
  'x-honeycomb-team',
  'x-shopify-access-token',
  'x-algolia-api-key',
  'x-rapidapi-key',
]);

/** Names compare case-insensitively and without `-` and `_`: `clientSecret` is `client_secret`. */
export function normalizeName(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '');
}

const TOKENS = [
  'token',
  'access_token',
  'refresh_token',
  'id_token',
  'auth_token',
  'api_token',
  'bearer_token',
  'oauth_token',
  'oauth_token_secret',
  'session_token',
  'security_token',
  'csrf_token',
  'xsrf_token',
  'jwt',
];

const SECRETS = [
  'password',
  'passwd',
  'pwd',
  'passphrase',
  'secret',
  'secret_key',
  'shared_secret',
  'client_secret',
  'client_assertion',
  'code_verifier',
  'app_secret',
  'api_secret',
  'api_key',
  'secret_access_key',
  'aws_secret_access_key',
  'authorization',
  'credential',
  'credentials',
];

/** Keys of JSON objects, normalised by {@link normalizeName}; header names count as keys too. */
export const SENSITIVE_KEYS: ReadonlySet<string> = new Set(
  [
    ...TOKENS,
    ...SECRETS,
    ...SENSITIVE_HEADERS,
    'aws_session_token',
    'bearer',
    'private_key',
    'signing_key',
    'signing_secret',
    'webhook_secret',
    'encryption_key',
    'master_key',
    'connection_string',
    'cookies',
    'new_password',
    'old_password',
    'current_password',
    'confirm_password',
    'password_confirmation',
    'user_password',
  ].map(normalizeName),
);

/** Parameters of a query or fragment, normalised by {@link normalizeName}. */
export const SENSITIVE_QUERY_PARAMS: ReadonlySet<string> = new Set(
  [
    ...TOKENS,
    ...SECRETS,
    ...SENSITIVE_HEADERS,
    'auth',
    'key',
    'sig',
    'signature',
    'subscription_key',
    'x_goog_signature',
    'x_goog_credential',
    'saml_response',
    'private_key',
  ].map(normalizeName),
);

/** Callers choose names, so what is remembered of them is bounded and starts anew when full. */
const REMEMBERED_NAMES = 4096;
const LONGEST_NAME = 64;

function remember(judge: (name: string) => boolean): (name: string) => boolean {
  const known = new Map<string, boolean>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const verdict = judge(name);
    if (known.size >= REMEMBERED_NAMES) known.clear();
    if (name.length <= LONGEST_NAME) known.set(name, verdict);
    return verdict;
  };
}

/** Whether a value under this key of a JSON object is masked. */
export const isSensitiveKey: (key: string) => boolean = remember((key) =>
  SENSITIVE_KEYS.has(normalizeName(key)),
);

const isMaskable = (value: unknown): boolean =>
  value !== MASK &&
  (typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    (typeof value === 'object' && value !== null));

function maskArray(list: readonly unknown[], depth: number): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (let index = 0; index < list.length; index += 1) {
    const member = list[index];
    if (typeof member !== 'object' || member === null) continue;
    const masked = maskAt(member, depth);
    if (masked === member) continue;
    copy ??= list.slice();
    copy[index] = masked;
  }
  return copy ?? list;
}

function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}

function maskObject(
  record: Readonly<Record<string, unknown>>,
  depth: number,
): Readonly<Record<string, unknown>> {
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(record)) {
    const member = record[key];
    let masked = member;
    if (isSensitiveKey(key)) masked = isMaskable(member) ? MASK : member;
    else if (typeof member === 'object' && member !== null) masked = maskAt(member, depth);
    if (masked === member) continue;
    copy ??= { ...record };
    setOwn(copy, key, masked);
  }
  return copy ?? record;
}

function maskAt(value: object, depth: number): unknown {
  if (depth >= MASK_MAX_DEPTH) return MASK;
  if (Array.isArray(value)) return maskArray(value, depth + 1);
  return maskObject(value as Readonly<Record<string, unknown>>, depth + 1);
}

/**
 * Masks every string, number, object and array under a sensitive key of a JSON value, at any
 * depth; null and booleans stay. The input is not changed; what needs no mask is returned itself.
 */
export function maskSensitive(value: unknown): { value: unknown; masked: boolean } {
  if (typeof value !== 'object' || value === null) return { value, masked: false };
  const result = maskAt(value, 0);
  return { value: result, masked: result !== value };
}

const AUTHORITY = /^(\s*(?:(?:https?|wss?|ftp):[/\\]*|(?:[a-z][a-z0-9+.-]*:)?\/\/))([^/\\?#]*)/i;

function withoutUserInfo(url: string): string {
  const found = url.includes('@') ? AUTHORITY.exec(url) : null;
  const [whole, scheme, authority] = found ?? [];
  if (whole === undefined || scheme === undefined || authority === undefined) return url;
  const at = authority.lastIndexOf('@');
  return at < 0 ? url : scheme + authority.slice(at + 1) + url.slice(whole.length);
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    return name;
  }
}

/** `user[password]` is judged by `password`. */
const isSensitiveParameter = remember((encoded) => {
  const name = decodeName(encoded).trim();
  const [, inner] = /\[([^[\]]+)\](?:\[\])?$/.exec(name.slice(-LONGEST_NAME)) ?? [];
  return SENSITIVE_QUERY_PARAMS.has(normalizeName(inner ?? name.replace(/\[\]$/, '')));
});

/** Names inside one `&` part: `;` is an older separator, and a fragment may hold `?` and `#`. */
const PARAMETER_NAME = /(?:^|[?#;])([^=?#;]*)=/g;

/** Masks from the first sensitive name to the end: separators may belong to the value. */
function maskPair(pair: string): string {
  for (const { 0: whole, 1: name, index } of pair.matchAll(PARAMETER_NAME)) {
    const end = index + whole.length;
    if (end < pair.length && name !== undefined && isSensitiveParameter(name)) {
      return pair.slice(0, end) + MASK;
    }
  }
  return pair;
}

function maskParameters(text: string): string {
  return text.includes('=') ? text.split('&').map(maskPair).join('&') : text;
}

function maskQueryAndFragment(tail: string): string {
  const hash = tail.indexOf('#');
  if (hash < 0) return maskParameters(tail);
  return maskParameters(tail.slice(0, hash)) + maskParameters(tail.slice(hash));
}

/**
 * A URL without user name and password and with the values of sensitive query and fragment
 * parameters masked. All else stays byte for byte; relative and invalid URLs are masked as well.
 */
export function maskUrl(url: string): { url: string; masked: boolean } {
  const bare = withoutUserInfo(url);
  const start = bare.search(/[?#]/);
  const result = start < 0 ? bare : bare.slice(0, start) + maskQueryAndFragment(bare.slice(start));
  return { url: result, masked: result !== url };
}
