import { newId, PolicyAppliesTo, PolicyTemplate } from '@affidavit/schema';
import { compilePolicy, layerOf, type StoredPolicy } from '@affidavit/vault';
import { z } from 'zod';

import { toPolicy } from '../../access/directory.ts';
import type { PoliciesTable } from '../../store/tables.ts';
import { present } from '../list.ts';
import { missing } from '../refusals.ts';
import type { Context } from '../route.ts';

/** A policy: how it is given, stored and shown, and what a change of one leaves. */

export const PolicyBody = z
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
export type PolicyBody = z.infer<typeof PolicyBody>;

function compile({ name, cedar, template, applies_to }: PolicyBody) {
  if (template === undefined) return compilePolicy({ name, cedar: cedar as string });
  return compilePolicy({ name, template, ...(applies_to === undefined ? {} : { applies_to }) });
}

export function policyRow(body: PolicyBody) {
  const { cedar, template, applies_to, warnings } = compile(body);
  const row = {
    name: body.name,
    cedar,
    template: template === undefined ? null : JSON.stringify(template),
    applies_to: applies_to === undefined ? null : JSON.stringify(applies_to),
  };
  return { row, warnings };
}

export function showPolicy(row: PoliciesTable) {
  return present({
    ...row,
    layer: layerOf(row),
    template: row.template === null ? null : (JSON.parse(row.template) as object),
    applies_to: row.applies_to === null ? null : (JSON.parse(row.applies_to) as object),
  });
}

export async function knownPolicy(
  { services, app, params }: Context<unknown>,
  policyId = params.policy_id as string,
): Promise<PoliciesTable> {
  const row = await services.directory.policyRow(app.app, policyId);
  if (!row) throw missing('policy_id', policyId);
  return row;
}

export const PolicyChange = z.strictObject({
  policy: PolicyBody.optional(),
  /** The policy that `policy` would replace. */
  policy_id: z.string().optional(),
  /** Id of a policy that would be deleted. */
  delete: z.string().optional(),
});
export type PolicyChange = z.infer<typeof PolicyChange>;

export const isOneChange = ({ policy, delete: gone }: PolicyChange) =>
  (policy === undefined) !== (gone === undefined);
export const ONE_CHANGE = { error: 'either policy or delete', path: ['policy'] };

/** What a change would leave in place of the policy that it is about. */
export async function changeOf(context: Context<unknown>, change: PolicyChange) {
  const { services, app } = context;
  const replaced = change.policy === undefined ? change.delete : change.policy_id;
  const old = replaced === undefined ? null : await knownPolicy(context, replaced);
  const policy_id = replaced ?? newId('policy');
  const now = services.now();
  const fresh = { app: app.app, policy_id, created_at: now, updated_at: now };
  const policy =
    change.policy === undefined ? null : { ...fresh, ...old, ...policyRow(change.policy).row };
  return { policy_id, policy };
}

export type Policies = readonly StoredPolicy[];

/** The policies as they would be after a change of one. */
export function policiesAfter(
  before: Policies,
  policy_id: string,
  policy: PoliciesTable | null,
): Policies {
  const others = before.filter((one) => one.policy_id !== policy_id);
  return policy === null ? others : [...others, toPolicy(policy)];
}
