import type { AuditEvent, ErrorCode } from '@affidavit/schema';
import type { AppRef } from '@affidavit/vault';

import { actorFields } from '../access/identity.ts';
import type { EffectsOf } from '../ingest/trail.ts';
import type { Receipt } from '../sequence/submission.ts';
import type { Effect } from '../store/port.ts';
import type { Context } from './route.ts';

/** Who, from where and in which trace: what every entry of a request says. */
export function requestFields(context: Context): Partial<AuditEvent> {
  const { identity, sourceIp, userAgent, trace } = context;
  const { session } = identity;
  return {
    ...actorFields(identity),
    ...(session ? { context: { session_id: session.session_id } } : {}),
    ...trace,
    source_ip: sourceIp,
    ...(userAgent ? { user_agent: userAgent } : {}),
  };
}

/**
 * One administrative change and the entry that says so, in one transaction: neither is there
 * without the other. Rejects with `conflict` where the state does not allow the change.
 */
export function administer(
  context: Context,
  event: AuditEvent,
  effects: readonly Effect[] | EffectsOf,
  app: AppRef = context.app,
): Promise<Receipt> {
  const whole = { ...requestFields(context), outcome: 'success' as const, ...event };
  return context.services.trail.record({
    app: app.app,
    app_id: app.app_id,
    events: [whole, ...alsoInWallet(context, whole)],
    effects,
  });
}

/** What a person does in their wallet is found among what people do, too. */
const IN_WALLET: Readonly<Record<string, string>> = {
  'grant.revoked': 'wallet.grant_revoked',
  'grant.delegation_revoked': 'wallet.agent_removed',
};

function alsoInWallet({ identity }: Context, event: AuditEvent): AuditEvent[] {
  const event_type = IN_WALLET[event.event_type];
  const isWallet = identity.session?.kind === 'wallet';
  return isWallet && event_type !== undefined ? [{ ...event, event_type }] : [];
}

/** What any administrative change can answer. */
export const CHANGE_ERRORS: readonly ErrorCode[] = [
  'conflict',
  'not_found',
  'audit_unavailable',
  'overloaded',
];
