import { AffidavitError, type AuditEvent, type ErrorDetails } from '@affidavit/schema';

import { fencedBy, KeyTaken } from './actions/action.ts';
import { concealed } from './actions/conceal.ts';
import { answerTo, blockedFacts, durationFacts, entryTypes } from './actions/entries.ts';
import { toldBy, wholeResult } from './actions/entries.ts';
import { previewFacts } from './actions/preview.ts';
import { readAnswer, type CallAnswer } from './answer.ts';
import type { ApprovedRun, Approvals, Held } from './approvals.ts';
import type { OpenCredential } from './credential.ts';
import { Credentials } from './credentials.ts';
import { approvedFacts, Decider, decisionFacts, heldFacts, opens } from './decide.ts';
import type { Explanation, Sample } from './decide.ts';
import type { Egress, ProviderResult } from './egress/call.ts';
import type { EgressGuard } from './egress/guard.ts';
import { Holder, type HeldCall } from './hold.ts';
import { asRetry, isUnauthorized } from './oauth/refused.ts';
import type { TokenExchange } from './tokens/exchange.ts';
import type { TokenKeeper } from './oauth/token-keeper.ts';
import { begin, endedWith, failedRun, Planner, withExecution } from './plan.ts';
import type { Call, CallRequest, PlannedCall } from './plan.ts';
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
  readonly exchange: TokenExchange;
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
export type RecordedAnswer = CallAnswer & Pick<Recorded, 'event_id' | 'seq'>;

/** What came of a call or an action, with the entry that ends it. */
export interface Executed {
  readonly event: AuditEvent;
  readonly recorded: Recorded;
  /** Absent where nothing was sent: a dry run. */
  readonly answer?: CallAnswer;
}

export class Broker {
  readonly #options: VaultOptions;
  readonly #planner: Planner;
  readonly #decider: Decider;
  readonly #credentials: Credentials;
  readonly #holder: Holder;

  constructor(options: VaultOptions) {
    this.#options = options;
    this.#planner = new Planner(options);
    this.#decider = new Decider(options);
    this.#credentials = new Credentials(options);
    this.#holder = new Holder(options);
  }

  /**
   * The life of a call: resolve the grant, decide, record the intent, open the credential, call,
   * redact, record the outcome, answer. One that a person must approve is held instead. Rejects
   * with `policy_denied`, `egress_blocked`, `provider_unreachable`, `not_found`, `conflict`,
   * `invalid_request`, `audit_unavailable`; each carries `execution_id` once there is something on
   * the record.
   */
  async call(request: CallRequest): Promise<RecordedAnswer | Held> {
    const executed = await this.execute(begin(request));
    if ('approval_id' in executed) return executed;
    const { recorded, answer } = executed;
    return { ...(answer as CallAnswer), event_id: recorded.event_id, seq: recorded.seq };
  }

  /** The same for what has begun, with the entry that ends it: actions go this way as well. */
  async execute(call: Call): Promise<Executed | Held> {
    const planned = await this.#planner.plan(call);
    const decision = await this.#decider.decide(planned);
    if (call.action?.dry_run) return this.#rehearse(planned, decision);
    if (decision.approval) return this.#holder.hold(planned, decision, decision.approval);
    return this.#goOn(planned, decision, decisionFacts(decision));
  }

  /**
   * Makes a held call that a person has approved: all that policy says is asked once more. `action`
   * is what its verb makes of it today.
   */
  async resume(run: ApprovedRun, action?: Call['action']): Promise<void> {
    const { app, execution_id } = run;
    const { actor, body } = run.request as HeldCall;
    const asked = { app, actor, body, ...(action === undefined ? {} : { action }) };
    const begun = begin(asked, execution_id);
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
  ): Promise<Executed> {
    const call = { ...planned, facts: { ...planned.facts, ...decided, ...approvedBy(planned) } };
    if (decision.policy_decision === 'DENY') return this.#denied(call, decision);
    const full = await this.#intend(call, decision);
    if (full === null) return this.#carryOut(call);
    const denial = denyByRate(decision, full.full, full.next_at);
    const { run } = call;
    const facts = run === undefined ? decisionFacts(denial) : approvedFacts(denial, run);
    return this.#denied({ ...call, facts: { ...call.facts, ...facts } }, denial);
  }

