import {
  AffidavitError,
  newId,
  toProblem,
  type AuditEvent,
  type CallBody,
} from '@affidavit/schema';

import type { Action } from './actions/action.ts';
import { concealed } from './actions/conceal.ts';
import { blockedFacts, entryTypes, toldBy } from './actions/entries.ts';
import { claimedParent } from './actors.ts';
import type { ApprovedRun } from './approvals.ts';
import type { EgressGuard } from './egress/guard.ts';
import { findGrant, isDelegated } from './find-grant.ts';
import { grantFacts } from './oauth/lifecycle.ts';
import { needsReauthentication } from './oauth/token-keeper.ts';
import { pick } from './pick.ts';
import type { AppRef, CallTrail, Change, Directory, Grant, Provider } from './ports.ts';
import { callTarget, checkSendable, isInScope } from './target.ts';
import { outgoingBody, type OutgoingBody } from './target.ts';
import { withinBounds, type TokenBounds } from './tokens/bounds.ts';

/** Who calls, as far as the server knows it: from the key, never from the body. */
export interface CallActor {
  readonly type: 'agent' | 'service';
  /** `agt_…` of an agent, `key_…` of a service. */
  readonly id: string;
  readonly key_id: string;
  /** Identity fields of the record: actor, agent, caller_key_prefix, source_ip, trace. */
  readonly identity: Partial<AuditEvent>;
  readonly source_ip?: string;
  readonly traceparent?: string;
  /** Set where the bearer is a minted token: what it holds the call to. */
  readonly token?: TokenBounds;
}

export interface CallRequest {
  readonly app: AppRef;
  readonly actor: CallActor;
  readonly body: CallBody;
  /** Set where a verb made the call. */
  readonly action?: Action;
}

/** One call on its way: what each step of the pipeline adds for the next. */
export interface Call extends CallRequest {
  readonly execution_id: string;
  /** By `performance.now()`. */
  readonly startedMs: number;
  /** The fields that every entry of this execution carries. */
  readonly facts: Partial<AuditEvent>;
  /** Set where a person approved the call. */
  readonly run?: ApprovedRun;
}

export interface PlannedCall extends Call {
  readonly grant: Grant;
  readonly provider: Provider;
  readonly url: URL;
  readonly outgoing: OutgoingBody;
}

interface PlannerOptions {
  readonly directory: Directory;
  readonly trail: CallTrail;
  readonly guard: EgressGuard;
}

/** Resolves what a call needs before it can be decided. */
export class Planner {
  readonly #options: PlannerOptions;

  constructor(options: PlannerOptions) {
    this.#options = options;
  }

  /** Resolves everything the decision needs. What cannot be resolved is on the record as well. */
  async plan(call: Call, record = true): Promise<PlannedCall> {
    checkSendable(call.body);
    const outgoing = outgoingBody(call.body);
    let known = call;
    try {
      const { grant, provider } = await findGrant(this.#options.directory, call);
      known = { ...call, facts: { ...call.facts, ...usedFacts(grant, provider, call.body) } };
      checkTokens(grant, call.actor);
      const url = callTarget(provider, call.body);
      known = { ...known, facts: concealed({ ...known.facts, url: url.href }) };
      const planned = { ...known, grant, provider, url, outgoing };
      this.#checkTarget(planned);
      return planned;
    } catch (error) {
      if (record && error instanceof AffidavitError) throw await this.#refused(known, error);
      throw error;
    }
  }

  /** The credential stays below the base URL, and no call goes where none may go. */
  #checkTarget({ provider, url }: PlannedCall): void {
    if (!isInScope(provider, url)) {
      throw new AffidavitError('egress_blocked', `url is not below ${provider.base_url}`, {
        field: 'url',
        expected: `an address below ${provider.base_url}`,
      });
    }
    this.#options.guard.checkUrl(url);
  }

