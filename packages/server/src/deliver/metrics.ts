import { Counter, Gauge, type Registry } from 'prom-client';

const labelNames = ['app_id', 'destination', 'type'] as const;
export type DestinationLabels = Readonly<Record<(typeof labelNames)[number], string>>;

/** What `/metrics` shows of destinations; told by the process that delivers to them. */
export class DestinationMetrics {
  readonly #lag: Gauge<(typeof labelNames)[number]>;
  readonly #paused: Gauge<(typeof labelNames)[number]>;
  readonly #counts: Readonly<
    Record<'delivered' | 'dead' | 'failed', Counter<(typeof labelNames)[number]>>
  >;

  constructor(registry: Registry) {
    const registers = [registry];
    const counter = (name: string, help: string) =>
      new Counter({ name, help, labelNames, registers });
    this.#lag = new Gauge({
      name: 'affidavit_destination_lag_entries',
      help: 'Entries that a destination was not given yet',
      labelNames,
      registers,
    });
    this.#paused = new Gauge({
      name: 'affidavit_destination_paused',
      help: '1 while nothing is sent to a destination, else 0',
      labelNames,
      registers,
    });
    this.#counts = {
      delivered: counter('affidavit_destination_delivered_total', 'Entries that it accepted'),
      dead: counter('affidavit_destination_dead_total', 'Entries that it refused for good'),
      failed: counter('affidavit_destination_failures_total', 'Tries that failed'),
    };
  }

  lag(labels: DestinationLabels, entries: number): void {
    this.#lag.set(labels, entries);
  }

  paused(labels: DestinationLabels, isPaused: boolean): void {
    this.#paused.set(labels, isPaused ? 1 : 0);
  }

  count(what: 'delivered' | 'dead' | 'failed', labels: DestinationLabels, by: number): void {
    this.#counts[what].inc(labels, by);
  }

  /** For a process that does not deliver to it any more. */
  forget(labels: DestinationLabels): void {
    this.#lag.remove(labels);
    this.#paused.remove(labels);
  }
}
