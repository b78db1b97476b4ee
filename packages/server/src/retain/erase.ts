import { createHmac } from 'node:crypto';

import { AffidavitError, newId, type AuditEvent, type Json } from '@affidavit/schema';
import type { AppRef } from '@affidavit/vault';

import { eraseKeys } from '../actions/keys.ts';
import { eraseRow } from '../approvals/row.ts';
import type { RowsRequest } from '../query/reader-thread.ts';
import type { Services } from '../services.ts';
import type { Effect, Row } from '../store/port.ts';
import type { ErasuresTable } from '../store/tables.ts';
import { DAY_MS } from './decision.ts';
import type { Concerned, ErasableStep, Wanted } from './erasable.ts';
import { countsOf, removalEffects } from './removal.ts';

/** Tries of one step that something else came before. */
const TRIES_MAX = 20;
/** The state in which all entries of a principal are erased, and others that name them follow. */
const NAMING = 'naming';
/** Longer than answers are kept for repeats, and requests that wait for approval. */
const ANSWERS_KEPT_MS = 40 * DAY_MS;
/** Held entries that a refusal names. */
const NAMED_MAX = 20;

export type Erasing = Pick<Services, 'readers' | 'trail' | 'now' | 'fingerprintKey'>;

export interface Asked {
  readonly concerned: Wanted;
  /** Names of parts; all unless given. */
  readonly parts?: readonly string[] | undefined;
  readonly reason: string;
  /** Who asks, as the entries say it. */
  readonly actor: Partial<AuditEvent>;
}

/** What may not be erased: it is on hold, or, without a hold, it says what was removed. */
export interface Untouchable {
  readonly event_id: string;
  readonly hold_id?: string;
}

export interface Erasure {
  readonly row: ErasuresTable;
  /** What it was refused or stopped for, just now; some of it. */
  readonly held: readonly Untouchable[];
}

/**
 * Erasures: what somebody may have removed before its time. The request is an entry; then all that
 * it is about is looked at, and where anything of it is on hold, nothing is erased; then it goes,
 * step by step, each in the transaction of an entry that says what went. How far it is stands in
 * `erasures`, so that it goes on after a crash, in any process.
 */
export class Erasures {
  readonly #services: Erasing;

  constructor(services: Erasing) {
    this.#services = services;
  }

  /**
   * What stands for a principal where the id itself must not: useless to whoever has not the key of
   * the installation, the same for the same person.
   */
  digest(app: AppRef, principal_id: string): string {
    return createHmac('sha256', this.#services.fingerprintKey)
      .update(`erased principal\0${app.app_id}\0${principal_id}`)
      .digest('hex')
      .slice(0, 32);
  }

  /** Records that it was asked for; resolves with its id. */
  async request(app: AppRef, { concerned, parts, reason, actor }: Asked): Promise<string> {
    const erasure_id = newId('erasure');
    const now = this.#services.now();
    const isOne = 'principal_id' in concerned;
    const digest = isOne ? this.digest(app, concerned.principal_id) : null;
    const row = {
      app: app.app,
      erasure_id,
      state: 'checking',
      reason,
      principal_digest: digest,
      principal_id: isOne ? concerned.principal_id : null,
      event_ids: isOne ? null : JSON.stringify(concerned.event_ids),
      parts: parts === undefined ? null : JSON.stringify(parts),
      requested_by: JSON.stringify(actor),
      after_seq: -1,
      erased: 0,
      created_at: now,
      touched_at: now,
      ended_at: null,
    } satisfies ErasuresTable;
    const about: Record<string, Json> = isOne ? {} : { event_ids: [...concerned.event_ids] };
    const event = { ...said(row, 'erasure.requested', about), reason };
    await this.#record(app, event, [{ op: 'insert', table: 'erasures', row }]);
    return erasure_id;
  }

  /** Goes on with an erasure until it has ended or time is up, by `performance.now()`. */
  async run(app: AppRef, erasure_id: string, until: number): Promise<Erasure> {
    let held: readonly Untouchable[] = [];
    for (let tries = 1; ;) {
      const row = await this.#load(app, erasure_id);
      if (row.ended_at !== null || performance.now() >= until) return { row, held };
      try {
        held = await this.#step(app, row);
        tries = 1;
      } catch (error) {
        const changed = error instanceof AffidavitError && error.code === 'conflict';
        if (!changed || tries++ === TRIES_MAX) throw error;
      }
    }
  }

  async #load({ app }: AppRef, erasure_id: string): Promise<ErasuresTable> {
    const where = { app, erasure_id };
    const request: RowsRequest = { table: 'erasures', where, limit: 1 };
    const [row] = await this.#services.readers.run<ErasuresTable[]>('rows', request);
    if (row) return row;
    throw new AffidavitError('not_found', `there is no erasure ${erasure_id}`, {
      field: 'erasure_id',
    });
  }