  /** A call that never became one: an unknown grant, an address outside, a blocked network. */
  async #refused(call: Call, error: AffidavitError): Promise<AffidavitError> {
    const { execution_id } = call;
    const { scope_granted: _, ...facts } = call.facts;
    const outcome = error.code === 'egress_blocked' ? 'blocked' : 'error';
    const refusal = withExecution(error, execution_id);
    const told = {
      ...blockedFacts(facts),
      ...ruleOf(error),
      outcome,
      error_code: error.code,
    } as const;
    const event = { event_type: entryTypes(facts).denial, ...facts, ...told };
    const ended = endedWith(call, failedRun(call, outcome, refusal, 'nothing'), true);
    const recorded = await this.#options.trail.denial(call.app, event, ended);
    return withExecution(error, execution_id, toldBy(event, recorded));
  }
}

/** The rule that a refusal names, as a decision would. */
function ruleOf({ details }: AffidavitError): Partial<AuditEvent> {
  const { policy_id, rule } = (details.extra ?? {}) as { policy_id?: string; rule?: string };
  return policy_id === undefined || rule === undefined
    ? {}
    : { policy_id, policy_context: { rule } };
}

/** What a failure changes for a call that a person had approved. */
export function failedRun(
  { run }: Pick<Call, 'run'>,
  outcome: string,
  error: AffidavitError,
  after: 'intent' | 'nothing',
): readonly Change[] {
  return run?.ended({ status: 'failed', outcome, problem: toProblem(error) }, after) ?? [];
}

/** Where nothing was sent, the key of an action is free again. */
export function endedWith(
  { action, execution_id }: Call,
  changes: readonly Change[],
  isUnsent: boolean,
): readonly Change[] {
  const released = isUnsent ? action?.fence?.released(execution_id) : undefined;
  return released === undefined ? changes : [...changes, ...released];
}

/** The error with where it is on the record, and what the record tells beside that. */
export function withExecution(
  error: AffidavitError,
  execution_id: string,
  told: Readonly<Record<string, unknown>> = {},
): AffidavitError {
  const extra = { ...told, ...error.details.extra, execution_id };
  return new AffidavitError(error.code, error.message, { ...error.details, extra });
}

/** To whoever may use the grant, that its tokens are of no use; policy answers all others. */
function checkTokens(grant: Grant, actor: CallActor): void {
  if (grant.needs_reauth_at === null || grant.revoked_at !== null) return;
  if (isDelegated(grant, actor.id)) throw needsReauthentication(grant.grant_id);
}

/** A call that has just come in. */
export function begin(request: CallRequest, execution_id = newId('execution')): Call {
  const { actor } = request;
  const body = withinBounds(request.body, actor.token);
  const facts: Partial<AuditEvent> = {
    ...askedFacts(body, actor),
    execution_id,
    method: body.method.toUpperCase(),
    url: body.url,
    ...(body.scopes === undefined ? {} : { scope_requested: body.scopes }),
    ...request.action?.facts,
  };
  return { ...request, body, execution_id, startedMs: performance.now(), facts };
}

type Asked = Omit<CallBody, 'method' | 'url'>;

/** Who asks, on whose behalf and why: what every entry says, whatever is asked for. */
export function askedFacts(body: Asked, actor: CallActor): Partial<AuditEvent> {
  const parent_agent_id = claimedParent(body);
  return {
    ...pick(body, ['reason', 'context', 'caller', 'run_id', 'task_context', 'thread_id']),
    ...pick(body, ['tenant_id', 'grant_id', 'provider']),
    ...(parent_agent_id === undefined ? {} : { parent_agent_id }),
    ...(body.principal_id === undefined ? {} : { principal_id: body.principal_id }),
    ...actor.identity,
  };
}

export function usedFacts(
  grant: Grant,
  provider: Provider,
  body: Pick<CallBody, 'scopes'>,
): Partial<AuditEvent> {
  const granted = body.scopes ?? grant.scopes;
  return {
    ...grantFacts(grant, provider),
    ...(granted.length === 0 ? {} : { scope_granted: [...granted] }),
  };
}
