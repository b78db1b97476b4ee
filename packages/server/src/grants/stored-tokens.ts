import type { AuditEvent } from '@affidavit/schema';
import type { AppRef, HeldTokens, TokenChange, TokenStore } from '@affidavit/vault';
import type { Logger } from 'pino';

import type { StoredDirectory } from '../access/directory.ts';
import { intentId, openIntent } from '../ingest/open-intents.ts';
import type { Trail, TrailWrite } from '../ingest/trail.ts';
import type { Effect, Row } from '../store/port.ts';
import type { OAuthTokensTable } from '../store/tables.ts';
import { isConflict } from './conflict.ts';

const RETRY_MS = 1000;
/** Changes that wait to be written: one for each grant that is being refreshed at most. */
const UNSETTLED_MAX = 1000;

export interface StoredTokensOptions {
  readonly directory: StoredDirectory;
  readonly trail: Trail;
  readonly processId: string;
  readonly now: () => number;
  readonly journal: Logger;
}

/** The tokens of OAuth grants in the database, each change in the transaction of its entries. */
export class StoredTokens implements TokenStore {
  readonly #options: StoredTokensOptions;
  readonly #unsettled = new Set<TrailWrite>();
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: StoredTokensOptions) {
    this.#options = options;
  }

  async read(app: number, grant_id: string): Promise<HeldTokens | null> {
    const [row] = await this.#options.directory.rows('oauth_tokens', { app, grant_id });
    return row === undefined ? null : toHeld(row);
  }

  async isUnderWay(app: number, execution_id: string): Promise<boolean> {
    const open = await this.#options.directory.rows('open_intents', { app, execution_id });
    return open.length > 0;
  }

  async claim(app: AppRef, held: HeldTokens, intent: AuditEvent, until: number): Promise<boolean> {
    const execution_id = intent.execution_id as string;
    const event_id = intentId(execution_id);
    const { processId, now } = this.#options;
    const lost_execution_id = held.refresh_execution_id ?? held.lost_execution_id;
    const claimed = { refresh_execution_id: execution_id, refresh_until: until, lost_execution_id };
    const effects: Effect[] = [
      changed(app, held, claimed),
      openIntent(app, intent, processId, now()),
    ];
    const events = [{ ...intent, event_id }];
    const onLate = () => this.#keepFor(this.#undone(app, held, intent));
    try {
      await this.#options.trail.record({ ...app, events, effects, onLate });
      return true;
    } catch (error) {
      if (isConflict(error)) return false;
      throw error;
    }
  }

  /** The end of a claim whose caller had been refused before it was written. */
  #undone(app: AppRef, held: HeldTokens, intent: AuditEvent): TrailWrite {
    const claimed = { ...held, version: held.version + 1 };
    const { execution_id } = intent;
    const event: AuditEvent = {
      ...intent,
      event_type: 'token.refreshed',
      outcome: 'error',
      error_code: 'audit_unavailable',
    };
    const rested = { refresh_execution_id: null, refresh_until: null };
    const effects = [changed(app, claimed, rested), ...closing(app, execution_id)];
    return { ...app, events: [event], effects, owed: true };
  }

  async change(
    app: AppRef,
    held: HeldTokens,
    events: readonly AuditEvent[],
    change: TokenChange,
  ): Promise<boolean> {
    const closed = closing(app, held.refresh_execution_id ?? undefined);
    const effects = [...effectsOf(app, held, change), ...closed];
    const write = { ...app, events, effects, owed: true };
    try {
      await this.#options.trail.record(write);
      return true;
    } catch (error) {
      if (isConflict(error)) {
        await this.#options.trail.record({ ...write, effects: closed });
        return false;
      }
      this.#keepFor(write);
      throw error;
    }
  }

  /** Tokens that the server has given and that are not written would be lost with the process. */
  #keepFor(write: TrailWrite): void {
    if (this.#closed || this.#unsettled.size >= UNSETTLED_MAX) {
      this.#options.journal.error('tokens that were refreshed could not be written');
      return;
    }
    this.#unsettled.add(write);
    this.#timer ??= setTimeout(() => void this.#retry(), RETRY_MS);
  }

  async #retry(): Promise<void> {
    this.#timer = null;
    const waiting = [...this.#unsettled];
    this.#unsettled.clear();
    await Promise.all(
      waiting.map(async (write) => {
        try {
          await this.#options.trail.record(write);
        } catch (error) {
          // Written after all, or somebody else has changed them since.
          if (!isConflict(error)) this.#keepFor(write);
        }
      }),
    );
  }

  /** Tries once more what waits. */
  async close(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    await this.#retry();
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
  }
}

/** The row that was read, and no other: the fence of all who change it. */
function changed({ app }: AppRef, { grant_id, version }: HeldTokens, set: Row): Effect {
  const where = { app, grant_id, version };
  return { op: 'update', table: 'oauth_tokens', where, set: { ...set, version: version + 1 } };
}

/** Another process may have closed it, where it took this one for dead. */
function closing({ app }: AppRef, execution_id: string | undefined): Effect[] {
  if (execution_id === undefined) return [];
  return [{ op: 'delete', table: 'open_intents', where: { app, execution_id }, any: true }];
}

const RESTED = { refresh_execution_id: null, refresh_until: null };

function effectsOf(app: AppRef, held: HeldTokens, change: TokenChange): Effect[] {
  const where = { app: app.app, grant_id: held.grant_id };
  switch (change.kind) {
    case 'released':
      return [changed(app, held, { ...RESTED, lost_execution_id: change.lost_execution_id })];
    case 'renewed': {
      const { sealed_access_token, sealed_refresh_token, scopes } = change.tokens;
      const { obtained_at, expires_at } = change.tokens;
      const tokens = { sealed_access_token, sealed_refresh_token, obtained_at, expires_at };
      const set = { ...tokens, scopes: JSON.stringify(scopes), ...RESTED, lost_execution_id: null };
      const { grantScopes } = change;
      if (grantScopes === undefined) return [changed(app, held, set)];
      const drifted = { scopes: JSON.stringify(grantScopes) };
      return [
        changed(app, held, set),
        { op: 'update', table: 'grants', where, set: drifted, any: true },
      ];
    }
    case 'ended': {
      const gone = { sealed_access_token: '', sealed_refresh_token: null, expires_at: null };
      return [
        changed(app, held, { ...gone, ...RESTED, lost_execution_id: null }),
        { op: 'update', table: 'grants', where, set: { needs_reauth_at: change.at }, any: true },
      ];
    }
  }
}

export function toHeld(row: OAuthTokensTable): HeldTokens {
  return { ...row, scopes: JSON.parse(row.scopes) as string[] };
}
