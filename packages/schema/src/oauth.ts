import { z } from 'zod';

import { LIMITS } from './limits.ts';

/** What the bodies about OAuth may say. All of it is input that whoever sends them controls. */

const id = () => z.string().min(1).max(LIMITS.idCharacters);

/** RFC 6749 section 3.3: a scope has no spaces, quotes or backslashes. */
const scope = () => z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/);
export const scopes = () => z.array(scope()).max(LIMITS.listItems);

const endpoint = () =>
  z
    .string()
    .max(LIMITS.urlCharacters)
    .refine((value) => isEndpoint(value), {
      error: 'an http(s) address without user or fragment',
    });

function isEndpoint(value: string): boolean {
  const url = URL.parse(value);
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) return false;
  return url.username === '' && url.password === '' && !value.includes('#');
}

/** Parameters of the authorization request that the broker sets itself. */
const OWN_PARAMETERS: ReadonlySet<string> = new Set([
  'client_id',
  'client_secret',
  'code_challenge',
  'code_challenge_method',
  'nonce',
  'redirect_uri',
  'request',
  'request_uri',
  'response_mode',
  'response_type',
  'scope',
  'state',
]);
const PARAMETERS_MAX = 20;

const authorizationParams = () =>
  z
    .record(z.string().regex(/^[\w.-]{1,64}$/), z.string().max(1024))
    .refine((given) => Object.keys(given).length <= PARAMETERS_MAX, {
      error: `at most ${PARAMETERS_MAX} parameters`,
    })
    .refine((given) => Object.keys(given).every((name) => !OWN_PARAMETERS.has(name)), {
      error: 'parameters other than those that Affidavit sets itself',
    });

const oauth2 = z.strictObject({
  type: z.literal('oauth2'),
  /** Where the server describes itself (OpenID Connect Discovery, RFC 8414). */
  issuer: endpoint().optional(),
  /** In place of discovery, or over what it says. */
  authorization_endpoint: endpoint().optional(),
  token_endpoint: endpoint().optional(),
  revocation_endpoint: endpoint().optional(),
  introspection_endpoint: endpoint().optional(),
  client_id: z.string().min(1).max(1024),
  /** Asked for where a connect names none. */
  scopes: scopes().default([]),
  token_endpoint_auth_method: z
    .enum(['client_secret_basic', 'client_secret_post', 'none'])
    .optional(),
  /** Calls with minted tokens go by access tokens that are exchanged for narrower ones (RFC 8693). */
  token_exchange: z.boolean().optional(),
  /** More parameters of the authorization request, such as `{"access_type":"offline"}`. */
  authorization_params: authorizationParams().optional(),
});
/** How a provider's OAuth server is reached; without the client's secret. */
export type OAuth2Auth = z.infer<typeof oauth2>;

/** The shortest secret that can be found and masked without mangling ordinary text. */
export const SECRET_MIN_CHARACTERS = 4;
const clientSecret = () =>
  z
    .string()
    .min(SECRET_MIN_CHARACTERS)
    .max(16_384)
    .regex(/^[\x20-\x7e]*$/, { error: 'visible ASCII characters' });

/** `auth` of a provider with OAuth, as it is given: with the secret, which is never shown again. */
export const OAuth2AuthBody = oauth2
  .extend({ client_secret: clientSecret().optional() })
  .refine(
    ({ issuer, authorization_endpoint, token_endpoint }) =>
      issuer !== undefined ||
      (authorization_endpoint !== undefined && token_endpoint !== undefined),
    {
      path: ['issuer'],
      error: 'issuer, or authorization_endpoint and token_endpoint',
    },
  )
  .refine(({ issuer, scopes: asked }) => issuer !== undefined || !asked.includes('openid'), {
    path: ['issuer'],
    error: 'issuer, where the scope openid is asked for: ID tokens are checked against it',
  })
  .refine(
    ({ client_secret, token_endpoint_auth_method: method }) =>
      method === 'none' ? client_secret === undefined : true,
    { path: ['client_secret'], error: 'no client_secret with token_endpoint_auth_method none' },
  );

const RETURN_URL_MAX = 2048;

/** Where a person goes on after connecting: https, or http on the machine itself. */
export function isReturnUrl(value: string): boolean {
  const url = URL.parse(value);
  if (!url || url.username !== '' || url.password !== '' || url.hash !== '') return false;
  if (url.protocol === 'https:') return true;
  return url.protocol === 'http:' && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
}

export const returnUrl = () =>
  z.string().max(RETURN_URL_MAX).refine(isReturnUrl, {
    error: 'an https address without user or fragment, or http on this machine',
  });

/** Body of `POST /v1/grants/{grant_id}/delegations`. */
export const DelegationBody = z.strictObject({ agent_id: id(), app_id: id().optional() });

/** Actors of `act` in each other. */
const ACTORS_MAX = 8;

/** Who acted before (RFC 8693 section 4.1): the newest outside, earlier ones within. */
export interface ActClaim {
  readonly sub: string;
  readonly act?: ActClaim | undefined;
}

const actor = (inner: z.ZodType<ActClaim | undefined>) =>
  z.strictObject({ sub: id(), act: inner.optional() });

/** Bounded by its construction: what is nested deeper is refused. */
export const ActClaim: z.ZodType<ActClaim> = Array.from({ length: ACTORS_MAX - 1 }).reduce(
  (inner: z.ZodType<ActClaim>) => actor(inner) as z.ZodType<ActClaim>,
  z.strictObject({ sub: id() }) as z.ZodType<ActClaim>,
);
