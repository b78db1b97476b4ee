import {
  LIMITS,
  maskSensitive,
  maskUrl,
  type AuditEvent,
  type FieldName,
  type Json,
} from '@affidavit/schema';

import type { CallAnswer } from '../answer.ts';
import { pick } from '../pick.ts';
import type { Recorded } from '../ports.ts';

/** What the entries of an action say beyond those of a plain call. A verb makes the difference. */

export interface EntryTypes {
  readonly denial: string;
  readonly outcome: string;
}

const OF_CALLS: EntryTypes = { denial: 'credential.denied', outcome: 'api.called' };
const OF_ACTIONS: EntryTypes = { denial: 'action.blocked', outcome: 'action.executed' };

type Facts = Partial<AuditEvent>;

export const isAction = ({ verb }: Facts): boolean => verb !== undefined;

/** The types of the entries that an execution ends with. */
export const entryTypes = (facts: Facts): EntryTypes => (isAction(facts) ? OF_ACTIONS : OF_CALLS);

/** Added to an entry that says no. */
export const blockedFacts = (facts: Facts): Facts =>
  isAction(facts) ? { governance_status: 'blocked', duration_ms: 0, credential_masked: false } : {};

/** Added to an outcome. `startedMs` is by `performance.now()`. */
export function durationFacts({ facts, startedMs }: { facts: Facts; startedMs: number }): Facts {
  if (!isAction(facts)) return {};
  return { duration_ms: Math.round((performance.now() - startedMs) * 10) / 10 };
}

/** What a provider's answer is as the result of an action: its JSON, or its text. */
export function resultOf(text: string, encoding: 'utf8' | 'base64'): Json {
  if (encoding === 'base64') return { base64: text };
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** A result as an entry holds it: whole, or its beginning. */
export function keptResult(result: Json): Json {
  const text = typeof result === 'string' ? result : JSON.stringify(result);
  const bytes = Buffer.byteLength(text);
  if (bytes <= LIMITS.argsBytes) return result;
  return { truncated: true, bytes, beginning: text.slice(0, LIMITS.bodyBytes / 4) };
}

/** Names of fields, as text with spaces between them. */
const fieldNames = (text: string) => text.trim().split(/\s+/) as FieldName[];

/** The execution record (M14), in the order in which it is shown. */
const RECORD_FIELDS = fieldNames(`
  execution_id verb provider risk_level governance_status dry_run idempotent args result
  duration_ms tenant_id credential_masked created_at outcome error_code event_id seq
  event_type source actor_type actor_id actor_name agent_id agent_name parent_agent_id
  caller caller_key_prefix principal_type principal_id principal_email run_id task_context
  thread_id reason context provider_id grant_id grant_kind token_id scope_requested
  scope_granted policy_decision policy_id policies_checked policy_context method url
  response_status latency_ms retry_count trace_id span_id`);

/** What a repeat says again of the first one. */
const KEPT_FIELDS = fieldNames(`
  provider provider_id risk_level governance_status result grant_id grant_kind principal_type
  principal_id principal_email scope_granted tenant_id credential_masked method url
  response_status error_code`);

export type ExecutionRecord = Partial<AuditEvent> & { readonly execution_id: string };

/** The execution as the ledger has it, from the entry that ends it. Secrets are masked by name. */
export function executionRecord(event: Facts, recorded?: Recorded): ExecutionRecord {
  const masked = maskedFacts(event);
  const credential_masked = event.credential_masked === true || Object.keys(masked).length > 0;
  const whole = { source: 'observed', ...event, ...masked, credential_masked, ...recorded };
  return pick(whole as Facts, RECORD_FIELDS) as ExecutionRecord;
}

/** The fields of an execution that a repeat of it says again. */
export const keptFields = (event: Facts): Facts => pick(event, KEPT_FIELDS);

/** The fields in which something is masked, as the trail masks them. */
function maskedFacts({ args, result, url }: Facts): Facts {
  const changed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries({ args, result })) {
    const { value: shown, masked } = maskSensitive(value);
    if (masked) changed[name] = shown;
  }
  const address = maskUrl(url ?? '');
  return address.masked ? { ...changed, url: address.url } : changed;
}

/** What is handed to whoever asked: the answer of a call, the record of an action. */
export function answerTo(event: Facts, answer: CallAnswer): object {
  return isAction(event) ? executionRecord({ ...event, ...wholeResult(answer) }) : answer;
}

/** The result as it came, however large. */
export function wholeResult({ body, body_encoding }: CallAnswer): Facts {
  return body === '' ? {} : { result: resultOf(body, body_encoding) };
}

/** What an error about an execution tells: the record of an action, nothing more of a call. */
export function toldBy(event: Facts, recorded: Recorded): Readonly<Record<string, unknown>> {
  return isAction(event) ? executionRecord(event, recorded) : {};
}
