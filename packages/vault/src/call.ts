import { AffidavitError, newId, type AuditEvent, type CallBody } from '@affidavit/schema';

import { openCredential, type OpenCredential } from './credential.ts';
import type { Egress, ProviderResult } from './egress/call.ts';
import type { EgressGuard } from './egress/guard.ts';
import { findGrant } from './find-grant.ts';
import type { Decision, PolicyEngine } from './policy/index.ts';
import { PolicySets } from './policy-sets.ts';
import type { AppRef, CallTrail, Directory, Grant, Provider, Recorded } from './ports.ts';
import { readAnswer, type CallAnswer } from './answer.ts';
import type { Keyring } from './sealing.ts';
import { callTarget, checkSendable, isInScope } from './target.ts';
import { outgoingBody, outgoingHeaders, type OutgoingBody } from './target.ts';

/** Who calls, as far as the server knows it: from the key, never from the body. */
export interface CallActor {
  readonly type: 'agent' | 'service';
  /** `agt_…` of an agent, `key_…` of a service. */
  readonly id: string;
  /** Identity fields of the record: actor, agent, caller_key_prefix, source_ip, trace. */
  readonly identity: Partial<AuditEvent>;
  readonly source_ip?: string;
  readonly traceparent?: string;
}

export interface VaultOptions {
  readonly directory: Directory;
  readonly trail: CallTrail;
  readonly egress: Egress;
  readonly guard: EgressGuard;
  readonly engine: PolicyEngine;
  readonly keyring: () => Keyring;
  readonly now: () => Date;
}

export interface CallRequest {
  readonly app: AppRef;
  readonly actor: CallActor;
  readonly body: CallBody;
}

/** One call on its way: what each step of the pipeline adds for the next. */
interface Call extends CallRequest {
  readonly execution_id: string;
  /** The fields that every entry of this execution carries. */
  readonly facts: Partial<AuditEvent>;
}

interface PlannedCall extends Call {
  readonly grant: Grant;
  readonly provider: Provider;
  readonly url: URL;
  readonly outgoing: OutgoingBody;
}

/** The answer, with its outcome's place on the record. */
export type RecordedAnswer = CallAnswer & Recorded;

/** Sealed secrets are bound to their row. */
export const secretPurpose = (secretId: string) => `secret ${secretId}`;

export class Broker {
  readonly #options: VaultOptions;
  readonly #policies: PolicySets;

  constructor(options: VaultOptions) {
    this.#options = options;
    this.#policies = new PolicySets(options.engine, options.directory);
  }

  /**
   * The life of a call: resolve the grant, decide, record the intent, open the credential, call,
   * redact, record the outcome, answer. Rejects with `policy_denied`, `egress_blocked`,
   * `provider_unreachable`, `not_found`, `conflict`, `invalid_request`, `audit_unavailable`; each
   * carries `execution_id` once there is something on the record.
   */
  async call(request: CallRequest): Promise<RecordedAnswer> {
    const call = begin(request);
    const planned = await this.#plan(call);
    const decision = await this.#decide(planned);
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
    return this.#decide(await this.#plan(begin(request), false));
  }

  /** Resolves everything the decision needs. What cannot be resolved is on the record as well. */
  async #plan(call: Call, record = true): Promise<PlannedCall> {
    checkSendable(call.body);
    const outgoing = outgoingBody(call.body);
    let known = call;
    try {
      const { grant, provider } = await findGrant(this.#options.directory, call);
      known = { ...call, facts: { ...call.facts, ...grantFacts(grant, provider, call.body) } };
      const url = callTarget(provider, call.body);
      known = { ...known, facts: { ...known.facts, url: url.href } };
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

  async #decide({ app, actor, grant, url, body }: PlannedCall): Promise<Decision> {
    const set = await this.#policies.of(app.app);
    const { expires_at, ...lasting } = grant;
    const expiry = expires_at === null ? {} : { expires_at: new Date(expires_at).toISOString() };
    return this.#options.engine.decide(set, {
      actor: { type: actor.type, id: actor.id },
      grant: {
        ...lasting,
        status: grant.revoked_at === null ? 'active' : 'revoked',
        created_at: new Date(grant.created_at).toISOString(),
        ...expiry,
      },
      request: {
        method: body.method.toUpperCase(),
        url,
        scopes: body.scopes ?? [],
        ...pick(body, ['caller', 'run_id', 'task_context', 'tenant_id', 'reason']),
        ...(actor.source_ip === undefined ? {} : { source_ip: actor.source_ip }),
      },
      now: this.#options.now(),
    });
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

