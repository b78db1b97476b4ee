import { AffidavitError, newId, type AuditEvent, type TokenBody } from '@affidavit/schema';

import { decisionFacts, decisionGrant } from '../decide.ts';
import { findGrant } from '../find-grant.ts';
import { pick } from '../pick.ts';
import { usedFacts, type CallActor } from '../plan.ts';
import type { CompiledSet, Decision, PolicyEngine } from '../policy/index.ts';
import { PolicySets } from '../policy-sets.ts';
import type { AppRef, Directory, Grant, Provider, TokenTrail } from '../ports.ts';
import { newTokenText } from './token-text.ts';

export interface MinterOptions {
  readonly directory: Directory;
  readonly trail: TokenTrail;
  readonly engine: PolicyEngine;
  readonly now: () => Date;
}

export interface MintRequest {
  readonly app: AppRef;
  readonly actor: CallActor;
  /** The key that asks; the token dies with it. */
  readonly key: {
    readonly app: number;
    readonly key_id: string;
    /** When it ends, epoch ms; null where it does not. */
    readonly ends_at: number | null;
  };
  readonly body: TokenBody;
}

export interface MintedToken {
  readonly token_id: string;
  /** The bearer. Shown here and nowhere else. */
  readonly token: string;
  readonly grant_id: string;
  readonly provider: string;
  readonly scope_granted: readonly string[];
  /** Whether it is less than was asked for. */
  readonly scope_downscoped: boolean;
  /** Whole seconds, as granted: less than asked where the grant or the key ends before. */
  readonly ttl_seconds: number;
  readonly expires_at: string;
}

interface Mint extends MintRequest {
  readonly grant: Grant;
  readonly provider: Provider;
  /** All that is asked for: what the body names, else what the grant has. */
  readonly requested: readonly string[];
  readonly facts: Partial<AuditEvent>;
}

/** Mints broker tokens: bearers for one grant, some of its scopes and one run, for a short time. */
export class Minter {
  readonly #options: MinterOptions;
  readonly #policies: PolicySets;

  constructor(options: MinterOptions) {
    this.#options = options;
    this.#policies = new PolicySets(options.engine, options.directory);
  }

  /**
   * Resolves the grant, cuts the scopes down to what grant and policies allow, and records the
   * token together with its row. Rejects with `policy_denied` where nothing is left, `not_found`,
   * `conflict`, `invalid_request`, `audit_unavailable`; whatever is refused is on the record.
   */
  async mint(request: MintRequest): Promise<MintedToken> {
    const mint = await this.#plan(request);
    const { decision, granted } = await this.#narrow(mint);
    const decided = { ...mint.facts, ...decisionFacts(decision) };
    if (decision.policy_decision === 'DENY') return this.#denied(mint, decided, decision);
    return this.#issue(mint, decided, granted);
  }

  async #plan(request: MintRequest): Promise<Mint> {
    const { app, actor, body } = request;
    const facts: Partial<AuditEvent> = {
      ...pick(body, ['reason', 'context', 'caller', 'run_id', 'task_context', 'thread_id']),
      ...pick(body, ['tenant_id', 'grant_id', 'provider', 'principal_id']),
      ...actor.identity,
      ...(body.scopes === undefined ? {} : { scope_requested: body.scopes }),
    };
    try {
      const { grant, provider } = await findGrant(this.#options.directory, request);
      const requested = [...new Set(body.scopes ?? grant.scopes)];
      const all = { ...facts, ...usedFacts(grant, provider, body), scope_requested: requested };
      return { ...request, grant, provider, requested, facts: all };
    } catch (error) {
      if (error instanceof AffidavitError) {
        const outcome = { outcome: 'error', error_code: error.code } as const;
        await this.#options.trail.note(app, { event_type: 'token.denied', ...facts, ...outcome });
      }
      throw error;
    }
  }

