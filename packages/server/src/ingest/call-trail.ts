import { AffidavitError, type AuditEvent } from '@affidavit/schema';
import type { AppRef, CallTrail, Change, Recorded } from '@affidavit/vault';
import { entryTypes } from '@affidavit/vault/entries';
import type { Logger } from 'pino';

import { releaseKeys } from '../actions/keys.ts';
import { abandonRun } from '../approvals/row.ts';
import type { Receipt } from '../sequence/submission.ts';
import type { Effect } from '../store/port.ts';
import { intentId, openIntent } from './open-intents.ts';
import { recorded } from './recorded.ts';
import type { Trail } from './trail.ts';

/** Stands for the process of an intent whose outcome a client owes; it never ends. */
export const CLIENT = 'client';
const CLIENTS = 'action.started';
const RETRY_MS = 2000;
const UNSETTLED_MAX = 1000;

interface Unsettled {
  readonly app: AppRef;
  readonly event: AuditEvent;
  readonly effects: readonly Effect[];
}

/** The vault passes on what the server made: see `Change`. */
const effectsOf = (changes: readonly Change[]) => changes as readonly Effect[];

/**
 * The trail of brokered calls. An intent is listed as open from the transaction that wrote it to
 * the one that writes its outcome, so that none can be forgotten.
 */
export class StoredCallTrail implements CallTrail {
  readonly #trail: Trail;
  readonly #processId: string;
  readonly #now: () => number;
  readonly #journal: Logger;
  readonly #unsettled: Unsettled[] = [];
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(trail: Trail, processId: string, now: () => number, journal: Logger) {
    this.#trail = trail;
    this.#processId = processId;
    this.#now = now;
    this.#journal = journal;
  }

  async denial(app: AppRef, event: AuditEvent, changes: readonly Change[] = []): Promise<Recorded> {
    const effects = effectsOf(changes);
    return recorded(await this.#trail.record({ ...app, events: [event], effects }));
  }

  async intent(app: AppRef, event: AuditEvent, changes: readonly Change[] = []): Promise<Recorded> {
    const event_id = intentId(event.execution_id as string);
    const owing = event.event_type === CLIENTS ? CLIENT : this.#processId;
    const opened = openIntent(app, event, owing, this.#now());
    const effects = [...abandonEffects(app, event, this.#now()), ...keyEffects(app, event)];
    const onLate = () => this.#settleLater({ app, event: notCalled(event), effects });
    return recorded(
      await this.#trail.record({
        ...app,
        events: [{ ...event, event_id }],
        effects: [opened, ...effectsOf(changes)],
        onLate,
      }),
    );
  }

  async outcome(
    app: AppRef,
    event: AuditEvent,
    changes: readonly Change[] = [],
  ): Promise<Recorded> {
    const effects = [closing(app, event), ...effectsOf(changes)];
    try {
      return recorded(await this.#write({ app, event, effects }));
    } catch (error) {
      // Another process took this one for dead and closed the intent: what is known still counts.
      if (error instanceof AffidavitError && error.code === 'conflict') {
        return recorded(await this.#trail.record({ ...app, events: [event], owed: true }));
      }
      this.#settleLater({ app, event, effects });
      if (!(error instanceof AffidavitError)) throw error;
      const { execution_id } = event;
      throw new AffidavitError(error.code, error.message, {
        ...error.details,
        advice:
          'The call was made; its outcome follows on the record as soon as it can be written.',
        extra: { ...error.details.extra, execution_id },
      });
    }
  }

  async reported(app: AppRef, event: AuditEvent, changes: readonly Change[]): Promise<Recorded> {
    const effects = [closing(app, event), ...effectsOf(changes)];
    const write = { ...app, events: [event], effects, owed: true, source: 'reported' } as const;
    return recorded(await this.#trail.record(write));
  }

  #write({ app, event, effects }: Unsettled): Promise<Receipt> {
    return this.#trail.record({ ...app, events: [event], effects, owed: true });
  }

  /** Keeps an outcome until it is written; if the process dies first, it becomes `unknown`. */
  #settleLater(unsettled: Unsettled): void {
    if (this.#unsettled.length >= UNSETTLED_MAX) {
      this.#journal.error('too many outcomes wait to be written; this one will be unknown');
      return;
    }
    if (this.#closed) return;
    this.#unsettled.push(unsettled);
    this.#timer ??= setTimeout(() => void this.#retry(), RETRY_MS);
  }

  async #retry(): Promise<void> {
    this.#timer = null;
    await Promise.all(this.#unsettled.splice(0).map((unsettled) => this.#settle(unsettled)));
  }

  async #settle(unsettled: Unsettled): Promise<void> {
    try {
      await this.#write(unsettled);
    } catch (error) {
      // The intent is not open: its outcome was written after all, or it never was itself.
      if (error instanceof AffidavitError && error.code === 'conflict') return;
      this.#settleLater(unsettled);
    }
  }

  /** Tries once more what waits; the rest becomes `unknown` at the next start. */
  async close(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    await this.#retry();
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
  }
}

function closing(app: AppRef, { execution_id }: AuditEvent): Effect {
  const where = { app: app.app, execution_id: execution_id as string };
  return { op: 'delete', table: 'open_intents', where };
}

/**
 * What goes with the outcome of an intent that nobody knows the end of: it is open no more, and
 * where a person had approved it, that has ended too.
 */
export function abandonEffects(app: AppRef, intent: AuditEvent, now: number): readonly Effect[] {
  if (intent.governance_status !== 'approved') return [closing(app, intent)];
  return [closing(app, intent), abandonRun(app.app, intent.execution_id as string, now)];
}

/** An action that did not happen may be asked for again under its key. */
function keyEffects({ app }: AppRef, { verb, execution_id }: AuditEvent): readonly Effect[] {
  if (verb === undefined) return [];
  const where = { app, execution_id: execution_id as string };
  return [
    releaseKeys(app, where.execution_id),
    { op: 'delete', table: 'begun_actions', where, any: true },
  ];
}

/** The outcome of an intent whose caller had been refused before it was written. */
function notCalled(intent: AuditEvent): AuditEvent {
  const event_type = entryTypes(intent).outcome;
  return { ...intent, event_type, outcome: 'error', error_code: 'audit_unavailable' };
}

/** What the outcome of an intent is called, where it is no brokered call. */
const OUTCOMES: Readonly<Record<string, string>> = { 'token.refresh_started': 'token.refreshed' };

/** The outcome of an intent whose process died: nobody knows how it ended. */
export function unknownOutcome(intent: AuditEvent): AuditEvent {
  const event_type = OUTCOMES[intent.event_type] ?? entryTypes(intent).outcome;
  return { ...intent, event_type, outcome: 'unknown', error_code: 'process_ended' };
}