  async #step(app: AppRef, row: ErasuresTable): Promise<readonly Untouchable[]> {
    const step = await this.#services.readers.run<ErasableStep>('erasable', {
      app: app.app,
      concerned: concernedBy(row),
      parts: row.state === NAMING ? ['args'] : partsOf(row),
      after: row.after_seq,
      answersSince: this.#services.now() - ANSWERS_KEPT_MS,
    });
    if (row.state === NAMING) return this.#eraseNaming(app, row, step);
    const kept: Untouchable[] = [...step.held, ...step.telling.map((event_id) => ({ event_id }))];
    if (kept.length > 0) return this.#giveUp(app, row, kept.slice(0, NAMED_MAX));
    const isWhole = step.done && row.after_seq === -1;
    if (row.state === 'checking' && !isWhole) await this.#goOn(app, row, step);
    else await this.#erase(app, row, step);
    return [];
  }

  /** Looked at, and nothing of it on hold: on with the next, and when all is, to the erasing. */
  async #goOn({ app }: AppRef, row: ErasuresTable, { done, after }: ErasableStep): Promise<void> {
    const set = done ? { state: 'erasing', after_seq: -1 } : { after_seq: after };
    await this.#services.trail.apply(app, [this.#advance(row, set)]);
  }

  async #erase(app: AppRef, row: ErasuresTable, step: ErasableStep): Promise<void> {
    const { revision, entries, executions, done, after } = step;
    const parts = partsOf(row);
    const event_id = newId('event');
    const erased = row.erased + entries.length;
    const event = said(row, 'erasure.executed', { ...countsOf(entries), erased, done });
    const plan = { app: app.app, revision, entries, event_id, ...(parts ? { parts } : {}) };
    const isNamed = row.principal_id !== null && parts === null;
    const end = isNamed ? { state: NAMING, after_seq: -1 } : this.#ended('done');
    await this.#record(app, { ...event, event_id }, [
      this.#advance(row, { erased, ...(done ? end : { after_seq: after }) }),
      ...(entries.length > 0 ? removalEffects(plan) : []),
      ...executions.map(eraseAnswer),
      ...executions.map((execution_id) => eraseKeys(app.app, execution_id)),
      ...executions.map((execution_id) => eraseRow(app.app, execution_id)),
    ]);
  }

  /**
   * What operators asked about a principal names them too: it goes where nothing keeps it, and who
   * asked, and when, stays.
   */
  async #eraseNaming(app: AppRef, row: ErasuresTable, step: ErasableStep) {
    const { revision, done, after, held, telling } = step;
    const kept = new Set([...telling, ...held.map(({ event_id }) => event_id)]);
    const entries = step.entries.filter(({ event_id }) => !kept.has(event_id));
    const next = this.#advance(row, done ? this.#ended('done') : { after_seq: after });
    if (entries.length === 0) {
      await this.#services.trail.apply(app.app, [next]);
      return [];
    }
    const parts = ['args'];
    const event_id = newId('event');
    const about = { ...countsOf(entries), parts, naming: true };
    const plan = { app: app.app, revision, entries, event_id, parts };
    const event = { ...said(row, 'erasure.executed', about), event_id };
    await this.#record(app, event, [next, ...removalEffects(plan)]);
    return [];
  }

  /** Before anything was erased it is refused; afterwards a hold that was placed meanwhile stops it. */
  async #giveUp(
    app: AppRef,
    row: ErasuresTable,
    held: readonly Untouchable[],
  ): Promise<readonly Untouchable[]> {
    const state = row.state === 'checking' ? 'refused' : 'stopped';
    const event_ids = held.map(({ event_id }) => event_id);
    const event = said(row, `erasure.${state}`, { held: event_ids, erased: row.erased });
    await this.#record(app, { ...event, outcome: 'blocked' }, [
      this.#advance(row, this.#ended(state)),
    ]);
    return held;
  }

  #ended(state: string): Row {
    const named = { principal_id: null, event_ids: null, requested_by: null };
    return { state, ended_at: this.#services.now(), ...named };
  }

  /** A conflict where another process was faster. */
  #advance(row: ErasuresTable, set: Row): Effect {
    const { app, erasure_id, state, after_seq } = row;
    const where = { app, erasure_id, state, after_seq };
    const touched_at = this.#services.now();
    return { op: 'update', table: 'erasures', where, set: { ...set, touched_at } };
  }

  async #record({ app, app_id }: AppRef, event: AuditEvent, effects: readonly Effect[]) {
    await this.#services.trail.record({ app, app_id, events: [event], effects });
  }
}

/** What a repeat of the request would be answered is what was erased; it gets a 410 instead. */
function eraseAnswer(execution_id: string): Effect {
  const set = { status: 410, sealed_answer: null };
  return { op: 'update', table: 'idempotency', where: { execution_id }, set, any: true };
}

/** An entry about an erasure: who asked, what it is about, without naming anybody. */
function said(row: ErasuresTable, event_type: string, about: Record<string, Json>): AuditEvent {
  const { erasure_id, principal_digest, requested_by, parts } = row;
  const args = {
    erasure_id,
    ...(principal_digest === null ? {} : { principal_digest }),
    ...(parts === null ? {} : { parts: JSON.parse(parts) as string[] }),
    ...about,
  };
  const actor = JSON.parse(requested_by ?? '{}') as Partial<AuditEvent>;
  return { ...actor, outcome: 'success', event_type, args };
}

function concernedBy({ principal_id, event_ids, state }: ErasuresTable): Concerned {
  if (principal_id !== null) return state === NAMING ? { naming: principal_id } : { principal_id };
  return { event_ids: JSON.parse(event_ids ?? '[]') as string[] };
}

function partsOf({ parts }: ErasuresTable): readonly string[] | null {
  return parts === null ? null : (JSON.parse(parts) as string[]);
}
