import { z } from 'zod';

import { anyJson, freeContext, type Json } from './field-types.ts';
import { ActClaim } from './oauth.ts';
import { LIMITS } from './limits.ts';

/** Bodies of verbs and actions (MISSION M14). All are strict: unknown members are refused. */

const id = () => z.string().min(1).max(LIMITS.idCharacters);
const text = (max: number) => z.string().min(1).max(max);
const appId = { app_id: id().optional() };

/** `stripe:create_refund`; the part before the colon is for order, and may be left out. */
export const VERB_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}(:[A-Za-z0-9][A-Za-z0-9._-]{0,127})?$/;

export const VERB_LIMITS = {
  urlCharacters: 2048,
  /** Of the schema of the arguments, as JSON. */
  schemaBytes: 32_768,
  /** Of that schema, of templates, and of arguments. */
  depth: 32,
  templateBytes: 16_384,
} as const;

export const RISK_LEVELS = ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const;
export const GOVERNANCE_RULES = ['allow', 'block', 'approval'] as const;
export type RiskLevel = (typeof RISK_LEVELS)[number];
export type GovernanceRule = (typeof GOVERNANCE_RULES)[number];

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

const jsonObject = () =>
  z.custom<Record<string, Json>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    { error: 'an object' },
  );

const templates = () => z.record(z.string().min(1).max(256), z.string().max(4096));

/**
 * What a verb is. `url` is a path below the provider's base URL, or a whole address there, with
 * `{name}` for arguments (RFC 6570, level 1; `{customer.id}` for members).
 */
export const VerbDefinition = z.strictObject({
  provider: id(),
  method: z
    .string()
    .transform((method) => method.toUpperCase())
    .pipe(z.enum(METHODS)),
  url: text(VERB_LIMITS.urlCharacters),
  /** JSON Schema 2020-12 of `args`. */
  args_schema: jsonObject().meta({ type: 'object' }),
  risk_level: z.enum(RISK_LEVELS),
  /** Whether the provider itself makes repeats harmless. */
  idempotent: z.boolean().default(false),
  governance: z.enum(GOVERNANCE_RULES).default('allow'),
  /** Where arguments go that are not in the url. Without any: as a whole to body or query. */
  query: templates().optional(),
  headers: templates().optional(),
  body: anyJson().schema.optional(),
  body_format: z.enum(['json', 'form']).optional(),
  /** Scopes that the grant must have. */
  scopes: z.array(id()).max(LIMITS.listItems).optional(),
  description: text(1000).optional(),
});
export type VerbDefinition = z.infer<typeof VerbDefinition>;

export const VerbBody = VerbDefinition.extend({
  verb: z.string().regex(VERB_PATTERN, { error: 'a name such as stripe:create_refund' }),
  ...appId,
});
export const VerbReplacement = VerbDefinition.extend(appId);

/** What an action and one that a client carries out itself both say. */
const asked = {
  args: jsonObject().default({}).meta({ type: 'object' }),
  reason: text(LIMITS.reasonCharacters).optional(),
  context: freeContext().schema.optional(),
  caller: id().optional(),
  run_id: id().optional(),
  task_context: text(1000).optional(),
  thread_id: id().optional(),
  tenant_id: id().optional(),
  parent_agent_id: id().optional(),
  act: ActClaim.optional(),
  principal_id: id().optional(),
  ...appId,
};

/** Body of `POST /v1/actions/{verb}`. Without `grant_id` the grant that fits is found. */
export const ActionBody = z.strictObject({
  ...asked,
  /** Says what would be sent, and touches nothing. */
  dry_run: z.boolean().default(false),
  grant_id: id().optional(),
  timeout_ms: z.int().min(100).max(120_000).optional(),
});
/**
 * Body of `POST /v1/actions/{verb}/begin`: a client is about to do it itself. What a stored verb says
 * of risk and provider counts for more than what is said here.
 */
export const ActionBeginBody = z.strictObject({
  ...asked,
  risk_level: z.enum(RISK_LEVELS).default('MEDIUM'),
  provider: id().optional(),
  /** How long its outcome is waited for; then nobody knows it. */
  timeout_seconds: z.int().min(1).max(86_400).default(300),
});
export type ActionBeginBody = z.infer<typeof ActionBeginBody>;

/** Body of `POST /v1/executions/{execution_id}/outcome`: how it ended, as the client says. */
export const ActionOutcomeBody = z.strictObject({
  outcome: z.enum(['success', 'error']),
  result: anyJson().schema.optional(),
  error_code: text(128).optional(),
  duration_ms: z.number().min(0).optional(),
  ...appId,
});
export type ActionOutcomeBody = z.infer<typeof ActionOutcomeBody>;

export type ActionBody = z.infer<typeof ActionBody>;
