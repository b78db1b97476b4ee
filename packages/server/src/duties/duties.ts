import type { Logger } from 'pino';

/**
 * Work that one process does for all processes of a ledger: indexing, sweeping, closing what dead
 * processes left. Who does it holds a lease in the database.
 */

/** What a lease is asked for and kept with. Each resolves with whether it is the caller's now. */
export interface LeaseKeeper {
  take(name: string, ttlMs: number): Promise<boolean>;
  renew(name: string, ttlMs: number): Promise<boolean>;
  release(name: string): Promise<unknown>;
}

/** Where no other process can be: every lease is ours. */
export const ALONE: LeaseKeeper = {
  take: async () => true,
  renew: async () => true,
  release: async () => undefined,
};

/** Without word from its holder for so long, a lease is free. */
export const LEASE_MS = 10_000;
const RENEW_MS = 3000;
/** The holder gives up this much earlier than the database does. */
const MARGIN_MS = 2000;

export interface DutiesOptions {
  readonly leases: LeaseKeeper;
  readonly journal: Logger;
  /** Between two looks at a lease. */
  readonly renewMs?: number;
}

/** Aborted when the lease is lost or the process ends: what is under way must stop soon. */
export type DutyWork = (signal: AbortSignal) => Promise<void>;

export class Duties {
  readonly #options: DutiesOptions;
  readonly #duties = new Set<Duty>();

  constructor(options: DutiesOptions) {
    this.#options = options;
  }

  /**
   * Runs `work` when this process has held the lease for `delayMs`, and again `pauseMs` after each
   * end, as long as it does.
   */
  every(
    name: string,
    { pauseMs, delayMs = 0 }: { readonly pauseMs: number; readonly delayMs?: number },
    work: DutyWork,
  ): void {
    const duty = this.#open(name);
    duty.begin(async (signal) => {
      await pause(delayMs, signal);
      while (!signal.aborted) {
        await work(signal).catch((error: unknown) => {
          if (!signal.aborted)
            this.#options.journal.warn({ err: error, duty: name }, 'a duty failed');
        });
        await pause(pauseMs, signal);
      }
    });
  }

  /** Keeps a lease for work that is driven from elsewhere; answers what ends that. */
  keep(name: string, onTaken: DutyWork): () => Promise<void> {
    const duty = this.#open(name);
    duty.begin(onTaken);
    return async () => {
      this.#duties.delete(duty);
      await duty.close();
    };
  }

  #open(name: string): Duty {
    const duty = new Duty(name, this.#options);
    this.#duties.add(duty);
    return duty;
  }

  /** Stops all work, waits for what is under way, and gives the leases back. */
  async close(): Promise<void> {
    await Promise.all([...this.#duties].map((duty) => duty.close()));
  }
}

class Duty {
  readonly #name: string;
  readonly #options: DutiesOptions;
  #timer: NodeJS.Timeout | null = null;
  #holding: AbortController | null = null;
  /** By `performance.now()`. */
  #until = 0;
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(name: string, options: DutiesOptions) {
    this.#name = name;
    this.#options = options;
  }

  begin(work: DutyWork): void {
    const look = async () => {
      await this.#look(work);
      if (this.#closed) return;
      this.#timer = setTimeout(() => void look(), this.#options.renewMs ?? RENEW_MS);
      this.#timer.unref();
    };
    void look();
  }

  async #look(work: DutyWork): Promise<void> {
    const asked = performance.now();
    const isOurs = await this.#ask().catch(() => null);
    if (this.#closed) return;
    if (isOurs) this.#until = asked + LEASE_MS - MARGIN_MS;
    if (isOurs === false || performance.now() >= this.#until) return this.#lose();
    if (this.#holding) return;
    const holding = new AbortController();
    this.#holding = holding;
    this.#running = this.#running.then(() => work(holding.signal)).catch(() => undefined);
  }

  #ask(): Promise<boolean> {
    const { leases } = this.#options;
    return this.#holding ? leases.renew(this.#name, LEASE_MS) : leases.take(this.#name, LEASE_MS);
  }

  #lose(): void {
    this.#holding?.abort();
    this.#holding = null;
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    const wasOurs = this.#holding !== null;
    this.#lose();
    await this.#running;
    if (wasOurs) await this.#options.leases.release(this.#name).catch(() => undefined);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    timer.unref();
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}
