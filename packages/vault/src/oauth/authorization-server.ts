import { AffidavitError, type OAuth2Auth } from '@affidavit/schema';
import * as oauth from 'oauth4webapi';

import { EndpointRequest, type WayOut } from './endpoint.ts';

export type AuthorizationServer = oauth.AuthorizationServer;

/** How long what a server says of itself is believed. */
const KNOWN_MS = 10 * 60_000;
const KNOWN_MAX = 1000;

interface Known {
  readonly server: Promise<AuthorizationServer>;
  readonly until: number;
}

/** OAuth servers, as they describe themselves or as the provider's configuration does. */
export class AuthorizationServers {
  readonly #way: WayOut;
  readonly #now: () => number;
  /** By issuer, the oldest first. */
  readonly #known = new Map<string, Known>();

  constructor(way: WayOut, now: () => number) {
    this.#way = way;
    this.#now = now;
  }

  /** Rejects with `provider_unreachable` where the server does not describe itself. */
  async of(auth: OAuth2Auth): Promise<AuthorizationServer> {
    const { issuer, authorization_endpoint, token_endpoint } = auth;
    const isComplete = authorization_endpoint !== undefined && token_endpoint !== undefined;
    const base =
      issuer === undefined || isComplete
        ? { issuer: issuer ?? new URL(token_endpoint as string).origin }
        : await this.#discovered(issuer);
    const given = {
      authorization_endpoint,
      token_endpoint,
      revocation_endpoint: auth.revocation_endpoint,
      introspection_endpoint: auth.introspection_endpoint,
    };
    const set = Object.entries(given).filter(([, value]) => value !== undefined);
    return { ...base, ...(Object.fromEntries(set) as Partial<AuthorizationServer>) };
  }

  /** Asked for once, however many want it; a failure is not kept. */
  #discovered(issuer: string): Promise<AuthorizationServer> {
    const known = this.#known.get(issuer);
    if (known && known.until > this.#now()) return known.server;
    const server = this.#discover(new URL(issuer)).catch((error: unknown) => {
      this.#known.delete(issuer);
      throw error;
    });
    this.#known.delete(issuer);
    const [oldest] = this.#known.keys();
    if (this.#known.size >= KNOWN_MAX && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(issuer, { server, until: this.#now() + KNOWN_MS });
    return server;
  }

  /** OpenID Connect Discovery 1.0; where there is none, RFC 8414. */
  async #discover(issuer: URL): Promise<AuthorizationServer> {
    const request = new EndpointRequest(this.#way);
    try {
      const ask = (algorithm: 'oidc' | 'oauth2') =>
        oauth.discoveryRequest(issuer, { algorithm, ...request.options });
      let response = await ask('oidc');
      if (response.status !== 200) response = await ask('oauth2');
      return await oauth.processDiscoveryResponse(issuer, response);
    } catch (error) {
      const { error: reason, description } = request.failure(error);
      const said = description === undefined ? reason : `${reason}: ${description}`;
      throw new AffidavitError(
        'provider_unreachable',
        `the OAuth server ${issuer.href} does not describe itself (${said})`,
        { advice: 'Check the issuer of the provider, or name its endpoints.', cause: error },
      );
    }
  }
}
