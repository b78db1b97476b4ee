import { AffidavitError } from '@affidavit/schema';

import { readAnswer, type CallAnswer } from './answer.ts';
import type { OpenCredential } from './credential.ts';
import { Credentials } from './credentials.ts';
import { Decider, decisionFacts } from './decide.ts';
import type { Egress, ProviderResult } from './egress/call.ts';
import type { EgressGuard } from './egress/guard.ts';
import { begin, Planner, type CallRequest, type PlannedCall } from './plan.ts';
import type { Decision, PolicyEngine } from './policy/index.ts';
import type { CallTrail, Directory, Recorded } from './ports.ts';
import type { Keyring } from './sealing.ts';
import { isInScope, outgoingHeaders } from './target.ts';

export interface VaultOptions {
  readonly directory: Directory;
  readonly trail: CallTrail;
  readonly egress: Egress;
  readonly guard: EgressGuard;
  readonly engine: PolicyEngine;
  readonly keyring: () => Keyring;
  readonly now: () => Date;
}

/** The answer, with its outcome's place on the record. */
export type RecordedAnswer = CallAnswer & Recorded;

export class Broker {
  readonly #options: VaultOptions;
  readonly #planner: Planner;
  readonly #decider: Decider;
  readonly #credentials: Credentials;

  constructor(options: VaultOptions) {
    this.#options = options;
    this.#planner = new Planner(options);
    this.#decider = new Decider(options);
    this.#credentials = new Credentials(options.directory, options.keyring);
  }

  /**
   * The life of a call: resolve the grant, decide, record the intent, open the credential, call,
   * redact, record the outcome, answer. Rejects with `policy_denied`, `egress_blocked`,
   * `provider_unreachable`, `not_found`, `conflict`, `invalid_request`, `audit_unavailable`; each
   * carries `execution_id` once there is something on the record.
   */
  async call(request: CallRequest): Promise<RecordedAnswer> {
    const call = begin(request);
    const planned = await this.#planner.plan(call);
    const decision = await this.#decider.decide(planned);
    const decided = { ...planned, facts: { ...planned.facts, ...decisionFacts(decision) } };
    if (decision.policy_decision === 'DENY') return this.#denied(decided, decision);
    await this.#options.trail.intent(call.app, {
      event_type: 'credential.retrieved',
      ...decided.facts,
      credential_masked: true,
    });
    return this.#carryOut(decided);
  }

  /** What policy would say to a call, without making or recording one. */
  async test(request: CallRequest): Promise<Decision> {
    return this.#decider.decide(await this.#planner.plan(begin(request), false));
  }

  async #denied(call: PlannedCall, decision: Decision): Promise<never> {
    const { execution_id } = call;
    await this.#options.trail.denial(call.app, {
      event_type: 'credential.denied',
      ...call.facts,
      outcome: 'policy_denied',
      error_code: 'policy_denied',
    });
    const { policy_id, rule, explanation } = decision;
    throw new AffidavitError('policy_denied', explanation, {
      extra: { execution_id, policy_id, rule },
    });
  }

  /** From here on the intent is durable, and whatever happens gets an outcome. */
  async #carryOut(call: PlannedCall): Promise<RecordedAnswer> {
    let credential: OpenCredential;
    let result: ProviderResult;
    try {
      credential = await this.#credentials.open(call);
      result = await this.#send(call, credential);
    } catch (error) {
      const known = error instanceof AffidavitError;
      const code = known ? error.code : 'internal';
      await this.#options.trail.outcome(call.app, {
        event_type: 'api.called',
        ...call.facts,
        outcome: code === 'egress_blocked' ? 'blocked' : 'error',
        error_code: code,
      });
      throw withExecution(error, call.execution_id);
    }
    const answer = readAnswer(call, credential, result);
    const recorded = await this.#options.trail.outcome(call.app, answer.event);
    if ('failure' in answer) throw answer.failure;
    return { ...answer.answer, event_id: recorded.event_id, seq: recorded.seq };
  }

  #send(call: PlannedCall, credential: OpenCredential): Promise<ProviderResult> {
    const { provider, url, body, outgoing, actor } = call;
    const headers = outgoingHeaders(body, outgoing, actor.traceparent);
    const timeoutMs = body.timeout_ms ?? provider.timeout_ms ?? undefined;
    return this.#options.egress.callProvider(
      {
        method: body.method,
        url,
        headers,
        body: outgoing.bytes,
        credential,
        withinScope: (hop) => isInScope(provider, hop),
      },
      timeoutMs === undefined ? {} : { timeoutMs },
    );
  }
}

function withExecution(error: unknown, execution_id: string): unknown {
  if (!(error instanceof AffidavitError)) {
    return new AffidavitError('internal', 'the call failed inside the broker', {
      extra: { execution_id },
      cause: error,
    });
  }
  const extra = { ...error.details.extra, execution_id };
  return new AffidavitError(error.code, error.message, { ...error.details, extra });
}
