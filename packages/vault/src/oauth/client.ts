import type { AuditEvent, OAuth2Auth } from '@affidavit/schema';
import * as oauth from 'oauth4webapi';

import { createScrubber } from '../egress/scrub.ts';
import { AuthorizationServers, type AuthorizationServer } from './authorization-server.ts';
import { EndpointRequest, type OAuthFailure, type WayOut } from './endpoint.ts';

/** Us, as a client of an OAuth server. */
export interface OAuthParty {
  readonly auth: OAuth2Auth;
  /** Null for a public client. */
  readonly client_secret: string | null;
}

/** What a token endpoint gave. */
export interface TokenSet {
  readonly access_token: string;
  readonly refresh_token: string | null;
  readonly expires_in_seconds: number | null;
  /** Null where the answer does not say: as they were asked for. */
  readonly scopes: readonly string[] | null;
  /** Of the ID token. */
  readonly subject: string | null;
  readonly email: string | null;
}

/** What came of a request; `facts` say where it went, for the record. */
export type OAuthResult<T> = { readonly facts: Partial<AuditEvent> } & (
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: OAuthFailure }
);

export interface Authorization {
  readonly redirect_uri: string;
  readonly scopes: readonly string[];
  readonly state: string;
  readonly verifier: string;
  readonly nonce: string;
}

export interface Introspection {
  readonly active: boolean;
  readonly scopes: readonly string[] | null;
}

/** Speaks OAuth 2.0 (RFC 6749, 7009, 7636, 7662, 9207) and OpenID Connect for the broker. */
export class OAuthClient {
  readonly #way: WayOut;
  readonly #servers: AuthorizationServers;

  constructor(way: WayOut, now: () => number) {
    this.#way = way;
    this.#servers = new AuthorizationServers(way, now);
  }

  /** Learns what the server says of itself, so that the next request is one. Rejects as below. */
  async prepare({ auth }: OAuthParty): Promise<void> {
    await this.#servers.of(auth);
  }

