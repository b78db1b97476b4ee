import { z } from 'zod';

import { LIMITS } from './limits.ts';
import { Role } from './roles.ts';

/** Who says who people are: an OpenID Connect provider for operators, and one for wallet users. */

export const AUDIENCES = ['operators', 'wallet'] as const;
export const Audience = z.enum(AUDIENCES);
export type Audience = z.infer<typeof Audience>;

const MAPPED_MAX = 200;
const DOMAINS_MAX = 100;

const claim = () => z.string().min(1).max(128);
const domain = () =>
  z
    .string()
    .max(253)
    .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/i, 'must be a domain such as example.com')
    .transform((name) => name.toLowerCase());

const issuer = () =>
  z
    .string()
    .max(LIMITS.urlCharacters)
    .refine(isIssuer, { error: 'an http(s) address without user, query or fragment' });

/** OpenID Connect Discovery 1.0, section 3. */
function isIssuer(value: string): boolean {
  const url = URL.parse(value);
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) return false;
  return url.username === '' && url.password === '' && !/[?#]/.test(value);
}

export const IdentityProviderBody = z
  .strictObject({
    audience: Audience.default('operators'),
    issuer: issuer(),
    client_id: z.string().min(1).max(1024),
    /** Left out, the one of before stays where issuer and client are the same. */
    client_secret: z
      .string()
      .min(4)
      .max(16_384)
      .regex(/^[\x20-\x7e]*$/, { error: 'visible ASCII characters' })
      .optional(),
    scopes: z
      .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/))
      .max(LIMITS.listItems)
      .refine((scopes) => scopes.includes('openid'), { error: 'openid among the scopes' })
      .default(['openid', 'email', 'profile']),
    /** Claim whose value, or each of whose values, `roles` gives a role. */
    role_claim: claim().optional(),
    roles: z
      .record(z.string().min(1).max(256), Role)
      .refine((roles) => Object.keys(roles).length <= MAPPED_MAX, {
        error: `at most ${MAPPED_MAX} values`,
      })
      .optional(),
    /** Only people with a verified address there may sign in. */
    email_domains: z.array(domain()).min(1).max(DOMAINS_MAX).optional(),
    /** Which claim names the principal whose grants a wallet user sees; `sub` unless given. */
    wallet: z.strictObject({ principal_claim: claim().default('sub') }).optional(),
    app_id: z.string().min(1).max(LIMITS.idCharacters).optional(),
  })
  .refine((body) => (body.role_claim === undefined) === (body.roles === undefined), {
    path: ['roles'],
    error: 'role_claim and roles, or neither',
  })
  .refine((body) => body.audience === 'operators' || body.roles === undefined, {
    path: ['roles'],
    error: 'no roles for wallet users',
  })
  .refine((body) => body.audience === 'wallet' || body.wallet === undefined, {
    path: ['wallet'],
    error: 'wallet only for the audience wallet',
  });

/** Body of `POST /v1/identity-provider/test`: who would a person with this ID token be? */
export const IdTokenTestBody = z.strictObject({
  audience: Audience.default('operators'),
  id_token: z.string().min(16).max(65_536),
  /** That the token must have; not compared where it is left out. */
  nonce: z.string().min(1).max(1024).optional(),
  app_id: z.string().min(1).max(LIMITS.idCharacters).optional(),
});
