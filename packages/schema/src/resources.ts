import { z } from 'zod';

import { anyJson, freeContext } from './field-types.ts';
import { LIMITS } from './limits.ts';
import {
  ActClaim,
  OAuth2AuthBody,
  returnUrl,
  scopes,
  SECRET_MIN_CHARACTERS,
  type OAuth2Auth,
} from './oauth.ts';
import { Role } from './roles.ts';
import { ScopeMap } from './scope-map.ts';

/** Bodies of the administrative calls and of the brokered call. All are strict: unknown members are refused. */

const name = () => z.string().trim().min(1).max(128);
const id = () => z.string().min(1).max(LIMITS.idCharacters);
const text = (max: number) => z.string().min(1).max(max);
const time = () => z.iso.datetime({ offset: true });
const headerName = () => z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/);

/** What a key may do. `admin` includes all others. */
export const SCOPES = [
  'events:write',
  'events:read',
  'calls:execute',
  'ledger:read',
  'grants:connect',
  'approvals:decide',
  'wallet:open',
  'admin',
] as const;
export type Scope = (typeof SCOPES)[number];

const appId = { app_id: id().optional() };

export const AppBody = z.strictObject({ name: name() });

export const AppPatch = z
  .strictObject({
    name: name().optional(),
    /** Lets anyone read the ledger of the app: headers and hashes, never contents. */
    ledger_public: z.boolean().optional(),
    ...appId,
  })
  .refine((body) => body.name !== undefined || body.ledger_public !== undefined, {
    error: 'name or ledger_public',
  });

export const AgentBody = z.strictObject({
  name: name(),
  parent_agent_id: id().optional(),
  ...appId,
});
export const AgentPatch = z.strictObject({ name: name().optional(), ...appId });

export const KeyBody = z
  .strictObject({
    name: name(),
    scopes: z.array(z.enum(SCOPES)).min(1).optional(),
    /** Instead of `scopes`: those of the role. */
    role: Role.optional(),
    agent_id: id().optional(),
    expires_at: time().optional(),
    ...appId,
  })
  .refine((body) => (body.scopes === undefined) !== (body.role === undefined), {
    path: ['scopes'],
    error: 'scopes or role, one of them',
  });
export const KeyRotateBody = z.strictObject({
  overlap_seconds: z
    .int()
    .min(0)
    .max(30 * 86_400)
    .default(0),
  ...appId,
});

/** Body of `POST /v1/ledger/keys/rotate`. */
export const SigningKeyRotateBody = z.strictObject({
  reason: text(LIMITS.reasonCharacters).optional(),
  /** How long checkpoints carry the signature of the old key too. */
  overlap_seconds: z
    .int()
    .min(0)
    .max(90 * 86_400)
    .default(7 * 86_400),
  ...appId,
});

export const CallerBody = z.strictObject({
  name: name(),
  description: z.string().max(512).optional(),
  ...appId,
});

const baseUrl = () =>
  z
    .string()
    .max(LIMITS.urlCharacters)
    .refine((value) => isBaseUrl(value), {
      error: 'an http(s) address without user, query or fragment',
    });

function isBaseUrl(value: string): boolean {
  const url = URL.parse(value);
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) return false;
  return url.username === '' && url.password === '' && !/[?#]/.test(value);
}

/** How the credential is put on the request. `name` is the header or query parameter, or the user of `basic`. */
export const ProviderAuth = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('bearer') }),
  z.strictObject({ type: z.literal('header'), name: headerName() }),
  z.strictObject({ type: z.literal('query'), name: text(128) }),
  z.strictObject({ type: z.literal('basic'), name: text(256).optional() }),
  OAuth2AuthBody,
]);
/** As it is kept and shown: the secret of an OAuth client is sealed apart. */
export type ProviderAuth =
  | Exclude<z.infer<typeof ProviderAuth>, { readonly type: 'oauth2' }>
  | OAuth2Auth;

