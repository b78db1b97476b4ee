import type { Entry, Page } from '../../shared/api/types.ts';

/** Runs as the API shows them. */

/** A row of `GET /v1/runs`. */
export interface RunRow {
  readonly run_id: string;
  readonly agent_id?: string;
  readonly agent_name?: string;
  readonly task_context?: string;
  readonly first_at: string;
  readonly last_at: string;
  readonly entries: number;
  readonly more_entries: boolean;
  readonly calls: number;
  readonly refused: number;
  readonly failed: number;
}

export interface Finding {
  readonly check: 'first_seen' | 'rare' | 'volume';
  readonly dimension?: string;
  readonly value: string | number;
  readonly prior_runs?: number;
  readonly event_ids?: readonly string[];
  readonly measure?: string;
  readonly median?: number;
  readonly threshold?: number;
}

export interface Baseline {
  readonly verdict: 'consistent' | 'novel' | 'unusual_volume' | 'insufficient_history';
  readonly findings: readonly Finding[];
  readonly runs_compared: number;
  readonly run_ids: readonly string[];
  readonly thresholds: { readonly runs_min: number };
}

/** `GET /v1/runs/{run_id}`: the run, and a page of its entries in order. */
export interface Run extends Page<Entry> {
  readonly run_id: string;
  readonly agent_id?: string;
  readonly agent_name?: string;
  readonly task_context?: string;
  readonly started_at: string;
  readonly last_at: string;
  readonly entries: number;
  readonly more_entries: boolean;
  readonly calls: number;
  readonly refused: number;
  readonly baseline: Baseline;
}
