import {
  AffidavitError,
  CallBody,
  PolicyAppliesTo,
  PolicyTemplate,
  newId,
  type AuditEvent,
} from '@affidavit/schema';
import { compilePolicy, layerOf, type CallActor } from '@affidavit/vault';
import { z } from 'zod';

import { toPolicy } from '../../access/directory.ts';
import { previewChange } from '../../preview/preview.ts';
import { forgetCounts } from '../../rates/rates.ts';
import type { PoliciesTable } from '../../store/tables.ts';
import { administer, CHANGE_ERRORS } from '../administer.ts';
import { LIST_QUERY, pageOf, present } from '../list.ts';
import { toAffidavitError } from '../problem.ts';
import { single } from '../read-request.ts';
import { missing } from '../refusals.ts';
import { route, type Context, type Route } from '../route.ts';
import { recordRead } from '../trail-reads.ts';
import { callActor } from './calls.ts';

/** Policies: what must not happen, as Cedar or from a template. */

const admin = { access: 'admin', tag: 'vault' } as const;

const PolicyBody = z
  .strictObject({
    name: z.string().trim().min(1).max(128),
    cedar: z.string().optional(),
    template: PolicyTemplate.optional(),
    applies_to: PolicyAppliesTo.optional(),
    app_id: z.string().optional(),
  })
  .refine((body) => (body.cedar === undefined) !== (body.template === undefined), {
    error: 'either cedar or template',
    path: ['template'],
  });
type PolicyBody = z.infer<typeof PolicyBody>;

function compile({ name, cedar, template, applies_to }: PolicyBody) {
  if (template === undefined) return compilePolicy({ name, cedar: cedar as string });
  return compilePolicy({ name, template, ...(applies_to === undefined ? {} : { applies_to }) });
}

function policyRow(body: PolicyBody) {
  const { cedar, template, applies_to, warnings } = compile(body);
  const row = {
    name: body.name,
    cedar,
    template: template === undefined ? null : JSON.stringify(template),
    applies_to: applies_to === undefined ? null : JSON.stringify(applies_to),
  };
  return { row, warnings };
}

const DAYS_MAX = 365;
/** Of what is answered beside a change, and of what is asked for by itself. */
const ASIDE_MS = 2000;
const ALONE_MS = 20_000;

/** A policy as it would be stored; null takes it away. */
async function preview(
  { services, app }: Context,
  { policy_id, policy }: { policy_id: string; policy: PoliciesTable | null },
  { days, budget_ms, before }: { days: number; budget_ms: number; before: Policies },
) {
  const others = before.filter((one) => one.policy_id !== policy_id);
  const after = policy === null ? others : [...others, toPolicy(policy)];
  return previewChange(services, { app, before, after, policy_id, days, budget_ms });
}

type Policies = Awaited<ReturnType<Context['services']['directory']['policies']>>;

function previewDays(query: Context['query']): number | null {
  const text = single(query, 'preview_days');
  if (text === undefined) return null;
  const days = Number(text);
  if (/^\d+$/.test(text) && days >= 1 && days <= DAYS_MAX) return days;
  throw new AffidavitError('invalid_request', 'preview_days is not valid', {
    field: 'preview_days',
    expected: `a whole number from 1 to ${DAYS_MAX}`,
  });
}

/** A change, and where it is asked for what it would have decided otherwise. */
async function withPreview(
  context: Context,
  policy: PoliciesTable,
  change: () => Promise<object>,
): Promise<object> {
  const { services, app, query } = context;
  const days = previewDays(query);
  if (days === null) return change();
  const before = await services.directory.policies(app.app);
  const changed = await change();
  const { policy_id } = policy;
  const bounds = { days, budget_ms: ASIDE_MS, before };
  try {
    return { ...changed, preview: await preview(context, { policy_id, policy }, bounds) };
  } catch (error) {
    // The change is made, whatever becomes of the preview.
    const { code, message: detail } = toAffidavitError(error);
    return { ...changed, preview_error: { code, detail } };
  }
}

const PreviewBody = z
  .strictObject({
    policy: PolicyBody.optional(),
    /** The policy that `policy` would replace. */
    policy_id: z.string().optional(),
    /** Id of a policy that would be deleted. */
    delete: z.string().optional(),
    days: z.int().min(1).max(DAYS_MAX).default(30),
    app_id: z.string().optional(),
  })
  .refine((body) => (body.policy === undefined) !== (body.delete === undefined), {
    error: 'either policy or delete',
    path: ['policy'],
  });

async function previewPolicy(context: Context<z.infer<typeof PreviewBody>>) {
  const { services, app, body } = context;
  const replaced = body.policy === undefined ? body.delete : body.policy_id;
  const old = replaced === undefined ? null : await knownPolicy(context, replaced);
  const policy_id = replaced ?? newId('policy');
  const now = services.now();
  const fresh = { app: app.app, policy_id, created_at: now, updated_at: now };
  const policy =
    body.policy === undefined ? null : { ...fresh, ...old, ...policyRow(body.policy).row };
  await recordRead(context, 'policy_preview', { policy_id, days: body.days });
  const before = await services.directory.policies(app.app);
  const bounds = { days: body.days, budget_ms: ALONE_MS, before };
  return preview(context, { policy_id, policy }, bounds);
}

