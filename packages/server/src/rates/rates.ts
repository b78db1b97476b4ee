import { createHash } from 'node:crypto';

import type {
  AppRef,
  CountedRate,
  FullWindow,
  RateClaim,
  Rates,
  RateState,
} from '@affidavit/vault';
import { LRUCache } from 'lru-cache';

import type { StoredDirectory } from '../access/directory.ts';
import type { Effect } from '../store/port.ts';
import type { RateSlotsTable } from '../store/tables.ts';
import { Window, type Place } from './window.ts';

/** Places of all windows that are remembered: about 100 MB. */
const PLACES_MAX = 2_000_000;

export interface RatesOptions {
  readonly directory: StoredDirectory;
  readonly now: () => number;
  readonly random: () => number;
}

/** A place that is held, with what is needed to take it. */
interface HeldPlace {
  readonly key: string;
  readonly loading: Promise<Window>;
  readonly window: Window;
  readonly place: Place;
  readonly used_at: number;
  readonly effect: Effect;
}

/** See `Rates`: each place is a row of `rate_slots`. */
export class StoredRates implements Rates {
  readonly #options: RatesOptions;
  readonly #windows = new LRUCache<string, Promise<Window>>({ maxSize: PLACES_MAX });

  constructor(options: RatesOptions) {
    this.#options = options;
  }

  async claim({ app }: AppRef, rates: readonly CountedRate[]): Promise<RateClaim | FullWindow> {
    const held: HeldPlace[] = [];
    for (const rate of rates) {
      const one = await this.#hold(app, rate);
      if (!('full' in one)) {
        held.push(one);
        continue;
      }
      for (const { window, place } of held) window.put(place);
      return one;
    }
    return {
      changes: held.map(({ effect }) => effect),
      taken: () => {
        for (const { window, place, used_at } of held) window.put({ ...place, used_at });
      },
      dropped: () => held.forEach((one) => this.#forget(one)),
    };
  }

  async look({ app }: AppRef, rate: CountedRate): Promise<RateState> {
    const now = this.#options.now();
    const window = await this.#load(app, rate);
    const used = window.used(now);
    return { used, next_at: used < rate.limit ? null : window.nextAt(now) };
  }

  async #hold(app: number, rate: CountedRate): Promise<HeldPlace | FullWindow> {
    const { policy_id, limit, window_seconds, since } = rate;
    const where = { app, policy_id, counter: counterDigest(rate) };
    const key = JSON.stringify([where, limit, window_seconds, since]);
    const loading = this.#windows.get(key) ?? this.#read(key, app, rate);
    const window = await loading;
    // After waiting: the time that the place is taken at.
    const used_at = this.#options.now();
    const place = window.hold(used_at, this.#options.random);
    if (place === null) return { full: rate, next_at: window.nextAt(used_at) };
    const free_at = used_at + window_seconds * 1000;
    const own = { ...where, slot: place.slot };
    const effect: Effect =
      place.used_at === null
        ? { op: 'insert', table: 'rate_slots', row: { ...own, used_at, free_at } }
        : {
            op: 'update',
            table: 'rate_slots',
            where: { ...own, used_at: place.used_at },
            set: { used_at, free_at },
          };
    return { key, loading, window, place, used_at, effect };
  }

  #read(key: string, app: number, rate: CountedRate): Promise<Window> {
    const loading = this.#load(app, rate);
    this.#windows.set(key, loading, { size: rate.limit });
    loading.catch(() => this.#windows.delete(key));
    return loading;
  }

  async #load(app: number, rate: CountedRate): Promise<Window> {
    const where = { app, policy_id: rate.policy_id, counter: counterDigest(rate) };
    const rows: readonly RateSlotsTable[] = await this.#options.directory.rows('rate_slots', where);
    const used = new Map(rows.map(({ slot, used_at }) => [slot, used_at]));
    return new Window(rate.limit, rate.window_seconds * 1000, used);
  }

  /** What was known of a window was wrong; unless it has been read anew already. */
  #forget({ key, loading }: HeldPlace): void {
    if (this.#windows.peek(key) === loading) this.#windows.delete(key);
  }
}

/** A counter may name a principal; its rows need not. */
function counterDigest({ policy_id, counter }: CountedRate): string {
  return createHash('sha256').update(`${policy_id}\0${counter}`).digest('hex').slice(0, 32);
}

/** With a change of a policy its counting begins anew. */
export function forgetCounts(app: number, policy_id: string): Effect {
  return { op: 'delete', table: 'rate_slots', where: { app, policy_id }, any: true };
}
