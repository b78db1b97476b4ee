import { newId, type AuditEvent } from '@affidavit/schema';

import { forgetCounts } from '../../rates/rates.ts';
import type { PoliciesTable } from '../../store/tables.ts';
import { administer, CHANGE_ERRORS } from '../administer.ts';
import { LIST_QUERY, pageOf } from '../list.ts';
import { toAffidavitError } from '../problem.ts';
import { route, type Context, type Route } from '../route.ts';
import { ASIDE_MS, policyQuestions, preview, previewDays } from './policy-questions.ts';
import { knownPolicy, PolicyBody, policyRow, showPolicy } from './policy-row.ts';

/** Policies: what must not happen, as Cedar or from a template. */

const admin = { access: 'admin', tag: 'vault' } as const;

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
    method: 'GET',
    path: '/v1/policies/:policy_id',
    summary: 'Show a policy',
    errors: ['not_found'],
    handler: async (context) => showPolicy(await knownPolicy(context)),
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
  ...policyQuestions,
];
