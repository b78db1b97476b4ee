import { AffidavitError, type ActClaim, type CallBody, type Json } from '@affidavit/schema';

import type { CallActor } from './plan.ts';
import type { AppRef, Directory } from './ports.ts';

/** Agents above an agent that are told of. */
const ANCESTORS_MAX = 8;

interface Acting {
  readonly app: AppRef;
  readonly actor: CallActor;
  readonly body: Pick<CallBody, 'act' | 'parent_agent_id'>;
}

/** The agent that sent an agent, as its caller says it: the outermost of `act`. */
export function claimedParent({ act, parent_agent_id }: Acting['body']): string | undefined {
  if (act === undefined || parent_agent_id === undefined || act.sub === parent_agent_id) {
    return parent_agent_id ?? act?.sub;
  }
  throw new AffidavitError('invalid_request', 'act and parent_agent_id name different agents', {
    field: 'parent_agent_id',
    expected: act.sub,
  });
}

/**
 * Who acts, and who sent them (RFC 8693 section 4.1: the newest outside), for `policy_context` of
 * the entries. `act` is what this installation knows of the agent whose key it was; `act_claimed`
 * is what the caller said. Empty where there is nobody but the caller.
 */
export async function actorsOf(
  directory: Directory,
  { app, actor, body }: Acting,
): Promise<Record<string, Json>> {
  const { act: claimed } = body;
  const said = claimed === undefined ? {} : { act_claimed: claimed as unknown as Json };
  if (actor.type !== 'agent') return said;
  const chain = [actor.id];
  let parent = actor.identity.parent_agent_id ?? null;
  // An agent's parent is set once, when it is made, so that there are no circles.
  while (parent !== null && chain.length <= ANCESTORS_MAX) {
    chain.push(parent);
    parent = await directory.parentAgent(app.app, parent);
  }
  if (chain.length === 1) return said;
  const act = chain.reduceRight<ActClaim | undefined>(
    (inner, sub) => (inner === undefined ? { sub } : { sub, act: inner }),
    undefined,
  );
  return { act: act as unknown as Json, ...said };
}
