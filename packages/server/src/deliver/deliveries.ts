import type { Duties } from '../duties/duties.ts';
import { Turns } from '../threads/turns.ts';
import { DestinationRunner, type RunnerPorts } from './runner.ts';

/** Between two looks at which destinations there are: about so long, so that processes take turns. */
const LOOK_MS = 500;
/** Batches that are read at once. */
const READS_AT_ONCE = 1;

/** Every destination has a lease, and whoever holds it delivers: processes share them by chance. */
export class Deliveries {
  readonly #ports: Omit<RunnerPorts, 'turns'>;
  readonly #duties: Duties;
  readonly #turns = new Turns(READS_AT_ONCE);
  /** By id: what ends it. */
  readonly #running = new Map<string, () => Promise<void>>();
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(duties: Duties, ports: Omit<RunnerPorts, 'turns'>) {
    this.#duties = duties;
    this.#ports = ports;
    this.#lookLater();
  }

  #lookLater(): void {
    if (this.#closed) return;
    const ms = LOOK_MS * (0.5 + this.#ports.random());
    this.#timer = setTimeout(() => void this.#look().finally(() => this.#lookLater()), ms);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const { directory, journal } = this.#ports;
    try {
      const rows = await directory.rows('destinations', {});
      if (this.#closed) return;
      for (const { app, destination_id } of rows) this.#take(app, destination_id);
      const known = new Set(rows.map(({ destination_id }) => destination_id));
      for (const [id, end] of this.#running) {
        if (known.has(id)) continue;
        this.#running.delete(id);
        await end();
      }
    } catch (error) {
      if (!this.#closed) journal.warn({ err: error }, 'the destinations could not be looked at');
    }
  }

  #take(app: number, id: string): void {
    if (this.#running.has(id)) return;
    const runner = new DestinationRunner({ ...this.#ports, turns: this.#turns }, app, id);
    this.#running.set(
      id,
      this.#duties.keep(`delivery ${id}`, (signal) => runner.run(signal)),
    );
  }

  /** Takes up no more; what is under way ends with the duties. */
  close(): void {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
  }
}