  /** The intent, counted where a rate applies. Resolves with a window that has no place for it. */
  async #intend(call: PlannedCall, decision: Decision): Promise<FullWindow | null> {
    const { app, facts, run, action, execution_id } = call;
    const { trail, rates } = this.#options;
    const event = { event_type: 'credential.retrieved', ...facts, credential_masked: true };
    // Whatever waited for a person has taken its key when it was asked for.
    const fence = run === undefined ? action?.fence : undefined;
    const begun = run?.begun ?? fence?.taken(execution_id) ?? [];
    const write = (places: readonly Change[]) =>
      fencedBy(fence, execution_id, () => trail.intent(app, event, [...begun, ...places]));
    if (!decision.rates) {
      await write([]);
      return null;
    }
    const full = await writeCounted(rates, app, decision.rates, write);
    if (full !== null && (await fence?.isLost(execution_id))) throw new KeyTaken();
    return full;
  }

  /** Says what would be sent, and whether it would wait for a person. */
  async #rehearse(planned: PlannedCall, decision: Decision): Promise<Executed> {
    const { approval } = decision;
    const decided = approval ? heldFacts(decision) : decisionFacts(decision);
    const call = { ...planned, facts: { ...planned.facts, ...decided } };
    if (decision.policy_decision === 'DENY' && !approval) return this.#denied(call, decision);
    const event: AuditEvent = concealed({
      event_type: entryTypes(call.facts).outcome,
      ...approvedBy(call),
      ...call.facts,
      ...previewFacts(call),
    });
    return { event, recorded: await this.#options.trail.denial(call.app, event) };
  }

  /** What policy would say to a call, without making, holding, counting or recording one. */
  async test(request: CallRequest, { facts, ...under }: Sample = {}): Promise<TestedCall> {
    const call = begin(request);
    const planned = await this.#planner.plan(
      { ...call, facts: { ...call.facts, ...facts } },
      false,
    );
    const explained = await this.#decider.explain(planned, under);
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
    const { app, execution_id, facts } = call;
    const { policy_id, rule, explanation } = decision;
    const extra = { execution_id, policy_id, rule };
    const denial = new AffidavitError('policy_denied', explanation, {
      extra,
      ...retryAfter(decision, this.#options.now()),
    });
    const outcome = rule === 'governance' ? 'blocked' : 'policy_denied';
    const event: AuditEvent = {
      event_type: entryTypes(facts).denial,
      ...facts,
      ...blockedFacts(facts),
      outcome,
      error_code: 'policy_denied',
    };
    const ended = endedWith(call, failedRun(call, outcome, denial, 'nothing'), true);
    const recorded = await this.#options.trail.denial(app, event, ended);
    throw withExecution(denial, execution_id, toldBy(event, recorded));
  }

  /** From here on the intent is durable, and whatever happens gets an outcome. */
  async #carryOut(call: PlannedCall): Promise<Executed> {
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
    const read = readAnswer(call, credential, result);
    const event = concealed({ ...read.event, ...durationFacts(call) });
    const { app, run, execution_id } = call;
    const { trail } = this.#options;
    if ('failure' in read) {
      const { outcome = 'error' } = event;
      const isUnsent = result.kind === 'failure' && !result.request_sent;
      const failed = failedRun(call, outcome, read.failure, 'intent');
      const recorded = await trail.outcome(app, event, endedWith(call, failed, isUnsent));
      throw withExecution(read.failure, execution_id, toldBy(event, recorded));
    }
    const { answer } = read;
    const { outcome } = answer;
    const ended = run?.ended(
      { status: 'done', outcome, result: answerTo(event, answer) },
      'intent',
    );
    const kept = call.action?.fence?.kept(event, wholeResult(answer));
    const recorded = await trail.outcome(app, event, [...(ended ?? []), ...(kept ?? [])]);
    return { event, answer, recorded };
  }

  /** The outcome of a call that came to nothing on our side. */
  async #brokeOff(call: PlannedCall, error: unknown): Promise<AffidavitError> {
    const known = error instanceof AffidavitError;
    const error_code = known ? error.code : 'internal';
    const outcome = error_code === 'egress_blocked' ? 'blocked' : 'error';
    const failure = known
      ? error
      : new AffidavitError('internal', 'the call failed inside the broker', { cause: error });
    const event: AuditEvent = {
      event_type: entryTypes(call.facts).outcome,
      ...call.facts,
      ...durationFacts(call),
      outcome,
      error_code,
    };
    const told = withExecution(failure, call.execution_id);
    const ended = endedWith(call, failedRun(call, outcome, told, 'intent'), known);
    const recorded = await this.#options.trail.outcome(call.app, event, ended);
    return withExecution(failure, call.execution_id, toldBy(event, recorded));
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
        withinScope: (hop, method) => isInScope(provider, hop) && opens(call, hop, method),
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
/** Nothing keeps an action from being done: neither policy nor its verb. */
const approvedBy = ({ action }: Call): Partial<AuditEvent> =>
  action === undefined ? {} : { governance_status: 'approved' };

/** Whether a failure left an entry that ends the execution. */
function hasEnded(error: unknown): boolean {
  if (!(error instanceof AffidavitError)) return false;
  const { extra } = error.details;
  return extra?.execution_id !== undefined && error.code !== 'audit_unavailable';
}
