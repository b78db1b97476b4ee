import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import { DestinationMetrics } from '../deliver/metrics.ts';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What `/metrics` shows. */
export class Metrics {
  readonly registry = new Registry();
  readonly requests = new Histogram({
    name: 'affidavit_http_request_seconds',
    help: 'Time of HTTP requests',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: SECONDS,
    registers: [this.registry],
  });
  readonly entries = new Counter({
    name: 'affidavit_entries_total',
    help: 'Entries sequenced and acknowledged',
    registers: [this.registry],
  });
  readonly writeFailures = new Counter({
    name: 'affidavit_write_failures_total',
    help: 'Batches that could not be written, by reason',
    labelNames: ['reason'] as const,
    registers: [this.registry],
  });
  readonly refusals = new Counter({
    name: 'affidavit_refused_total',
    help: 'Requests refused before any work, by what there was too much of',
    labelNames: ['reason'] as const,
    registers: [this.registry],
  });

  readonly witnessLag = new Gauge({
    name: 'affidavit_witness_lag_entries',
    help: 'Entries that a witness has not cosigned yet; told by the process that asks it',
    labelNames: ['app_id', 'witness'] as const,
    registers: [this.registry],
  });
  readonly witnessOk = new Gauge({
    name: 'affidavit_witness_ok',
    help: '1 while a witness follows the ledger, else 0',
    labelNames: ['app_id', 'witness'] as const,
    registers: [this.registry],
  });
  readonly witnessConflicts = new Counter({
    name: 'affidavit_witness_conflicts_total',
    help: 'Conflicts with witnesses that were raised',
    registers: [this.registry],
  });

  readonly destinations = new DestinationMetrics(this.registry);

  /** For a process that does not ask them any more. */
  forgetWitnesses(): void {
    this.witnessLag.reset();
    this.witnessOk.reset();
  }

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** Shows a figure as it is when it is asked for. */
  show(name: string, help: string, read: () => number): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers: [this.registry],
      collect: () => gauge.set(read()),
    });
  }
}
