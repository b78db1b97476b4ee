import { AffidavitError, type AuditEvent, type ErrorDetails } from '@affidavit/schema';

import { readAnswer, type CallAnswer } from './answer.ts';
import type { ApprovedRun, Approvals, Asker, Held } from './approvals.ts';
import type { OpenCredential } from './credential.ts';
import { Credentials } from './credentials.ts';
import { approvedFacts, Decider, decisionFacts, heldFacts } from './decide.ts';
import type { Explanation } from './decide.ts';
import type { Egress, ProviderResult } from './egress/call.ts';
import type { EgressGuard } from './egress/guard.ts';
import { stripSensitiveHeaders } from './egress/headers.ts';
import { asRetry, isUnauthorized } from './oauth/refused.ts';
import type { TokenKeeper } from './oauth/token-keeper.ts';
import { begin, failedRun, Planner, withExecution } from './plan.ts';
import type { CallRequest, PlannedCall } from './plan.ts';
import { denyByRate, type CountedRate, type Decision, type PolicyEngine } from './policy/index.ts';
import type { CallTrail, Change, Directory, Recorded } from './ports.ts';
import { writeCounted, type FullWindow, type Rates } from './rates.ts';
import type { Keyring } from './sealing.ts';
import { isInScope, outgoingHeaders } from './target.ts';

export interface VaultOptions {
  readonly directory: Directory;
  readonly trail: CallTrail;
  readonly egress: Egress;
  readonly guard: EgressGuard;
  readonly engine: PolicyEngine;
  readonly keyring: () => Keyring;
  readonly tokens: TokenKeeper;
  readonly now: () => Date;
  readonly approvals: Approvals;
  readonly rates: Rates;
}

/** A rate with how many places of its window are in use. */
export interface CountedState extends CountedRate {
  readonly used: number;
}

