/** The cookies that this server gives and takes (RFC 6265). */

export type CookieKind = 'operator' | 'wallet' | 'sign_in';

interface CookieRule {
  readonly name: string;
  readonly path: string;
  readonly sameSite: 'Strict' | 'Lax';
}

const RULES: Readonly<Record<CookieKind, CookieRule>> = {
  operator: { name: 'affidavit_session', path: '/', sameSite: 'Strict' },
  // Sent to the routes of the wallet alone.
  wallet: { name: 'affidavit_wallet', path: '/v1/wallet', sameSite: 'Strict' },
  // It must come along when an identity provider sends the browser back.
  sign_in: { name: 'affidavit_sign_in', path: '/v1/sign-in', sameSite: 'Lax' },
};

const HEADER_CHARACTERS_MAX = 16_384;

/** Over https the name says what the browser must have checked (RFC 6265bis, section 4.1.3). */
function nameOf({ name, path }: CookieRule, isSecure: boolean): string {
  if (!isSecure) return name;
  return path === '/' ? `__Host-${name}` : `__Secure-${name}`;
}

export const isSecureUrl = (publicUrl: string): boolean => publicUrl.startsWith('https:');

/** What a browser sent of a kind; null where it is not there, or there twice. */
export function readCookie(header: string | undefined, kind: CookieKind, publicUrl: string) {
  if (header === undefined || header.length > HEADER_CHARACTERS_MAX) return null;
  const begin = `${nameOf(RULES[kind], isSecureUrl(publicUrl))}=`;
  const found = header
    .split(';')
    .map((one) => one.trim())
    .filter((one) => one.startsWith(begin));
  return found.length === 1 ? (found[0] as string).slice(begin.length) : null;
}

/** `Set-Cookie` for a value; with 0 seconds the browser forgets it. */
export function cookieText(
  kind: CookieKind,
  value: string,
  seconds: number,
  publicUrl: string,
): string {
  const rule = RULES[kind];
  const isSecure = isSecureUrl(publicUrl);
  const parts = [
    `${nameOf(rule, isSecure)}=${value}`,
    `Path=${rule.path}`,
    `Max-Age=${seconds}`,
    'HttpOnly',
    `SameSite=${rule.sameSite}`,
    ...(isSecure ? ['Secure'] : []),
  ];
  return parts.join('; ');
}
