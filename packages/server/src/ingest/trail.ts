import { newId, type AuditEvent } from '@affidavit/schema';

import type { Sequencer, SubmitOptions } from '../sequence/sequencer.ts';
import type { PreparedEvent, Receipt } from '../sequence/submission.ts';
import type { Effect } from '../store/port.ts';
import { prepareEvent, type Identity } from './prepare.ts';
import { redactEvent } from './redact.ts';
import { complete } from './validate.ts';

/** Effects that hold something of the entries they belong to, such as a salt. */
export type EffectsOf = (events: readonly PreparedEvent[]) => readonly Effect[];

export interface TrailWrite {
  readonly app: number;
  readonly app_id: string;
  readonly events: readonly AuditEvent[];
  readonly effects?: readonly Effect[] | EffectsOf;
  readonly onLate?: SubmitOptions['onLate'];
  readonly owed?: SubmitOptions['owed'];
  /** `observed` unless a client said it. */
  readonly source?: 'observed' | 'reported';
}

/**
 * The one way into the ledger. Whatever comes by it is redacted, committed to parts, sequenced and
 * durable, together with its effects, when `record` resolves.
 */
export class Trail {
  readonly #sequencer: Sequencer;
  #probe: Promise<void> | null = null;

  constructor(sequencer: Sequencer) {
    this.#sequencer = sequencer;
  }

  /** Records what the server itself saw. */
  record(write: TrailWrite): Promise<Receipt> {
    const { app, app_id, events, effects = [], onLate, owed, source = 'observed' } = write;
    const prepared = events.map((event) => {
      const whole = complete({ ...event, app_id, source });
      return prepareEvent(redactEvent(whole), freshIdentity(event.event_id));
    });
    const own = typeof effects === 'function' ? effects(prepared) : effects;
    return this.#sequencer.submit({ app, events: prepared, effects: own }, { onLate, owed });
  }

  /** Applies bookkeeping that is no event of its own, in turn with the entries. */
  async apply(app: number, effects: readonly Effect[]): Promise<void> {
    await this.#sequencer.submit({ app, events: [], effects });
  }

  /**
   * Proves that the store can make something durable: it rewrites one small row. Whoever asks while
   * a proof is under way shares it, because anyone may ask.
   */
  probe(app: number): Promise<void> {
    const name = 'probe';
    this.#probe ??= this.apply(app, [
      { op: 'delete', table: 'installation', where: { name }, any: true },
      { op: 'insert', table: 'installation', row: { name, value: newId('event') } },
    ]).finally(() => (this.#probe = null));
    return this.#probe;
  }

  /** Records what a client said. `identities` tell retries; the events are validated already. */
  async report(
    { app, app_id, events }: TrailWrite,
    identities: readonly (Identity | null)[],
  ): Promise<Receipt> {
    this.#sequencer.admit(events.length);
    const prepared = events.map((event, index) => {
      const whole: AuditEvent = { ...event, app_id, source: 'reported' };
      return prepareEvent(redactEvent(whole), identities[index] ?? freshIdentity());
    });
    const effects = keepingEffects(app, events, prepared);
    return this.#sequencer.submit({ app, events: prepared, effects });
  }
}

/** What events ask to be kept until; a repeat changes nothing. */
function keepingEffects(
  app: number,
  events: readonly AuditEvent[],
  prepared: readonly PreparedEvent[],
): Effect[] {
  return events.flatMap(({ retention_until }, index): Effect[] => {
    if (retention_until === undefined) return [];
    const { event_id } = prepared[index] as PreparedEvent;
    const row = { app, event_id, until: Date.parse(retention_until) };
    return [{ op: 'insert', table: 'kept', row, any: true }];
  });
}

function freshIdentity(event_id = newId('event')): Identity {
  return { event_id, retriable: false, fingerprint: null };
}
