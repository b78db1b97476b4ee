import { AffidavitError, newId, type AuditEvent } from '@affidavit/schema';

import { pick } from '../pick.ts';
import { withExecution } from '../plan.ts';
import type { AppRef, CallTrail } from '../ports.ts';
import { concealed } from './conceal.ts';
import { blockedFacts, entryTypes, executionRecord, type ExecutionRecord } from './entries.ts';
import { keptResult, toldBy } from './entries.ts';

/** What becomes of an action that is not carried out: one entry, and what is told of it. */

type Facts = Partial<AuditEvent>;

/** The request itself was wrong; all else is a fence that holds. */
const ERRORS: ReadonlySet<string> = new Set(['invalid_request', 'not_found', 'payload_too_large']);

/** Puts a refusal on the record, and tells the record with the error. */
export async function refuseOnRecord<T>(
  trail: CallTrail,
  app: AppRef,
  facts: Facts,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AffidavitError)) throw error;
    const execution_id = facts.execution_id ?? newId('execution');
    const event: AuditEvent = {
      event_type: entryTypes(facts).denial,
      ...facts,
      ...blockedFacts(facts),
      execution_id,
      outcome: ERRORS.has(error.code) ? 'error' : 'blocked',
      error_code: error.code,
    };
    const recorded = await trail.denial(app, event);
    throw withExecution(error, execution_id, toldBy(event, recorded));
  }
}

/** The answer that was kept, as an execution of its own that points to the first. */
export async function replay(
  trail: CallTrail,
  app: AppRef,
  asked: Facts,
  first: { readonly execution_id: string; readonly kept: Facts },
): Promise<ExecutionRecord> {
  const { kept, execution_id: replay_of } = first;
  const facts: Facts = {
    ...kept,
    ...asked,
    ...pick(kept, ['provider', 'grant_id', 'principal_id', 'method', 'url', 'credential_masked']),
    outcome: 'replayed',
    idempotent: true,
    duration_ms: 0,
    policy_context: { rule: 'idempotency_key', replay_of },
  };
  const short = facts.result === undefined ? {} : { result: keptResult(facts.result) };
  const event_type = entryTypes(facts).outcome;
  const event: AuditEvent = concealed({ event_type, ...facts, ...short });
  const recorded = await trail.denial(app, event);
  return executionRecord(concealed({ ...event, ...pick(facts, ['result']) }), recorded);
}
