import { setTimeout as sleep } from 'node:timers/promises';

import { AffidavitError, type AuditEvent } from '@affidavit/schema';

import type { Held } from '../approvals.ts';
import type { ActionKeys, AppRef, Claim } from '../ports.ts';
import type { Keyring } from '../sealing.ts';
import type { Fence } from './action.ts';
import { keptFields } from './entries.ts';

/**
 * The fence around actions (`Idempotency-Key`). The transaction of the intent takes the key, that
 * of the outcome keeps the result or gives the key back: of any number of requests, in any number
 * of processes, one begins, and no crash can separate what was done from what is known of it.
 */

/** How long a repeat waits for the first one. */
const WAIT_MS = 10_000;
const LOOK_MS = 25;
const LOOK_MAX_MS = 250;
/** Results up to here, as JSON, are kept whole for repeats. */
const SEALED_CHARACTERS_MAX = 1024 * 1024;

/** What was asked for under a key, and by whom. */
export type Asked = Omit<Claim, 'execution_id'>;

/** What was found of an earlier request under the same key. */
export type Earlier =
  | { readonly execution_id: string; readonly kept: Partial<AuditEvent> }
  | { readonly held: Held }
  /** The key is free; or a person refused this one, whose place may be taken. */
  | { readonly instead: string | undefined };

const purposeOf = (execution_id: string) => `result of ${execution_id}`;

export class KeyFence {
  readonly #keys: ActionKeys;
  readonly #keyring: () => Keyring;
  /** What is under way in this process, by key. */
  readonly #underWay = new Map<string, Promise<unknown>>();

  constructor(keys: ActionKeys, keyring: () => Keyring) {
    this.#keys = keys;
    this.#keyring = keyring;
  }

  /** The fence of an execution that is to take the key, from `instead` where that had it. */
  around(app: AppRef, asked: Asked, instead: string | undefined): Fence {
    const claimOf = (execution_id: string): Claim => ({ ...asked, execution_id });
    return {
      taken: (execution_id) => this.#keys.take(app, claimOf(execution_id), instead),
      released: (execution_id) => this.#keys.release(app, claimOf(execution_id)),
      isLost: async (execution_id) => {
        const claim = await this.#keys.find(app, asked);
        return (
          claim !== null && claim.execution_id !== execution_id && claim.execution_id !== instead
        );
      },
      kept: (event, whole) => {
        const isLarge = JSON.stringify(whole).length > SEALED_CHARACTERS_MAX;
        const claim = claimOf(event.execution_id as string);
        const kept = { ...keptFields(event), ...(isLarge ? {} : whole) };
        const sealed = this.#keyring().seal(JSON.stringify(kept), purposeOf(claim.execution_id));
        return this.#keys.keep(app, claim, sealed);
      },
    };
  }

  /** Until when a repeat waits, by `performance.now()`. */
  deadline(): number {
    return performance.now() + WAIT_MS;
  }

  /**
   * Does the work, unless the same key is under way in this process: then it waits for that, and
   * resolves to null. So that repeats do not take each other's place in a rate.
   */
  async alone<T>(
    app: AppRef,
    asked: Asked,
    end: number,
    work: () => Promise<T>,
  ): Promise<T | null> {
    const key = JSON.stringify([app.app, asked.actor_id, asked.verb, asked.idempotency_key]);
    const other = this.#underWay.get(key);
    if (other) {
      const left = end - performance.now();
      if (left <= 0) throw stillRunning({});
      await Promise.race([other, sleep(left, undefined, { ref: false })]);
      return null;
    }
    const run = work();
    this.#underWay.set(
      key,
      run.catch(() => undefined),
    );
    try {
      return await run;
    } finally {
      this.#underWay.delete(key);
    }
  }

  /**
   * Waits for an earlier request to end. Rejects with `idempotency_mismatch`, with `gone` for a
   * result that was erased, and with `conflict` for an execution that goes on too long or that nobody
   * knows the end of.
   */
  async earlier(app: AppRef, asked: Asked, end: number): Promise<Earlier> {
    let unknown = false;
    for (let pause = LOOK_MS; ; pause = Math.min(pause * 2, LOOK_MAX_MS)) {
      const claim = await this.#keys.find(app, asked);
      if (claim === null) return { instead: undefined };
      assertSame(claim, asked);
      const { execution_id } = claim;
      if (claim.state === 'ended') return this.#opened(execution_id, claim.sealed_result);
      if (claim.state === 'held') return { held: claim.held };
      if (claim.state === 'refused') return { instead: execution_id };
      if (claim.state === 'erased') throw erased();
      // The look at the claim and the look at its execution may have had the end between them.
      if (claim.state === 'unknown' && unknown) throw unknownEnd(claim);
      unknown = claim.state === 'unknown';
      if (performance.now() >= end) throw stillRunning({ first_execution_id: execution_id });
      await sleep(pause);
    }
  }

  #opened(execution_id: string, sealed: string): Earlier {
    const text = this.#keyring().open(sealed, purposeOf(execution_id)).toString('utf8');
    return { execution_id, kept: JSON.parse(text) as Partial<AuditEvent> };
  }
}

function assertSame(claim: Claim, asked: Asked): void {
  if (Buffer.from(claim.fingerprint).equals(asked.fingerprint)) return;
  throw new AffidavitError('idempotency_mismatch', 'the key was used for another request', {
    field: 'Idempotency-Key',
  });
}

const erased = () =>
  new AffidavitError('gone', 'the result was erased; the action is not repeated', {
    field: 'Idempotency-Key',
  });

function stillRunning(extra: Readonly<Record<string, unknown>>): AffidavitError {
  return new AffidavitError('conflict', 'the first request with this key has not ended', {
    field: 'Idempotency-Key',
    advice: 'Wait and send the same request again.',
    retryAfterSeconds: 1,
    extra,
  });
}

/** Names no field: waiting for the key helps nobody. */
function unknownEnd({ execution_id }: Claim): AffidavitError {
  const message = 'nobody knows whether the first request with this key had its effect';
  return new AffidavitError('conflict', message, {
    advice: 'Look at the provider and at first_execution_id; then use a new Idempotency-Key.',
    extra: { first_execution_id: execution_id },
  });
}