  /** A call that never became one: an unknown grant, an address outside, a blocked network. */
  async #refused(call: Call, error: AffidavitError): Promise<AffidavitError> {
    const { execution_id } = call;
    const { scope_granted: _, ...facts } = call.facts;
    await this.#options.trail.denial(call.app, {
      event_type: 'credential.denied',
      ...facts,
      outcome: error.code === 'egress_blocked' ? 'blocked' : 'error',
      error_code: error.code,
    });
    const extra = { ...error.details.extra, execution_id };
    return new AffidavitError(error.code, error.message, { ...error.details, extra });
  }

  /** From here on the intent is durable, and whatever happens gets an outcome. */
  async #carryOut(call: PlannedCall): Promise<RecordedAnswer> {
    let credential: OpenCredential;
    let result: ProviderResult;
    try {
      credential = await this.#openCredential(call);
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

  async #openCredential({ app, grant, provider }: PlannedCall): Promise<OpenCredential> {
    const secret = await this.#options.directory.secret(app.app, grant.secret_id);
    if (!secret || secret.revoked_at !== null) {
      throw new AffidavitError('conflict', 'the secret behind the grant has been revoked', {
        advice: 'Store a new secret and make a new grant.',
      });
    }
    const value = this.#options
      .keyring()
      .open(secret.sealed_value, secretPurpose(secret.secret_id));
    return openCredential(provider.auth, value.toString('utf8'));
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

function begin(request: CallRequest): Call {
  const { actor, body } = request;
  const execution_id = newId('execution');
  const facts: Partial<AuditEvent> = {
    ...pick(body, ['reason', 'context', 'caller', 'run_id', 'task_context', 'thread_id']),
    ...pick(body, ['tenant_id', 'parent_agent_id', 'grant_id', 'provider']),
    ...(body.principal_id === undefined ? {} : { principal_id: body.principal_id }),
    ...actor.identity,
    execution_id,
    method: body.method.toUpperCase(),
    url: body.url,
    ...(body.scopes === undefined ? {} : { scope_requested: body.scopes }),
  };
  return { ...request, execution_id, facts };
}

function grantFacts(grant: Grant, provider: Provider, body: CallBody): Partial<AuditEvent> {
  const { principal } = grant;
  const granted = body.scopes ?? grant.scopes;
  return {
    provider: provider.name,
    provider_id: provider.provider_id,
    grant_id: grant.grant_id,
    grant_kind: grant.kind,
    principal_type: principal.type,
    principal_id: principal.id,
    ...(principal.email === undefined ? {} : { principal_email: principal.email }),
    ...(granted.length === 0 ? {} : { scope_granted: [...granted] }),
  };
}

function decisionFacts(decision: Decision): Partial<AuditEvent> {
  const { policy_decision, policy_id, policies_checked, explanation } = decision;
  const denied = policy_decision === 'DENY';
  const policy_context = denied
    ? { ...decision.policy_context, explanation }
    : decision.policy_context;
  return {
    policy_decision,
    policy_id,
    policies_checked: [...policies_checked],
    policy_context: policy_context as AuditEvent['policy_context'] & object,
    ...(denied ? { scope_granted: [] } : {}),
  };
}

/** The named members that are there. */
function pick<T extends object, K extends keyof T>(
  from: T,
  names: readonly K[],
): { [P in K]?: Exclude<T[P], undefined> } {
  const present = names.filter((name) => from[name] !== undefined);
  return Object.fromEntries(present.map((name) => [name, from[name]])) as {
    [P in K]?: Exclude<T[P], undefined>;
  };
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
