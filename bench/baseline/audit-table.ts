import type { BenchEvent } from '../events.ts';

/**
 * The audit table that a team would make for itself: one row an event, its fields in columns, seven
 * indexes, no hashes, no signatures.
 */

export const COLUMNS = [
  ...'event_type actor_type actor_id agent_id caller principal_type'.split(' '),
  ...'principal_id principal_email run_id task_context execution_id reason context'.split(' '),
  ...'provider grant_id scope_granted policy_id policy_decision method'.split(' '),
  ...'url response_status latency_ms source_ip trace_id outcome error_code'.split(' '),
];

const INDEXED = 'created_at event_type agent_id principal_id run_id provider outcome'.split(' ');

/** The statements that make it, for any SQL database. */
export function tableStatements(table: string, idColumn: string): string[] {
  const columns = COLUMNS.map((name) => `${name} TEXT`).join(', ');
  return [
    `CREATE TABLE ${table} (${idColumn}, created_at BIGINT NOT NULL, ${columns})`,
    ...INDEXED.map((name) => `CREATE INDEX ${table}_${name} ON ${table} (${name})`),
  ];
}

/** The values of `COLUMNS`. */
export function rowOf(event: BenchEvent): (string | null)[] {
  return COLUMNS.map((name) => {
    const value = event[name];
    if (value === undefined) return null;
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  });
}