export const ProviderBody = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/i),
  base_url: baseUrl(),
  auth: ProviderAuth,
  timeout_ms: z.int().min(100).max(120_000).optional(),
  scope_map: ScopeMap.optional(),
  ...appId,
});
export const ProviderPatch = z.strictObject({
  base_url: baseUrl().optional(),
  auth: ProviderAuth.optional(),
  timeout_ms: z.int().min(100).max(120_000).optional(),
  /** Null takes the map away. */
  scope_map: ScopeMap.nullable().optional(),
  ...appId,
});

const secretValue = () =>
  z
    .string()
    .min(SECRET_MIN_CHARACTERS)
    .max(16_384)
    .regex(/^[^\r\n\0]*$/, { error: 'a single line without NUL' });

export const SecretBody = z.strictObject({
  provider: id(),
  name: name(),
  value: secretValue(),
  ...appId,
});
export const SecretRotateBody = z.strictObject({ value: secretValue(), ...appId });

export const Principal = z.strictObject({
  type: z.enum(['user', 'group', 'system', 'agent']),
  id: id(),
  email: z.string().max(320).optional(),
});

const agents = () => z.union([z.literal('*'), z.array(id()).max(1000)]);

export const GrantBody = z.strictObject({
  provider: id(),
  kind: z.literal('managed_secret').default('managed_secret'),
  secret_id: id(),
  principal: Principal,
  agents: agents(),
  scopes: z.array(id()).max(LIMITS.listItems).optional(),
  expires_at: time().optional(),
  ...appId,
});
export const GrantPatch = z.strictObject({
  agents: agents().optional(),
  scopes: z.array(id()).max(LIMITS.listItems).optional(),
  expires_at: time().optional(),
  ...appId,
});

/** Of a person on an approval. */
export const DecisionBody = z.strictObject({ reason: text(LIMITS.reasonCharacters), ...appId });
/** Body of `POST /v1/connect`. With `grant_id` the grant that is there gets new tokens. */
export const ConnectBody = z.strictObject({
  provider: id().optional(),
  principal: Principal.optional(),
  agents: agents().optional(),
  scopes: scopes().optional(),
  return_url: returnUrl().optional(),
  grant_id: id().optional(),
  ...appId,
});
export type ConnectBody = z.infer<typeof ConnectBody>;

/** A witness of the app's ledger (C2SP tlog-witness). */
export const WitnessBody = z.strictObject({
  /** For people; the name of its key unless given. */
  name: name().optional(),
  /** Its submission prefix: `/add-checkpoint` is below it. */
  url: baseUrl(),
  /** Verifier key of its cosignatures, as the witness prints it. */
  vkey: text(512),
  ...appId,
});

/** Body of `POST /v1/request`. Either `grant_id` or `provider`; either `json` or `body`. */
export const CallBody = z.strictObject({
  method: z
    .string()
    .regex(/^[A-Za-z]{1,16}$/)
    .default('GET'),
  url: text(LIMITS.urlCharacters),
  grant_id: id().optional(),
  provider: id().optional(),
  principal_id: id().optional(),
  headers: z.record(headerName(), z.string().max(LIMITS.headerCharacters)).optional(),
  query: z
    .record(z.string().max(256), z.union([z.string().max(4096), z.number(), z.boolean()]))
    .optional(),
  json: anyJson().schema.optional(),
  body: z.string().optional(),
  body_encoding: z.enum(['utf8', 'base64']).optional(),
  reason: text(LIMITS.reasonCharacters).optional(),
  context: freeContext().schema.optional(),
  caller: id().optional(),
  run_id: id().optional(),
  task_context: text(1000).optional(),
  thread_id: id().optional(),
  tenant_id: id().optional(),
  parent_agent_id: id().optional(),
  /** Who acted before the caller, as the caller says it (RFC 8693 section 4.1). */
  act: ActClaim.optional(),
  scopes: z.array(id()).max(LIMITS.listItems).optional(),
  timeout_ms: z.int().min(100).max(120_000).optional(),
  ...appId,
});
export type CallBody = z.infer<typeof CallBody>;
