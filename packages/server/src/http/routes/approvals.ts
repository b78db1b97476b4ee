import { AffidavitError, DecisionBody } from '@affidavit/schema';
import type { Asker } from '@affidavit/vault';
import type { z } from 'zod';

import { hasScope } from '../../access/identity.ts';
import { isOwn } from '../../approvals/asker.ts';
import type { ApprovalList } from '../../approvals/reads.ts';
import { openPart } from '../../approvals/row.ts';
import type { ApprovalsTable } from '../../store/tables.ts';
import { CHANGE_ERRORS, requestFields } from '../administer.ts';
import { LIST_QUERY, present, readLimit } from '../list.ts';
import { single } from '../read-request.ts';
import { missing } from '../refusals.ts';
import { route, type Context, type Route } from '../route.ts';
import { readOrder } from './events.ts';

/** Approvals: what agents asked for and a person decides. */

const STATUSES = [
  'pending',
  'approved',
  'running',
  'rejected',
  'expired',
  'done',
  'failed',
] as const;

const askerOf = ({ identity }: Context): Asker => ({
  key_id: identity.key_id,
  agent_id: identity.agent?.agent_id ?? null,
  token_id: identity.token?.token_id ?? null,
});

/** Who decides sees all of the app; who asks sees their own. */
const seesAll = ({ identity }: Context) =>
  identity.token === null && hasScope(identity, 'approvals:decide');

/** What would be sent, by whom, for whom and why; who decided. Nothing of the answer. */
function showApproval({ services }: Context, row: ApprovalsTable): Record<string, unknown> {
  const request = openPart(services.keyring, row, 'request');
  const decision = openPart(services.keyring, row, 'decision');
  const { sealed_request: _r, sealed_decision: _d, sealed_result: _a, ...plain } = row;
  const { governance_status: _g, ...facts } = request?.facts ?? {};
  return {
    ...present(plain),
    ...(request === null ? {} : { request: { ...facts, ...request.shown } }),
    ...(decision === null
      ? {}
      : {
          decision: present({
            ...decision.by,
            name: decision.name ?? null,
            reason: decision.reason,
          }),
        }),
  };
}

/** The answer goes to who asked, and to who administers. */
function showWhole(context: Context, row: ApprovalsTable): Record<string, unknown> {
  const shown = showApproval(context, row);
  const { identity } = context;
  const isAdmin = identity.token === null && hasScope(identity, 'admin');
  if (!isAdmin && !isOwn(row, askerOf(context))) return shown;
  const result = openPart(context.services.keyring, row, 'result');
  if (result === null) return shown;
  return { ...shown, [row.status === 'done' ? 'result' : 'error']: result };
}

async function findApproval(context: Context): Promise<ApprovalsTable> {
  const { services, app, params } = context;
  const approval_id = params.approval_id as string;
  const [row] = await services.directory.rows('approvals', { app: app.app, approval_id });
  if (row && (seesAll(context) || isOwn(row, askerOf(context)))) return row;
  throw missing('approval_id', approval_id);
}

function readStatus(query: Context['query']): { readonly status?: string } {
  const status = single(query, 'status');
  if (status === undefined) return {};
  if ((STATUSES as readonly string[]).includes(status)) return { status };
  throw new AffidavitError('invalid_request', 'status is not valid', {
    field: 'status',
    expected: `one of ${STATUSES.join(', ')}`,
  });
}

async function listApprovals(context: Context) {
  const { services, app, query } = context;
  const limit = readLimit(query);
  const cursor = single(query, 'cursor');
  const request: ApprovalList = {
    app: app.app,
    ...readStatus(query),
    ...(seesAll(context) ? {} : { asker: askerOf(context) }),
    order: readOrder(query, 'asc'),
    ...(cursor === undefined ? {} : { after: cursor }),
    limit: limit + 1,
  };
  const rows = await services.readers.run<ApprovalsTable[]>('approvals', request);
  const data = rows.slice(0, limit);
  const has_more = rows.length > limit;
  const next_cursor = has_more ? (data.at(-1)?.approval_id ?? null) : null;
  return { data: data.map((row) => showApproval(context, row)), next_cursor, has_more };
}

const decideAs =
  (status: 'approved' | 'rejected') => async (context: Context<z.infer<typeof DecisionBody>>) => {
    const { services, app, body } = context;
    const fields = requestFields(context);
    // The agent of the entry is the one that asked; who decided is its actor.
    const { agent_id: _i, agent_name: _n, parent_agent_id: _p, ...decider } = fields;
    const row = await services.approvals.decide(app, await findApproval(context), {
      status,
      reason: body.reason,
      by: askerOf(context),
      fields: decider,
    });
    if (status === 'approved') services.approvals.begin(app, row);
    return showApproval(context, row);
  };

export const approvalRoutes: readonly Route[] = [
  route({
    access: 'any_key',
    tag: 'approvals',
    method: 'GET',
    path: '/v1/approvals',
    summary: 'List approvals: those of the app for who decides, else those asked for',
    query: [...LIST_QUERY, 'status', 'order'],
    handler: listApprovals,
  }),
  route({
    access: 'any_key',
    takesTokens: true,
    tag: 'approvals',
    method: 'GET',
    path: '/v1/approvals/:approval_id',
    summary: 'Show an approval, with the answer once it was carried out',
    errors: ['not_found'],
    handler: async (context) => showWhole(context, await findApproval(context)),
  }),
  route({
    access: 'approvals:decide',
    tag: 'approvals',
    method: 'POST',
    path: '/v1/approvals/:approval_id/approve',
    summary: 'Approve a request: it is carried out once',
    body: DecisionBody,
    errors: [...CHANGE_ERRORS, 'gone'],
    handler: decideAs('approved'),
  }),
  route({
    access: 'approvals:decide',
    tag: 'approvals',
    method: 'POST',
    path: '/v1/approvals/:approval_id/reject',
    summary: 'Reject a request',
    body: DecisionBody,
    errors: [...CHANGE_ERRORS, 'gone'],
    handler: decideAs('rejected'),
  }),
];