async function createPolicy(context: Context<PolicyBody>) {
  const { services, app, body } = context;
  const { row, warnings } = policyRow(body);
  const policy_id = newId('policy');
  const now = services.now();
  const whole = { app: app.app, policy_id, ...row, created_at: now, updated_at: now };
  return withPreview(context, whole, async () => {
    await administer(context, policyEvent('policy.created', whole), [
      { op: 'insert', table: 'policies', row: whole },
    ]);
    return { ...showPolicy(whole), warnings };
  });
}

const policyEvent = (event_type: string, row: PoliciesTable): AuditEvent => ({
  event_type,
  policy_id: row.policy_id,
  args: showPolicy(row) as Record<string, string>,
});

function showPolicy(row: PoliciesTable) {
  return present({
    ...row,
    layer: layerOf(row),
    template: row.template === null ? null : (JSON.parse(row.template) as object),
    applies_to: row.applies_to === null ? null : (JSON.parse(row.applies_to) as object),
  });
}

async function knownPolicy(
  { services, app, params }: Context,
  policyId = params.policy_id as string,
): Promise<PoliciesTable> {
  const row = await services.directory.policyRow(app.app, policyId);
  if (!row) throw missing('policy_id', policyId);
  return row;
}

async function updatePolicy(context: Context<PolicyBody>) {
  const { services, app, body } = context;
  const old = await knownPolicy(context);
  const { row, warnings } = policyRow(body);
  const set = { ...row, updated_at: services.now() };
  const whole = { ...old, ...set };
  return withPreview(context, whole, async () => {
    await administer(context, policyEvent('policy.updated', whole), [
      { op: 'update', table: 'policies', where: { app: app.app, policy_id: old.policy_id }, set },
      forgetCounts(app.app, old.policy_id),
    ]);
    return { ...showPolicy(whole), warnings };
  });
}

async function deletePolicy(context: Context) {
  const { app } = context;
  const row = await knownPolicy(context);
  await administer(context, policyEvent('policy.deleted', row), [
    { op: 'delete', table: 'policies', where: { app: app.app, policy_id: row.policy_id } },
    forgetCounts(app.app, row.policy_id),
  ]);
  return { policy_id: row.policy_id };
}

/** A sample call, by whom and when may be chosen. */
const PolicyTestBody = CallBody.extend({
  agent_id: z.string().optional(),
  source_ip: z.string().optional(),
});

async function testPolicy(context: Context<z.infer<typeof PolicyTestBody>>) {
  const { services, app } = context;
  const { agent_id, source_ip, ...body } = context.body;
  const own = callActor(context);
  const actor: CallActor = {
    ...own,
    ...(agent_id === undefined ? {} : { type: 'agent', id: agent_id }),
    ...(source_ip === undefined ? {} : { source_ip }),
  };
  return services.broker.test({ app, actor, body });
}

export const policyRoutes: readonly Route[] = [
  route({
    ...admin,
    method: 'POST',
    path: '/v1/policies',
    summary: 'Save a policy, as Cedar or from a template',
    status: 201,
    query: ['preview_days'],
    body: PolicyBody,
    errors: CHANGE_ERRORS,
    handler: createPolicy,
  }),
  route({
    ...admin,
    method: 'GET',
    path: '/v1/policies',
    summary: 'List policies',
    query: LIST_QUERY,
    handler: async ({ services, app, query }) => {
      const rows = await services.directory.rows('policies', { app: app.app }, 'policy_id');
      return pageOf(rows.map(showPolicy), (row) => String(row.policy_id), query);
    },
  }),
  route({
    ...admin,
    method: 'PUT',
    path: '/v1/policies/:policy_id',
    summary: 'Replace a policy',
    query: ['preview_days'],
    body: PolicyBody,
    errors: CHANGE_ERRORS,
    handler: updatePolicy,
  }),
  route({
    ...admin,
    method: 'DELETE',
    path: '/v1/policies/:policy_id',
    summary: 'Delete a policy',
    errors: CHANGE_ERRORS,
    handler: deletePolicy,
  }),
  route({
    ...admin,
    method: 'POST',
    path: '/v1/policies/preview',
    summary: 'Which calls of the last days a change of policies would have decided otherwise',
    body: PreviewBody,
    errors: ['not_found', 'query_timeout', 'audit_unavailable'],
    handler: previewPolicy,
  }),
  route({
    ...admin,
    method: 'POST',
    path: '/v1/policies/test',
    summary: 'Ask what policy says to a sample call, without making it',
    body: PolicyTestBody,
    errors: ['not_found', 'egress_blocked'],
    handler: testPolicy,
  }),
];
