import {
  AffidavitError,
  newId,
  type ActionBeginBody,
  type ActionOutcomeBody,
  type AuditEvent,
} from '@affidavit/schema';

import { Decider, decisionFacts } from '../decide.ts';
import { askedFacts, withExecution, type CallActor } from '../plan.ts';
import { denyByRate, type Decision, type PolicyEngine } from '../policy/index.ts';
import type { ActionKeys, AppRef, BegunAction, BegunActions } from '../ports.ts';
import type { CallTrail, Change, Directory, Verb } from '../ports.ts';
import { writeCounted, type Rates } from '../rates.ts';
import type { Keyring } from '../sealing.ts';
import { fencedBy, KeyTaken, type Fence } from './action.ts';
import { checkArgs, checkArgsSize } from './args-schema.ts';
import { blockedFacts, entryTypes, executionRecord, keptResult, toldBy } from './entries.ts';
import type { ExecutionRecord } from './entries.ts';
import { KeyFence, type Asked } from './fence.ts';
import { decidableLocally } from './local-call.ts';
import { refuseOnRecord, replay } from './on-record.ts';
import { CompiledVerbs } from './verbs.ts';

/**
 * Actions that clients carry out themselves, under the same rules: the client asks first, the intent
 * is on the record before it begins, and it says how it ended. What it says is marked `reported`.
 */

export interface LocalRequest {
  readonly app: AppRef;
  readonly actor: CallActor;
  readonly verb: string;
  readonly body: ActionBeginBody;
  readonly key?: { readonly value: string; readonly fingerprint: Uint8Array };
}

export interface LocalOutcome {
  readonly app: AppRef;
  readonly actor: CallActor;
  readonly execution_id: string;
  readonly body: ActionOutcomeBody;
}

/** It may begin; the outcome is waited for until `expires_at` (ISO 8601). */
export type Begun = ExecutionRecord & { readonly expires_at: string };

export interface LocalOptions {
  readonly directory: Directory;
  readonly trail: CallTrail;
  readonly keys: ActionKeys;
  readonly begun: BegunActions;
  readonly engine: PolicyEngine;
  readonly rates: Rates;
  readonly keyring: () => Keyring;
  readonly now: () => Date;
}

type Facts = Partial<AuditEvent>;

export class LocalActions {
  readonly #options: LocalOptions;
  readonly #decider: Decider;
  readonly #fence: KeyFence;
  readonly #verbs = new CompiledVerbs();

  constructor(options: LocalOptions) {
    this.#options = options;
    this.#decider = new Decider(options);
    this.#fence = new KeyFence(options.keys, options.keyring);
  }

  /**
   * Resolves when the client may begin, or with what was kept of an earlier execution under the same
   * key. Rejects with `policy_denied`, `invalid_request`, `idempotency_mismatch`, `conflict`, `gone`,
   * `audit_unavailable`: then it must not begin.
   */
  async begin(request: LocalRequest): Promise<Begun | ExecutionRecord> {
    const { app, actor, body, key } = request;
    const verb = await this.#options.directory.verb(app.app, request.verb);
    const facts = localFacts(request, verb);
    const { trail } = this.#options;
    await refuseOnRecord(trail, app, facts, async () => this.#check(body, verb));
    if (key === undefined) return this.#start(request, verb, facts);
    const { value: idempotency_key, fingerprint } = key;
    const asked = { actor_id: actor.id, verb: request.verb, idempotency_key, fingerprint };
    return this.#fenced(request, verb, facts, asked);
  }

  #check({ args }: ActionBeginBody, verb: Verb | null): void {
    checkArgsSize(args);
    if (verb !== null) checkArgs(this.#verbs.of(verb).validate, args);
  }

  async #fenced(request: LocalRequest, verb: Verb | null, facts: Facts, asked: Asked) {
    const { app } = request;
    const { trail } = this.#options;
    const end = this.#fence.deadline();
    for (;;) {
      const found = await refuseOnRecord(trail, app, facts, () =>
        this.#fence.earlier(app, asked, end),
      );
      if ('kept' in found) return replay(trail, app, facts, found);
      const instead = 'instead' in found ? found.instead : undefined;
      const fence = this.#fence.around(app, asked, instead);
      try {
        const start = () => this.#start(request, verb, facts, fence);
        const begun = await this.#fence.alone(app, asked, end, start);
        if (begun !== null) return begun;
      } catch (error) {
        if (!(error instanceof KeyTaken)) throw error;
      }
    }
  }