export interface TestedCall extends Omit<Explanation, 'rates'> {
  readonly rates?: readonly CountedState[];
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
    this.#credentials = new Credentials(options);
  }

  /**
   * The life of a call: resolve the grant, decide, record the intent, open the credential, call,
   * redact, record the outcome, answer. One that a person must approve is held instead. Rejects
   * with `policy_denied`, `egress_blocked`, `provider_unreachable`, `not_found`, `conflict`,
   * `invalid_request`, `audit_unavailable`; each carries `execution_id` once there is something on
   * the record.
   */
  async call(request: CallRequest): Promise<RecordedAnswer | Held> {
    const planned = await this.#planner.plan(begin(request));
    const decision = await this.#decider.decide(planned);
    if (decision.approval) return this.#hold(planned, decision, decision.approval);
    return this.#goOn(planned, decision, decisionFacts(decision));
  }

  /** Makes a held call that a person has approved: all that policy says is asked once more. */
  async resume(run: ApprovedRun): Promise<void> {
    const { app, execution_id } = run;
    const { actor, body } = run.request as HeldCall;
    const begun = begin({ app, actor, body }, execution_id);
    const facts = { ...begun.facts, governance_status: 'approved' as const };
    try {
      const planned = await this.#planner.plan({ ...begun, facts, run });
      const decision = await this.#decider.decide(planned);
      await this.#goOn(planned, decision, approvedFacts(decision, run));
    } catch (error) {
      // How it ended is on the record, and for the asker to fetch.
      if (!hasEnded(error)) throw error;
    }
  }

  /** After the decision. */
  async #goOn(
    planned: PlannedCall,
    decision: Decision,
    decided: Partial<AuditEvent>,
  ): Promise<RecordedAnswer> {
    const call = { ...planned, facts: { ...planned.facts, ...decided } };
    if (decision.policy_decision === 'DENY') return this.#denied(call, decision);
    const full = await this.#intend(call, decision);
    if (full === null) return this.#carryOut(call);
    const denial = denyByRate(decision, full.full, full.next_at);
    const { run } = call;
    const facts = run === undefined ? decisionFacts(denial) : approvedFacts(denial, run);
    return this.#denied({ ...call, facts: { ...call.facts, ...facts } }, denial);
  }

  /** The intent, counted where a rate applies. Resolves with a window that has no place for it. */
  async #intend({ app, facts, run }: PlannedCall, decision: Decision): Promise<FullWindow | null> {
    const { trail, rates } = this.#options;
    const event = { event_type: 'credential.retrieved', ...facts, credential_masked: true };
    const begun = run?.begun ?? [];
    const write = (places: readonly Change[]) => trail.intent(app, event, [...begun, ...places]);
    if (decision.rates) return writeCounted(rates, app, decision.rates, write);
    await write([]);
    return null;
  }

  async #hold(
    planned: PlannedCall,
    decision: Decision,
    { expires_in_seconds }: { readonly expires_in_seconds: number },
  ): Promise<Held> {
    const { app, actor, body, execution_id, outgoing } = planned;
    const { scope_granted: _, ...facts } = planned.facts;
    const { headers } = stripSensitiveHeaders(body.headers ?? {}, []);
    const call = { ...planned, facts: { ...facts, ...heldFacts(decision) } };
    try {
      return await this.#options.approvals.hold({
        app,
        kind: 'call',
        execution_id,
        asker: askerOf(actor),
        facts: call.facts,
        shown: {
          ...(Object.keys(headers).length === 0 ? {} : { request_headers: headers }),
          ...(outgoing.text === undefined ? {} : { request_body: outgoing.text }),
        },
        expires_in_seconds,
        request: { actor, body } satisfies HeldCall,
      });
    } catch (error) {
      if (!(error instanceof AffidavitError) || error.status >= 500) throw error;
      const facts = { ...call.facts, ...decisionFacts(decision), governance_status: 'blocked' };
      return this.#refusedToHold({ ...call, facts: facts as Partial<AuditEvent> }, error);
    }
  }

  /** What cannot even wait for a person is denied, by the policy that asks for one. */
  async #refusedToHold(call: PlannedCall, error: AffidavitError): Promise<never> {
    await this.#options.trail.denial(call.app, {
      event_type: 'credential.denied',
      ...call.facts,
      outcome: 'policy_denied',
      error_code: error.code,
    });
    throw withExecution(error, call.execution_id);
  }

  /** What policy would say to a call, without making, holding, counting or recording one. */
  async test(request: CallRequest): Promise<TestedCall> {
    const planned = await this.#planner.plan(begin(request), false);
    const explained = await this.#decider.explain(planned);
    const states: CountedState[] = [];
    let decision: Decision = explained;
    for (const rate of explained.rates ?? []) {
      const { used, next_at } = await this.#options.rates.look(planned.app, rate);
      states.push({ ...rate, used });
      const isFirst = decision.policy_decision === 'ALLOW';
      if (next_at !== null && isFirst) decision = denyByRate(decision, rate, next_at);
    }
    const { rates: _, ...tested } = { ...explained, ...decision };
    return { ...tested, ...(states.length === 0 ? {} : { rates: states }) };
  }

  async #denied(call: PlannedCall, decision: Decision): Promise<never> {
    const { execution_id } = call;
    const { policy_id, rule, explanation } = decision;
    const extra = { execution_id, policy_id, rule };
    const denial = new AffidavitError('policy_denied', explanation, {
      extra,
      ...retryAfter(decision, this.#options.now()),
    });
    const [outcome, error_code] = ['policy_denied', 'policy_denied'] as const;
    await this.#options.trail.denial(
      call.app,
      { event_type: 'credential.denied', ...call.facts, outcome, error_code },
      failedRun(call, outcome, denial, 'nothing'),
    );
    throw denial;
  }

  /** From here on the intent is durable, and whatever happens gets an outcome. */
  async #carryOut(call: PlannedCall): Promise<RecordedAnswer> {
    let credential: OpenCredential;
    let result: ProviderResult;
    try {
      credential = await this.#credentials.open(call);
      result = await this.#send(call, credential);
      const fresh = isUnauthorized(result)
        ? await this.#credentials.afterRefusal(call, credential)
        : null;
      if (fresh) {
        credential = fresh;
        result = asRetry(await this.#send(call, fresh), result);
      }
    } catch (error) {
      throw await this.#brokeOff(call, error);
    }
    const answer = readAnswer(call, credential, result);
    const { app, run } = call;
    if ('failure' in answer) {
      const { outcome = 'error' } = answer.event;
      const ended = failedRun(call, outcome, answer.failure, 'intent');
      await this.#options.trail.outcome(app, answer.event, ended);
      throw answer.failure;
    }
    const { outcome } = answer.answer;
    const ended = run?.ended({ status: 'done', outcome, result: answer.answer }, 'intent');
    const recorded = await this.#options.trail.outcome(app, answer.event, ended);
    return { ...answer.answer, event_id: recorded.event_id, seq: recorded.seq };
  }

  /** The outcome of a call that came to nothing on our side. */
  async #brokeOff(call: PlannedCall, error: unknown): Promise<AffidavitError> {
    const known = error instanceof AffidavitError;
    const error_code = known ? error.code : 'internal';
    const outcome = error_code === 'egress_blocked' ? 'blocked' : 'error';
    const failure = known
      ? error
      : new AffidavitError('internal', 'the call failed inside the broker', { cause: error });
    const event = { event_type: 'api.called', ...call.facts, outcome, error_code } as const;
    const told = withExecution(failure, call.execution_id);
    await this.#options.trail.outcome(call.app, event, failedRun(call, outcome, told, 'intent'));
    return told;
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

function retryAfter({ retry_at }: Decision, now: Date): Pick<ErrorDetails, 'retryAfterSeconds'> {
  if (retry_at === undefined) return {};
  const wait_ms = Date.parse(retry_at) - now.getTime();
  return { retryAfterSeconds: Math.max(1, Math.ceil(wait_ms / 1000)) };
}

const askerOf = ({ type, id, key_id, token }: CallRequest['actor']): Asker => ({
  key_id,
  agent_id: type === 'agent' ? id : null,
  token_id: token?.token_id ?? null,
});

/** A held call, as it is sealed. */
interface HeldCall {
  readonly actor: CallRequest['actor'];
  readonly body: CallRequest['body'];
}

/** Whether a failure left an entry that ends the execution. */
function hasEnded(error: unknown): boolean {
  if (!(error instanceof AffidavitError)) return false;
  const { extra } = error.details;
  return extra?.execution_id !== undefined && error.code !== 'audit_unavailable';
}
