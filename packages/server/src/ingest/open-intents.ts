import type { AuditEvent } from '@affidavit/schema';
import type { AppRef } from '@affidavit/vault';

import type { StoredDirectory } from '../access/directory.ts';
import type { Effect } from '../store/port.ts';
import type { OpenIntentsTable } from '../store/tables.ts';

/**
 * Intents whose outcome is owed, as rows of `open_intents`. Every call makes one and takes it away:
 * it names the entry of the intent and holds no copy of it, which would be most of what a call
 * writes beside its entries, and would outlive an erasure.
 */

/** The id of the entry that says what is about to happen. */
export const intentId = (execution_id: string): string =>
  `evt_${execution_id.slice('exe_'.length)}`;

/** For the transaction of the intent. `process_id` owes the outcome. */
export function openIntent(
  { app }: Pick<AppRef, 'app'>,
  intent: AuditEvent,
  process_id: string,
  created_at: number,
): Effect {
  const { event_type, verb, governance_status } = intent;
  const execution_id = intent.execution_id as string;
  const event_id = intentId(execution_id);
  const left = JSON.stringify({ event_type, execution_id, verb, governance_status });
  const row = { app, execution_id, event_id, process_id, intent: left, created_at };
  return { op: 'insert', table: 'open_intents', row };
}

/** The intent as it was recorded; where that was erased since, what its outcome needs of it. */
export async function readIntent(
  directory: StoredDirectory,
  { app, event_id, intent }: OpenIntentsTable,
): Promise<AuditEvent> {
  const left = JSON.parse(intent) as AuditEvent;
  const [entry] = await directory.rows('entries', { app, event_id });
  const parts = entry ? await directory.rows('parts', { app, seq: entry.seq }) : [];
  const told: Partial<AuditEvent> = {};
  for (const { part, body } of parts) {
    const value = JSON.parse(body) as unknown;
    Object.assign(told, part === 'envelope' ? value : { [part]: value });
  }
  // What the trail fills in, it fills in again.
  const { app_id: _, source: _source, category: _category, action_type: _type, ...asked } = told;
  return { ...left, ...asked };
}