  async #start(request: LocalRequest, verb: Verb | null, asked: Facts, fence?: Fence) {
    const { app, actor, body, key } = request;
    const governance = verb?.governance ?? 'allow';
    const decision = await this.#decider.decide(
      decidableLocally({ ...request, facts: asked, governance, now: this.#options.now() }),
    );
    if (decision.policy_decision === 'DENY') throw await this.#denied(app, asked, decision);
    const execution_id = asked.execution_id as string;
    const expires_at = this.#options.now().getTime() + body.timeout_seconds * 1000;
    const begun: BegunAction = {
      execution_id,
      actor_id: actor.id,
      verb: request.verb,
      idempotency_key: key?.value ?? null,
      expires_at,
    };
    const facts = { ...asked, ...decisionFacts(decision), governance_status: 'approved' as const };
    const event = { event_type: 'action.started', ...facts, credential_masked: false };
    const changes = [
      ...(fence?.taken(execution_id) ?? []),
      ...this.#options.begun.begin(app, begun),
    ];
    await this.#intend(app, event, decision, changes, fence);
    return { ...executionRecord(event), expires_at: new Date(expires_at).toISOString() };
  }

  async #intend(
    app: AppRef,
    event: AuditEvent,
    decision: Decision,
    changes: readonly Change[],
    fence: Fence | undefined,
  ): Promise<void> {
    const { trail, rates } = this.#options;
    const write = (places: readonly Change[]) =>
      fencedBy(fence, event.execution_id as string, () =>
        trail.intent(app, event, [...changes, ...places]),
      );
    if (!decision.rates) return void (await write([]));
    const full = await writeCounted(rates, app, decision.rates, write);
    if (full === null) return;
    throw await this.#denied(app, event, denyByRate(decision, full.full, full.next_at));
  }

  async #denied(app: AppRef, asked: Facts, decision: Decision): Promise<AffidavitError> {
    const facts = { ...asked, ...decisionFacts(decision) };
    const { policy_id, rule, explanation } = decision;
    const event: AuditEvent = {
      ...facts,
      ...blockedFacts(facts),
      event_type: entryTypes(facts).denial,
      outcome: rule === 'governance' ? 'blocked' : 'policy_denied',
      error_code: 'policy_denied',
    };
    const recorded = await this.#options.trail.denial(app, event);
    const advice =
      'What a client does itself cannot wait for a person: use POST /v1/actions/{verb}.';
    const denial = new AffidavitError('policy_denied', explanation, {
      ...(decision.approval ? { advice } : {}),
      extra: { policy_id, rule },
    });
    return withExecution(denial, facts.execution_id as string, toldBy(event, recorded));
  }

  /**
   * How it ended. Rejects with `not_found` where nothing of that id is waited for (it has ended, or
   * its time was over), and with `forbidden` for whoever did not begin it.
   */
  async end({ app, actor, execution_id, body }: LocalOutcome): Promise<ExecutionRecord> {
    const found = await this.#options.begun.find(app, execution_id);
    if (found === null) throw notWaitedFor(execution_id);
    const { begun, intent } = found;
    if (begun.actor_id !== actor.id) {
      throw new AffidavitError('forbidden', 'another agent or key began this action', {
        field: 'execution_id',
      });
    }
    const { outcome, result, error_code, duration_ms = 0 } = body;
    const event: AuditEvent = {
      ...intent,
      event_type: entryTypes(intent).outcome,
      outcome,
      duration_ms,
      ...(result === undefined ? {} : { result: keptResult(result) }),
      ...(error_code === undefined ? {} : { error_code }),
    };
    const whole = result === undefined ? {} : { result };
    const changes = [
      ...this.#options.begun.end(app, execution_id),
      ...(this.#fenceOf(app, begun)?.kept(event, whole) ?? []),
    ];
    const recorded = await this.#options.trail.reported(app, event, changes);
    return executionRecord({ ...event, ...whole, source: 'reported' }, recorded);
  }

  #fenceOf(app: AppRef, { idempotency_key, actor_id, verb }: BegunAction): Fence | undefined {
    if (idempotency_key === null) return undefined;
    const fingerprint = new Uint8Array();
    return this.#fence.around(app, { actor_id, verb, idempotency_key, fingerprint }, undefined);
  }
}

function notWaitedFor(execution_id: string): AffidavitError {
  return new AffidavitError('not_found', `no outcome of ${execution_id} is waited for`, {
    field: 'execution_id',
    advice: 'It has ended, or its time was over: see GET /v1/executions/{execution_id}.',
  });
}

function localFacts({ verb: name, body, actor }: LocalRequest, verb: Verb | null): Facts {
  const provider = verb?.provider ?? body.provider;
  return {
    ...askedFacts(body, actor),
    execution_id: newId('execution'),
    verb: name,
    ...(provider === undefined ? {} : { provider }),
    risk_level: verb?.risk_level ?? body.risk_level,
    dry_run: false,
    idempotent: false,
    args: body.args,
  };
}
