import {
  CallBody,
  PolicyAppliesTo,
  PolicyTemplate,
  newId,
  type AuditEvent,
} from '@affidavit/schema';
import { compilePolicy, layerOf, type CallActor } from '@affidavit/vault';
import { z } from 'zod';

import { forgetCounts } from '../../rates/rates.ts';
import type { PoliciesTable } from '../../store/tables.ts';
import { administer, CHANGE_ERRORS } from '../administer.ts';
import { LIST_QUERY, pageOf, present } from '../list.ts';
import { missing } from '../refusals.ts';
import { route, type Context, type Route } from '../route.ts';
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

async function createPolicy(context: Context<PolicyBody>) {
  const { services, app, body } = context;
  const { row, warnings } = policyRow(body);
  const policy_id = newId('policy');
  const now = services.now();
  const whole = { app: app.app, policy_id, ...row, created_at: now, updated_at: now };
  await administer(context, policyEvent('policy.created', whole), [
    { op: 'insert', table: 'policies', row: whole },
  ]);
  return { ...showPolicy(whole), warnings };
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

async function knownPolicy({ services, app, params }: Context): Promise<PoliciesTable> {
  const row = await services.directory.policyRow(app.app, params.policy_id as string);
  if (!row) throw missing('policy_id', params.policy_id as string);
  return row;
}

async function updatePolicy(context: Context<PolicyBody>) {
  const { services, app, body } = context;
  const old = await knownPolicy(context);
  const { row, warnings } = policyRow(body);
  const set = { ...row, updated_at: services.now() };
  const whole = { ...old, ...set };
  await administer(context, policyEvent('policy.updated', whole), [
    { op: 'update', table: 'policies', where: { app: app.app, policy_id: old.policy_id }, set },
    forgetCounts(app.app, old.policy_id),
  ]);
  return { ...showPolicy(whole), warnings };
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
    path: '/v1/policies/test',
    summary: 'Ask what policy says to a sample call, without making it',
    body: PolicyTestBody,
    errors: ['not_found', 'egress_blocked'],
    handler: testPolicy,
  }),
];