  /** Where a person is sent to consent. Rejects with `provider_unreachable`, `egress_blocked`. */
  async authorizationUrl({ auth }: OAuthParty, asked: Authorization): Promise<string> {
    const server = await this.#servers.of(auth);
    const url = new URL(server.authorization_endpoint ?? '');
    await this.#way.guard.checkConfidential(url);
    const { scopes } = asked;
    const parameters = {
      // OpenID Connect Core 1.0 section 11: a refresh token is only for those who consent to it.
      ...(scopes.includes('offline_access') ? { prompt: 'consent' } : {}),
      ...auth.authorization_params,
      response_type: 'code',
      client_id: auth.client_id,
      redirect_uri: asked.redirect_uri,
      ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
      state: asked.state,
      code_challenge: await oauth.calculatePKCECodeChallenge(asked.verifier),
      code_challenge_method: 'S256',
      ...(scopes.includes('openid') ? { nonce: asked.nonce } : {}),
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return url.href;
  }

  /** Trades what the server sent the person back with for tokens. Never rejects for the server's sake. */
  exchange(
    party: OAuthParty,
    answer: URLSearchParams,
    asked: Authorization,
  ): Promise<OAuthResult<TokenSet>> {
    return this.#trade(party, answer, asked, tokenSet);
  }

  /** The same for the ID token alone, as text that is still to be verified: who signs in. */
  signIn(
    party: OAuthParty,
    answer: URLSearchParams,
    asked: Authorization,
  ): Promise<OAuthResult<string>> {
    return this.#trade(party, answer, asked, ({ id_token }) => id_token ?? '');
  }

  #trade<T>(
    party: OAuthParty,
    answer: URLSearchParams,
    asked: Authorization,
    read: (tokens: oauth.TokenEndpointResponse) => T,
  ): Promise<OAuthResult<T>> {
    const secrets = [answer.get('code') ?? '', asked.verifier];
    return this.#ask(party, secrets, async ({ server, client, authentication }, { options }) => {
      const given = new URLSearchParams(answer);
      // Without an issuer in the configuration there is nothing to compare it with.
      if (party.auth.issuer === undefined) given.delete('iss');
      const valid = oauth.validateAuthResponse(server, client, given, asked.state);
      const { redirect_uri, verifier, nonce } = asked;
      const response = await oauth.authorizationCodeGrantRequest(
        server,
        client,
        authentication,
        valid,
        redirect_uri,
        verifier,
        options,
      );
      const isOpenId = asked.scopes.includes('openid');
      const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
        ...(isOpenId ? { expectedNonce: nonce } : {}),
        requireIdToken: isOpenId,
      });
      return read(tokens);
    });
  }

  refresh(party: OAuthParty, refreshToken: string): Promise<OAuthResult<TokenSet>> {
    return this.#ask(party, [refreshToken], async (who, { options }) => {
      const { server, client, authentication } = who;
      const response = await oauth.refreshTokenGrantRequest(
        server,
        client,
        authentication,
        refreshToken,
        options,
      );
      return tokenSet(await oauth.processRefreshTokenResponse(server, client, response));
    });
  }

  /** RFC 8693: an access token for these scopes alone. */
  narrow(
    party: OAuthParty,
    accessToken: string,
    scopes: readonly string[],
  ): Promise<OAuthResult<TokenSet>> {
    return this.#ask(party, [accessToken], async (who, { options }) => {
      const { server, client, authentication } = who;
      const kind = 'urn:ietf:params:oauth:token-type:access_token';
      const response = await oauth.genericTokenEndpointRequest(
        server,
        client,
        authentication,
        'urn:ietf:params:oauth:grant-type:token-exchange',
        {
          subject_token: accessToken,
          subject_token_type: kind,
          requested_token_type: kind,
          scope: scopes.join(' '),
        },
        options,
      );
      return tokenSet(await oauth.processGenericTokenEndpointResponse(server, client, response));
    });
  }

  /** RFC 7009. The value says whether the server revokes at all. */
  revoke(
    party: OAuthParty,
    token: string,
    hint: 'refresh_token' | 'access_token',
  ): Promise<OAuthResult<boolean>> {
    return this.#ask(party, [token], async ({ server, client, authentication }, { options }) => {
      if (server.revocation_endpoint === undefined) return false;
      const additionalParameters = { token_type_hint: hint };
      const response = await oauth.revocationRequest(server, client, authentication, token, {
        ...options,
        additionalParameters,
      });
      await oauth.processRevocationResponse(response);
      return true;
    });
  }

  /** RFC 7662; null where the server does not introspect. */
  introspect(party: OAuthParty, token: string): Promise<OAuthResult<Introspection | null>> {
    return this.#ask(party, [token], async ({ server, client, authentication }, { options }) => {
      if (server.introspection_endpoint === undefined) return null;
      const response = await oauth.introspectionRequest(
        server,
        client,
        authentication,
        token,
        options,
      );
      const { active, scope } = await oauth.processIntrospectionResponse(server, client, response);
      return { active, scopes: scopesOf(scope) };
    });
  }

  async #ask<T>(
    party: OAuthParty,
    secrets: readonly string[],
    work: (who: Who, request: EndpointRequest) => Promise<T>,
  ): Promise<OAuthResult<T>> {
    const request = new EndpointRequest(this.#way);
    try {
      const value = await work(whoOf(party, await this.#servers.of(party.auth)), request);
      return { ok: true, value, facts: request.facts };
    } catch (error) {
      const failure = request.failure(error);
      const own = party.client_secret === null ? secrets : [...secrets, party.client_secret];
      return { ok: false, failure: scrubbed(failure, own), facts: request.facts };
    }
  }
}

/** A server may repeat what it was sent. */
function scrubbed(failure: OAuthFailure, secrets: readonly string[]): OAuthFailure {
  const scrubber = createScrubber(secrets.filter((secret) => secret.length >= 4));
  return scrubber.value(failure) as OAuthFailure;
}

interface Who {
  readonly server: AuthorizationServer;
  readonly client: oauth.Client;
  readonly authentication: oauth.ClientAuth;
}

function whoOf({ auth, client_secret }: OAuthParty, server: AuthorizationServer): Who {
  const client = { client_id: auth.client_id };
  if (client_secret === null) return { server, client, authentication: oauth.None() };
  const supported = server.token_endpoint_auth_methods_supported;
  // RFC 8414 section 2: without word of it, client_secret_basic.
  const preset =
    supported === undefined || supported.includes('client_secret_basic') ? 'basic' : 'post';
  const method = auth.token_endpoint_auth_method?.replace('client_secret_', '') ?? preset;
  const authentication =
    method === 'post'
      ? oauth.ClientSecretPost(client_secret)
      : oauth.ClientSecretBasic(client_secret);
  return { server, client, authentication };
}

function scopesOf(scope: string | undefined): readonly string[] | null {
  return scope === undefined ? null : [...new Set(scope.split(' ').filter((one) => one !== ''))];
}

function tokenSet(answer: oauth.TokenEndpointResponse): TokenSet {
  const claims = oauth.getValidatedIdTokenClaims(answer);
  const email = claims?.email;
  return {
    access_token: answer.access_token,
    refresh_token: answer.refresh_token ?? null,
    expires_in_seconds: answer.expires_in ?? null,
    scopes: scopesOf(answer.scope),
    subject: claims?.sub ?? null,
    email: typeof email === 'string' ? email.slice(0, 320) : null,
  };
}
