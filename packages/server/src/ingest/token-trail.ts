import type { AuditEvent } from '@affidavit/schema';
import type { AppRef, NewToken, Recorded, TokenTrail } from '@affidavit/vault';
import { LRUCache } from 'lru-cache';

import { endOf, type Origin } from '../access/gate.ts';
import { actorFields, type Identity } from '../access/identity.ts';
import { recorded } from './recorded.ts';
import type { Trail } from './trail.ts';

const REMEMBERED_TOKENS = 10_000;
/** A token that has ended can be sent for ever: it is told of this often at most. */
const TOLD_EVERY_MS = 60_000;

/** The trail of minted tokens: a token is there from the transaction of its entry on. */
export class StoredTokenTrail implements TokenTrail {
  readonly #trail: Trail;
  readonly #now: () => number;
  readonly #told = new LRUCache<string, true>({ max: REMEMBERED_TOKENS, ttl: TOLD_EVERY_MS });

  constructor(trail: Trail, now: () => number) {
    this.#trail = trail;
    this.#now = now;
  }

  async minted(app: AppRef, event: AuditEvent, token: NewToken): Promise<Recorded> {
    const scopes = JSON.stringify(token.scopes);
    const row = { app: app.app, ...token, scopes, state: 'live', ended_at: null };
    const effects = [{ op: 'insert' as const, table: 'tokens' as const, row }];
    return recorded(await this.#trail.record({ ...app, events: [event], effects }));
  }

  async note(app: AppRef, event: AuditEvent): Promise<Recorded> {
    return recorded(await this.#trail.record({ ...app, events: [event] }));
  }

  /**
   * Somebody used a token after its end. Told once a minute for each token: whoever holds a dead
   * one must not be able to fill the ledger with it.
   */
  async lateUse(identity: Identity, { source_ip, user_agent }: Origin): Promise<void> {
    const { app, app_id, token } = identity;
    if (token === null || this.#told.has(token.token_id)) return;
    this.#told.set(token.token_id, true);
    const error_code = endOf(token, this.#now());
    const policy_id = 'builtin:token_life';
    const { state, expires_at } = token;
    const event: AuditEvent = {
      event_type: 'credential.denied',
      ...actorFields(identity),
      provider: token.provider,
      grant_id: token.grant_id,
      ...(token.run_id === null ? {} : { run_id: token.run_id }),
      ...(token.task_context === null ? {} : { task_context: token.task_context }),
      source_ip,
      ...(user_agent === undefined ? {} : { user_agent }),
      policy_decision: 'DENY',
      policy_id,
      policies_checked: [policy_id],
      policy_context: {
        rule: 'token_life',
        compared: { state, expires_at: new Date(expires_at).toISOString() },
      },
      scope_granted: [],
      outcome: 'policy_denied',
      error_code,
    };
    await this.#trail.record({ app, app_id, events: [event] });
  }
}
