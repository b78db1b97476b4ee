import { AffidavitError, newId, type AuditEvent } from '@affidavit/schema';
import type { AppRef } from '@affidavit/vault';

import type { Services } from '../services.ts';
import type { ExpiredRequest, ExpiredStep } from './expired.ts';
import { countsOf, removalEffects } from './removal.ts';

/** Tries of one step that a hold or another sweep came before. */
const TRIES_MAX = 20;

export type Sweeping = Pick<Services, 'readers' | 'trail' | 'now'>;

export interface SweepOptions {
  /** Who sweeps, as the entries say it. */
  readonly actor: Partial<AuditEvent>;
  /** Entries up to here are passed over: where a sweep before this one ended. */
  readonly after?: number;
  /** When to stop, by `performance.now()`; what is left is for the next sweep. */
  readonly until?: number;
  readonly signal?: AbortSignal;
}

export interface Swept {
  /** Entries that lost all that can be removed. */
  readonly deleted: number;
  /** Entries that are old enough and on hold. */
  readonly held: number;
  /** False where time was up first: the next sweep goes on behind `after`. */
  readonly done: boolean;
  readonly after?: number;
}

/**
 * Removes what is older than the window of its app and nothing keeps: step by step, each in the
 * transaction of an entry that says what went. After a crash the next sweep goes on with what is
 * left; nothing has to be remembered.
 */
export class Sweep {
  readonly #services: Sweeping;

  constructor(services: Sweeping) {
    this.#services = services;
  }

  async run(app: AppRef, options: SweepOptions): Promise<Swept> {
    const now = this.#services.now();
    let deleted = 0;
    let held = 0;
    for (let after = options.after ?? -1; ;) {
      const step = await this.#step(app, { app: app.app, after, now }, options);
      deleted += step.expired.length;
      held += step.held;
      if (step.done) return { deleted, held, done: true };
      after = step.after;
      const late = options.until !== undefined && performance.now() >= options.until;
      if (late || options.signal?.aborted) return { deleted, held, done: false, after };
    }
  }

  /** Decides, and decides anew where what it was decided on has changed meanwhile. */
  async #step(app: AppRef, request: ExpiredRequest, { actor }: SweepOptions): Promise<ExpiredStep> {
    for (let tries = 1; ; tries++) {
      const step = await this.#services.readers.run<ExpiredStep>('expired', request);
      if (step.expired.length === 0) return step;
      try {
        await this.#remove(app, step, actor);
        return step;
      } catch (error) {
        const changed = error instanceof AffidavitError && error.code === 'conflict';
        if (!changed || tries === TRIES_MAX) throw error;
      }
    }
  }

  async #remove({ app, app_id }: AppRef, step: ExpiredStep, actor: Partial<AuditEvent>) {
    const { revision, expired: entries, before } = step;
    const event_id = newId('event');
    const event: AuditEvent = {
      outcome: 'success',
      ...actor,
      event_type: 'retention.swept',
      event_id,
      args: {
        before: new Date(before).toISOString(),
        ...countsOf(entries),
      },
    };
    const effects = removalEffects({ app, revision, entries, event_id });
    await this.#services.trail.record({ app, app_id, events: [event], effects });
  }
}
