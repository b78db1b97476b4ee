import { createHmac } from 'node:crypto';

import { ActionBeginBody, ActionBody, ActionOutcomeBody } from '@affidavit/schema';

import { canonicalText } from '../../ingest/envelope.ts';
import { Answer, route, type Context, type Route } from '../route.ts';
import { callActor } from './calls.ts';

/** Actions: verbs, carried out. */

const FINGERPRINT_BYTES = 16;

/** A digest of what was asked for, however it was written; of no use outside this installation. */
function fingerprintOf({ services, app, body }: Context<object>, verb: string): Buffer {
  return createHmac('sha256', services.fingerprintKey)
    .update(`action ${verb}\0${app.app_id}\0${canonicalText(body)}`)
    .digest()
    .subarray(0, FINGERPRINT_BYTES);
}

/** The `Idempotency-Key` of a request, with what it stands for. */
function keyOf(context: Context<object>, verb: string) {
  const { idempotencyKey } = context;
  if (idempotencyKey === null) return {};
  return { key: { value: idempotencyKey, fingerprint: fingerprintOf(context, verb) } };
}

async function act(context: Context<ActionBody>) {
  const { services, app, body, params, reply } = context;
  const verb = params.verb as string;
  const actor = callActor(context);
  const record = await services.actions.run({ app, actor, verb, body, ...keyOf(context, verb) });
  if ('approval_id' in record) return new Answer(202, record);
  if (record.outcome === 'replayed') reply.header('idempotent-replayed', 'true');
  return record;
}

async function begin(context: Context<ActionBeginBody>) {
  const { services, app, body, params, reply } = context;
  const verb = params.verb as string;
  const asked = { app, actor: callActor(context), verb, body, ...keyOf(context, verb) };
  const begun = await services.localActions.begin(asked);
  if (begun.outcome !== 'replayed') return begun;
  reply.header('idempotent-replayed', 'true');
  return new Answer(200, begun);
}

async function end(context: Context<ActionOutcomeBody>) {
  const { services, app, body, params } = context;
  const execution_id = params.execution_id as string;
  return services.localActions.end({ app, actor: callActor(context), execution_id, body });
}

const FENCED = ['conflict', 'gone', 'idempotency_mismatch'] as const;

export const actionRoutes: readonly Route[] = [
  route({
    access: 'calls:execute',
    tag: 'actions',
    method: 'POST',
    path: '/v1/actions/:verb/begin',
    summary: 'Ask whether to do something yourself, and record that you are about to',
    status: 201,
    otherStatus: [200, 'It was done before under this key; the record of that'],
    body: ActionBeginBody,
    ownIdempotency: true,
    errors: ['policy_denied', ...FENCED, 'invalid_context', 'overloaded', 'audit_unavailable'],
    handler: begin,
  }),
  route({
    access: 'calls:execute',
    tag: 'actions',
    method: 'POST',
    path: '/v1/executions/:execution_id/outcome',
    summary: 'Say how what you did yourself ended',
    body: ActionOutcomeBody,
    errors: ['forbidden', 'not_found', 'conflict', 'overloaded', 'audit_unavailable'],
    handler: end,
  }),
  route({
    access: 'calls:execute',
    takesTokens: true,
    tag: 'actions',
    method: 'POST',
    path: '/v1/actions/:verb',
    summary: 'Carry out a verb, or say what it would send',
    otherStatus: [202, 'A person must approve the action; it waits as an approval'],
    body: ActionBody,
    slots: 'calls',
    ownIdempotency: true,
    errors: [
      'policy_denied',
      'egress_blocked',
      'not_found',
      'conflict',
      'gone',
      'invalid_context',
      'idempotency_mismatch',
      'provider_unreachable',
      'overloaded',
      'payload_too_large',
      'audit_unavailable',
    ],
    handler: act,
  }),
];
