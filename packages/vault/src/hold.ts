import { AffidavitError, type AuditEvent } from '@affidavit/schema';

import { fencedBy } from './actions/action.ts';
import { concealed } from './actions/conceal.ts';
import { blockedFacts, entryTypes, toldBy } from './actions/entries.ts';
import type { Approvals, Asker, Held } from './approvals.ts';
import { decisionFacts, heldFacts } from './decide.ts';
import { stripSensitiveHeaders } from './egress/headers.ts';
import { pick } from './pick.ts';
import { withExecution, type CallRequest, type PlannedCall } from './plan.ts';
import type { Decision } from './policy/index.ts';
import type { CallTrail } from './ports.ts';

interface HolderOptions {
  readonly trail: CallTrail;
  readonly approvals: Approvals;
}

/** Holds what a person must approve. */
export class Holder {
  readonly #options: HolderOptions;

  constructor(options: HolderOptions) {
    this.#options = options;
  }

  async hold(
    planned: PlannedCall,
    decision: Decision,
    { expires_in_seconds }: { readonly expires_in_seconds: number },
  ): Promise<Held> {
    const { app, actor, body, execution_id, outgoing } = planned;
    const { scope_granted: _, ...facts } = planned.facts;
    const { headers } = stripSensitiveHeaders(body.headers ?? {}, []);
    const call = { ...planned, facts: { ...facts, ...heldFacts(decision) } };
    const { args: __, ...shown } = concealed({
      ...pick(facts, ['args']),
      ...(Object.keys(headers).length === 0 ? {} : { request_headers: headers }),
      ...(outgoing.text === undefined ? {} : { request_body: outgoing.text }),
    });
    const { fence } = call.action ?? {};
    try {
      return await fencedBy(fence, execution_id, () =>
        this.#options.approvals.hold({
          app,
          kind: call.action ? 'action' : 'call',
          execution_id,
          asker: askerOf(actor),
          facts: call.facts,
          shown,
          changes: fence?.taken(execution_id) ?? [],
          expires_in_seconds,
          request: { actor, body: asShown(planned), ...call.action?.held } satisfies HeldCall,
        }),
      );
    } catch (error) {
      if (!(error instanceof AffidavitError) || error.status >= 500) throw error;
      const facts = { ...call.facts, ...decisionFacts(decision), governance_status: 'blocked' };
      return this.#refusedToHold({ ...call, facts: facts as Partial<AuditEvent> }, error);
    }
  }

  /** What cannot even wait for a person is denied, by the policy that asks for one. */
  async #refusedToHold(call: PlannedCall, error: AffidavitError): Promise<never> {
    const event: AuditEvent = {
      event_type: entryTypes(call.facts).denial,
      ...call.facts,
      ...blockedFacts(call.facts),
      outcome: 'policy_denied',
      error_code: error.code,
    };
    const recorded = await this.#options.trail.denial(call.app, event);
    throw withExecution(error, call.execution_id, toldBy(event, recorded));
  }
}

/** What is approved is this grant and this address, whatever would be found for the same words later. */
function asShown({ body, grant, url }: PlannedCall): CallRequest['body'] {
  const { query: _, ...rest } = body;
  return { ...rest, grant_id: grant.grant_id, url: url.href };
}

const askerOf = ({ type, id, key_id, token }: CallRequest['actor']): Asker => ({
  key_id,
  agent_id: type === 'agent' ? id : null,
  token_id: token?.token_id ?? null,
});

/** A held call, as it is sealed. */
export interface HeldCall {
  readonly actor: CallRequest['actor'];
  readonly body: CallRequest['body'];
}