  /** What of the asked scopes the grant has and policies allow, with the decision on just that. */
  async #narrow(mint: Mint): Promise<{ decision: Decision; granted: readonly string[] }> {
    const set = await this.#policies.ofMints(mint.app.app);
    const { grant, requested } = mint;
    const limited = grant.scopes.length > 0;
    const held = limited ? requested.filter((scope) => grant.scopes.includes(scope)) : requested;
    // Nothing of it is held: the grant's own rule says so.
    const candidates = held.length === 0 ? requested : held;
    const whole = this.#decide(set, mint, candidates);
    const isSettled = whole.policy_decision === 'ALLOW' || held.length < 2;
    const byScope = set.reads.has('scopes') || set.reads.has('scopes_used');
    if (isSettled || !byScope) return { decision: whole, granted: held };
    const granted = held.filter(
      (scope) => this.#decide(set, mint, [scope]).policy_decision === 'ALLOW',
    );
    if (granted.length === 0) return { decision: whole, granted };
    return { decision: this.#decide(set, mint, granted), granted };
  }

  /** The decision on a mint as if it were a call to the provider, of which nothing is known yet. */
  #decide(set: CompiledSet, mint: Mint, scopes: readonly string[]): Decision {
    const { actor, body, grant, provider } = mint;
    return this.#options.engine.decide(set, {
      actor: { type: actor.type, id: actor.id },
      grant: decisionGrant(grant),
      request: {
        method: 'GET',
        url: new URL(provider.base_url),
        scopes,
        ...pick(body, ['caller', 'run_id', 'task_context', 'tenant_id', 'reason']),
        ...(actor.source_ip === undefined ? {} : { source_ip: actor.source_ip }),
      },
      now: this.#options.now(),
    });
  }

  async #denied(mint: Mint, facts: Partial<AuditEvent>, decision: Decision): Promise<never> {
    await this.#options.trail.note(mint.app, {
      event_type: 'token.denied',
      ...facts,
      ttl_seconds: mint.body.ttl_seconds,
      outcome: 'policy_denied',
      error_code: 'policy_denied',
    });
    const { policy_id, rule, explanation } = decision;
    throw new AffidavitError('policy_denied', explanation, { extra: { policy_id, rule } });
  }

  async #issue(
    mint: Mint,
    facts: Partial<AuditEvent>,
    granted: readonly string[],
  ): Promise<MintedToken> {
    const { app, actor, body, grant, key, requested } = mint;
    const created_at = this.#options.now().getTime();
    const ttl_seconds = lifeSeconds(mint, created_at);
    const expires_at = created_at + ttl_seconds * 1000;
    const scope_downscoped = granted.length < requested.length;
    const token_id = newId('token');
    const { token, hash } = newTokenText(app.app);
    await this.#options.trail.minted(
      app,
      {
        event_type: 'token.minted',
        ...facts,
        token_id,
        scope_granted: [...granted],
        scope_downscoped,
        ttl_seconds,
        outcome: 'success',
      },
      {
        token_id,
        hash,
        key_id: key.key_id,
        key_app: key.app,
        agent_id: actor.type === 'agent' ? actor.id : null,
        grant_id: grant.grant_id,
        provider: grant.provider,
        scopes: granted,
        run_id: body.run_id ?? null,
        task_context: body.task_context ?? null,
        created_at,
        expires_at,
      },
    );
    return {
      token_id,
      token,
      grant_id: grant.grant_id,
      provider: grant.provider,
      scope_granted: granted,
      scope_downscoped,
      ttl_seconds,
      expires_at: new Date(expires_at).toISOString(),
    };
  }
}

/** Never past the grant or the key. Both are live now, so that there is at least a part of a second. */
function lifeSeconds({ grant, key, body }: Mint, now: number): number {
  const ends = Math.min(grant.expires_at ?? Infinity, key.ends_at ?? Infinity);
  return Math.max(0, Math.min(body.ttl_seconds, Math.floor((ends - now) / 1000)));
}
