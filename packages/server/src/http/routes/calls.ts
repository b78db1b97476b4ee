import { CallBody } from '@affidavit/schema';
import type { CallActor, Recorded, TokenBounds } from '@affidavit/vault';

import type { TokensTable } from '../../store/tables.ts';
import { requestFields } from '../administer.ts';
import { proveWritten, wantsReceipt } from '../receipts.ts';
import { Answer, route, type Context, type Route } from '../route.ts';

/** The brokered call. */

export function callActor(context: Context): CallActor {
  const { identity, sourceIp, traceparent } = context;
  const { agent, key_id, token } = identity;
  return {
    type: agent ? 'agent' : 'service',
    id: agent ? agent.agent_id : key_id,
    key_id,
    identity: requestFields(context),
    source_ip: sourceIp,
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(token === null ? {} : { token: boundsOf(token) }),
  };
}

function boundsOf(token: TokensTable): TokenBounds {
  const { token_id, grant_id, scopes, run_id, task_context } = token;
  return { token_id, grant_id, scopes: JSON.parse(scopes) as string[], run_id, task_context };
}

async function call(context: Context<CallBody>) {
  const { services, app, body, query } = context;
  const withProof = wantsReceipt(query);
  const answer = await services.broker.call({ app, actor: callActor(context), body });
  const shown = withProof ? await withReceipt(context, answer) : answer;
  return 'approval_id' in answer ? new Answer(202, shown) : shown;
}

async function withReceipt(context: Context, answer: Pick<Recorded, 'seq'>) {
  const made = await proveWritten(context, [answer.seq]);
  if ('receipt_error' in made) return { ...answer, ...made };
  return { ...answer, proof: made.proofs[0], checkpoint: made.checkpoint };
}

export const callRoutes: readonly Route[] = [
  route({
    access: 'calls:execute',
    takesTokens: true,
    tag: 'calls',
    method: 'POST',
    path: '/v1/request',
    summary: 'Call a provider with a credential the caller never sees',
    query: ['receipt'],
    otherStatus: [202, 'A person must approve the call; it waits as an approval'],
    body: CallBody,
    slots: 'calls',
    errors: [
      'policy_denied',
      'egress_blocked',
      'not_found',
      'conflict',
      'invalid_context',
      'idempotency_mismatch',
      'provider_unreachable',
      'overloaded',
      'payload_too_large',
      'audit_unavailable',
    ],
    handler: call,
  }),
];
