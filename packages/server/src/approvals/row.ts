import type { AuditEvent } from '@affidavit/schema';
import type { ApprovalResult, Asker, Held, Json, Keyring } from '@affidavit/vault';

import type { Effect } from '../store/port.ts';
import type { ApprovalsTable } from '../store/tables.ts';

/** The row of an approval: what is sealed in it, and how it moves from state to state. */

/** What was asked for: the request for who carries it out, the rest for the record and to look at. */
export interface SealedRequest {
  readonly request: unknown;
  readonly facts: Partial<AuditEvent>;
  /** Redacted as the record is. */
  readonly shown: Partial<AuditEvent>;
}

export interface SealedDecision {
  readonly by: Asker;
  /** Of the person or key, where it is known. */
  readonly name?: string;
  readonly reason: string;
}

interface Sealed {
  readonly request: SealedRequest;
  readonly decision: SealedDecision;
  readonly result: object;
}

/** Bound to its row and its column: nothing that was sealed can be moved. */
const purposeOf = (approvalId: string, what: keyof Sealed) => `approval ${approvalId} ${what}`;

export function sealPart<W extends keyof Sealed>(
  keyring: Keyring,
  approvalId: string,
  what: W,
  value: Sealed[W],
): string {
  return keyring.seal(JSON.stringify(value), purposeOf(approvalId, what));
}

type Kept = Pick<
  ApprovalsTable,
  'approval_id' | 'sealed_request' | 'sealed_decision' | 'sealed_result'
>;

/** Null where there is nothing, or it was erased. */
export function openPart<W extends keyof Sealed>(
  keyring: Keyring,
  row: Kept,
  what: W,
): Sealed[W] | null {
  const sealed = row[`sealed_${what}`];
  if (sealed === null || sealed === '') return null;
  return JSON.parse(keyring.open(sealed, purposeOf(row.approval_id, what)).toString()) as Sealed[W];
}

/** The same parts under the current master key; null where nothing is stale. */
export function resealRow(keyring: Keyring, row: Kept): Partial<Kept> | null {
  const fresh: Record<string, string> = {};
  for (const what of ['request', 'decision', 'result'] as const) {
    const sealed = row[`sealed_${what}`];
    if (sealed === null || sealed === '' || !keyring.isStale(sealed)) continue;
    const purpose = purposeOf(row.approval_id, what);
    fresh[`sealed_${what}`] = keyring.seal(keyring.open(sealed, purpose), purpose);
  }
  return Object.keys(fresh).length === 0 ? null : fresh;
}

type Moving = Pick<ApprovalsTable, 'app' | 'approval_id' | 'status'>;

/** From the state that it was read in; a conflict where another was faster. */
export function moveRow({ app, approval_id, status }: Moving, set: Partial<ApprovalsTable>) {
  const where = { app, approval_id, status };
  return { op: 'update', table: 'approvals', where, set } as const satisfies Effect;
}

export function endRow(
  keyring: Keyring,
  row: Moving,
  ended: ApprovalResult,
  ended_at: number,
): Effect {
  const { status, outcome } = ended;
  const result = ended.status === 'done' ? ended.result : ended.problem;
  const sealed_result = sealPart(keyring, row.approval_id, 'result', result);
  return moveRow(row, { status, outcome, sealed_result, ended_at });
}

/** What was carried out and nobody knows the end of; nothing where no approval stands behind it. */
export function abandonRun(app: number, execution_id: string, ended_at: number): Effect {
  const where = { app, execution_id, status: 'running' };
  const set = { status: 'failed', outcome: 'unknown', ended_at };
  return { op: 'update', table: 'approvals', where, set, any: true };
}

/** With the entries of an execution goes what is kept of its approval. */
export function eraseRow(app: number, execution_id: string): Effect {
  const where = { app, execution_id };
  const set = { sealed_request: '', sealed_decision: null, sealed_result: null };
  return { op: 'update', table: 'approvals', where, set, any: true };
}

/** Facts with a word on the approval in the evaluated configuration. */
export function withApproval(
  facts: Partial<AuditEvent>,
  approval: Readonly<Record<string, Json>>,
): Partial<AuditEvent> {
  const context = (facts.policy_context ?? {}) as object;
  return {
    ...facts,
    policy_context: { ...context, approval } as AuditEvent['policy_context'] & {},
  };
}

/** What facts say of who asked, from where: nothing that an entry of somebody else's doing repeats. */
const ASKERS: ReadonlySet<string> = new Set([
  'actor_type',
  'actor_id',
  'actor_name',
  'caller',
  'caller_key_prefix',
  'source_ip',
  'user_agent',
  'trace_id',
  'span_id',
]);

/** The same facts for an entry that says what another did about the request. */
export function ofAnother(facts: Partial<AuditEvent>): Partial<AuditEvent> {
  return Object.fromEntries(Object.entries(facts).filter(([name]) => !ASKERS.has(name)));
}

export function heldAnswer(row: ApprovalsTable, seq: number): Held {
  const { approval_id, execution_id, policy_id, event_id } = row;
  const expires_at = new Date(row.expires_at).toISOString();
  return { approval_id, status: 'pending', execution_id, policy_id, expires_at, event_id, seq };
}
