import { AffidavitError, CallBody, RISK_LEVELS } from '@affidavit/schema';
import { layerOf, type CallActor } from '@affidavit/vault';
import { z } from 'zod';

import { previewChange } from '../../preview/preview.ts';
import type { PoliciesTable } from '../../store/tables.ts';
import { single } from '../read-request.ts';
import { route, type Context, type Route } from '../route.ts';
import { recordRead } from '../trail-reads.ts';
import { callActor } from './calls.ts';
import { changeOf, isOneChange, ONE_CHANGE, policiesAfter } from './policy-row.ts';
import { PolicyBody, PolicyChange, policyRow, type Policies } from './policy-row.ts';

/** What policies say to a call, and what a change of them would have said to those that were made. */

const admin = { access: 'admin', tag: 'vault' } as const;

const DAYS_MAX = 365;
/** Of what is answered beside a change, and of what is asked for by itself. */
export const ASIDE_MS = 2000;
const ALONE_MS = 20_000;

/** A policy as it would be stored; null takes it away. */
export async function preview(
  { services, app }: Context,
  { policy_id, policy }: { policy_id: string; policy: PoliciesTable | null },
  { days, budget_ms, before }: { days: number; budget_ms: number; before: Policies },
) {
  const after = policiesAfter(before, policy_id, policy);
  return previewChange(services, { app, before, after, policy_id, days, budget_ms });
}

export function previewDays(query: Context['query']): number | null {
  const text = single(query, 'preview_days');
  if (text === undefined) return null;
  const days = Number(text);
  if (/^\d+$/.test(text) && days >= 1 && days <= DAYS_MAX) return days;
  throw new AffidavitError('invalid_request', 'preview_days is not valid', {
    field: 'preview_days',
    expected: `a whole number from 1 to ${DAYS_MAX}`,
  });
}

function checkPolicy(body: PolicyBody) {
  const { row, warnings } = policyRow(body);
  return { cedar: row.cedar, layer: layerOf(row), warnings };
}

const PreviewBody = PolicyChange.extend({
  days: z.int().min(1).max(DAYS_MAX).default(30),
  app_id: z.string().optional(),
}).refine(isOneChange, ONE_CHANGE);

async function previewPolicy(context: Context<z.infer<typeof PreviewBody>>) {
  const { services, app, body } = context;
  const { policy_id, policy } = await changeOf(context, body);
  await recordRead(context, 'policy_preview', { policy_id, days: body.days });
  const before = await services.directory.policies(app.app);
  const bounds = { days: body.days, budget_ms: ALONE_MS, before };
  return preview(context, { policy_id, policy }, bounds);
}

/** A sample call, or one of the past: by whom, from where and when may be chosen. */
const PolicyTestBody = CallBody.extend({
  agent_id: z.string().optional(),
  source_ip: z.string().optional(),
  verb: z.string().max(256).optional(),
  risk_level: z.enum(RISK_LEVELS).optional(),
  at: z.iso.datetime({ offset: true }).optional(),
  /** Asks as if the policies had been changed so. */
  change: PolicyChange.refine(isOneChange, ONE_CHANGE).optional(),
});

async function testPolicy(context: Context<z.infer<typeof PolicyTestBody>>) {
  const { services, app } = context;
  const { agent_id, source_ip, verb, risk_level, at, change, ...body } = context.body;
  const own = callActor(context);
  const actor: CallActor = {
    ...own,
    ...(agent_id === undefined ? {} : { type: 'agent', id: agent_id }),
    ...(source_ip === undefined ? {} : { source_ip }),
  };
  const facts = {
    ...(verb === undefined ? {} : { verb }),
    ...(risk_level === undefined ? {} : { risk_level }),
  };
  return services.broker.test(
    { app, actor, body },
    {
      facts,
      ...(at === undefined ? {} : { now: new Date(at) }),
      ...(change === undefined ? {} : { policies: await supposed(context, change) }),
    },
  );
}

async function supposed(context: Context<unknown>, change: PolicyChange): Promise<Policies> {
  const { services, app } = context;
  const { policy_id, policy } = await changeOf(context, change);
  return policiesAfter(await services.directory.policies(app.app), policy_id, policy);
}

export const policyQuestions: readonly Route[] = [
  route({
    ...admin,
    method: 'POST',
    path: '/v1/policies/check',
    summary: 'Read a policy without saving it: its Cedar text, how far it reaches, warnings',
    body: PolicyBody,
    handler: async ({ body }) => checkPolicy(body),
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
