import { AffidavitError, type OAuth2Auth } from '@affidavit/schema';
import { createRemoteJWKSet, customFetch as joseFetch, errors, jwtVerify } from 'jose';
import type { JWTPayload, JWTVerifyGetKey } from 'jose';
import * as oauth from 'oauth4webapi';

import { AuthorizationServers, type AuthorizationServer } from './authorization-server.ts';
import { EndpointRequest, type WayOut } from './endpoint.ts';

/** Signatures by a key that only the issuer has; never `none`, never a shared secret. */
const ALGORITHMS: readonly string[] =
  'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ');
const CLOCK_TOLERANCE_SECONDS = 60;
/** Older ones were not just given out, whatever they say of their life. */
const AGE_MAX_SECONDS = 24 * 3600;
const KEYS_KEPT_MS = 10 * 60_000;
/** A key that is not known yet has the keys fetched again, so often at most. */
const KEYS_COOLDOWN_MS = 30_000;
const ISSUERS_MAX = 1000;

export interface IdTokenCheck {
  readonly issuer: string;
  readonly client_id: string;
  /** That was sent with the request for it; not compared where undefined. */
  readonly nonce: string | undefined;
}

/** Claims of an ID token that is what it says (OpenID Connect Core 1.0, section 2). */
export type IdTokenClaims = JWTPayload & { readonly sub: string };

/** Checks ID tokens against the keys that their issuer publishes. */
export class IdTokens {
  readonly #way: WayOut;
  readonly #servers: AuthorizationServers;
  /** By their address, the oldest first. */
  readonly #keys = new Map<string, JWTVerifyGetKey>();
  readonly #now: () => number;

  constructor(way: WayOut, now: () => number) {
    this.#way = way;
    this.#servers = new AuthorizationServers(way, now);
    this.#now = now;
  }

  /**
   * What an issuer says of itself. Rejects with `provider_unreachable` where it says nothing, and
   * with `invalid_request` where people cannot be signed in by it.
   */
  async describe(issuer: string, client_id: string): Promise<AuthorizationServer> {
    const auth: OAuth2Auth = { type: 'oauth2', issuer, client_id, scopes: [] };
    const server = await this.#servers.of(auth);
    const signing = server.id_token_signing_alg_values_supported as readonly string[] | undefined;
    const fault =
      missingEndpoint(server) ??
      (signing && !signing.some((one) => ALGORITHMS.includes(one))
        ? 'signs ID tokens by no algorithm that is accepted'
        : null);
    if (fault === null) return server;
    throw new AffidavitError('invalid_request', `the issuer ${fault}`, {
      field: 'issuer',
      expected: `an OpenID Connect provider that signs by one of ${ALGORITHMS.join(', ')}`,
    });
  }

  /**
   * The claims of an ID token, an attacker's text until this resolves. Rejects with `unauthorized`
   * where anything of OpenID Connect Core 1.0, section 3.1.3.7 does not hold, and with
   * `provider_unreachable` where the keys cannot be had.
   */
  async verify(text: string, { issuer, client_id, nonce }: IdTokenCheck): Promise<IdTokenClaims> {
    const server = await this.describe(issuer, client_id);
    try {
      const { payload } = await jwtVerify(text, this.#keysAt(server.jwks_uri as string), {
        issuer: server.issuer,
        audience: client_id,
        algorithms: [...ALGORITHMS],
        requiredClaims: ['sub', 'iat', 'exp', ...(nonce === undefined ? [] : ['nonce'])],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        maxTokenAge: AGE_MAX_SECONDS,
        currentDate: new Date(this.#now()),
      });
      const fault = claimFault(payload, client_id, nonce);
      if (fault !== null) throw new AffidavitError('unauthorized', fault);
      return payload as IdTokenClaims;
    } catch (error) {
      throw asRefusal(error);
    }
  }

  #keysAt(address: string): JWTVerifyGetKey {
    const known = this.#keys.get(address);
    if (known) return known;
    const keys = createRemoteJWKSet(new URL(address), {
      cacheMaxAge: KEYS_KEPT_MS,
      cooldownDuration: KEYS_COOLDOWN_MS,
      [joseFetch]: (href: string, { method, headers }: { method: string; headers: Headers }) => {
        const { options } = new EndpointRequest(this.#way);
        return options[oauth.customFetch](href, { method, headers: Object.fromEntries(headers) });
      },
    });
    const [oldest] = this.#keys.keys();
    if (this.#keys.size >= ISSUERS_MAX && oldest !== undefined) this.#keys.delete(oldest);
    this.#keys.set(address, keys);
    return keys;
  }
}

function missingEndpoint(server: AuthorizationServer): string | null {
  const needed = ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const;
  const missing = needed.find((name) => server[name] === undefined);
  return missing === undefined ? null : `names no ${missing}`;
}

function claimFault(
  { sub, aud, azp, nonce: given }: JWTPayload,
  client_id: string,
  nonce: string | undefined,
): string | null {
  if (typeof sub !== 'string' || sub === '' || sub.length > 255) return 'the sub is not valid';
  if (nonce !== undefined && given !== nonce) return 'the nonce is another one';
  const isShared = Array.isArray(aud) && aud.length > 1;
  if ((isShared || azp !== undefined) && azp !== client_id) return 'the azp is another client';
  return null;
}

/** Of keys that did not come, or are none. */
const OF_KEYS: ReadonlySet<string> = new Set([
  'ERR_JOSE_GENERIC',
  'ERR_JWKS_INVALID',
  'ERR_JWKS_TIMEOUT',
]);

/** What jose says, in words that tell nothing of the token's contents. */
function asRefusal(error: unknown): unknown {
  if (error instanceof AffidavitError) return error;
  if (!(error instanceof errors.JOSEError) || OF_KEYS.has(error.code)) {
    return new AffidavitError('provider_unreachable', 'the keys of the issuer cannot be had', {
      cause: error,
    });
  }
  const why =
    error instanceof errors.JWTExpired
      ? 'it has expired'
      : error instanceof errors.JWTClaimValidationFailed
        ? `its ${error.claim} is not as it must be`
        : `${error.code}`;
  return new AffidavitError('unauthorized', `the ID token is not valid: ${why}`, { cause: error });
}
