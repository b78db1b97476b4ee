/** Whether a URL lies below a provider's base_url, which is where its credential may be sent. */

const MAX_DECODING_ROUNDS = 4;
const HIDDEN_SEPARATORS = /%(?:25|2e|2f|5c|3b)/gi;

function decodeSeparators(path: string): string | null {
  let decoded = path;
  for (let round = 0; round < MAX_DECODING_ROUNDS; round += 1) {
    const next = decoded.replace(HIDDEN_SEPARATORS, decodeURIComponent);
    if (next === decoded) return decoded;
    decoded = next;
  }
  return null;
}

/**
 * `..` behind any number of encodings (`%2e%2e%2f`, `%252e`), behind `\` or before `;` climbs out
 * at servers that decode before they route. Plain dot segments are gone after URL parsing.
 */
function climbs(path: string): boolean {
  if (!/[%\\;]/.test(path)) return false;
  const decoded = decodeSeparators(path);
  if (decoded === null || /%00/.test(decoded)) return true;
  return decoded.split(/[/\\]/).some((segment) => {
    const [name] = segment.split(';');
    return name === '.' || name === '..';
  });
}

function isPlainHttp(url: URL): boolean {
  return (
    (url.protocol === 'https:' || url.protocol === 'http:') &&
    url.hostname !== '' &&
    url.username === '' &&
    url.password === ''
  );
}

/**
 * True when `url` has the origin of `baseUrl` and its path is the base path or below it by whole
 * segments: `/v1/x` is below `/v1` and `/v1/`; `/v10`, `/v1%2fx` and `/v1/..%2fadmin` are not.
 * The query and fragment of the base are ignored. An unparsable base has nothing below it.
 */
export function isBelow(baseUrl: URL | string, url: URL): boolean {
  const base = typeof baseUrl === 'string' ? URL.parse(baseUrl) : baseUrl;
  if (base === null || !isPlainHttp(base) || !isPlainHttp(url)) return false;
  if (base.origin !== url.origin) return false;
  const prefix = base.pathname.replace(/\/$/, '');
  const path = url.pathname;
  return (path === prefix || path.startsWith(`${prefix}/`)) && !climbs(path.slice(prefix.length));
}
