import {
  plainSentenceOf,
  type AuditRecord,
  type FieldName,
  type PlainSentence,
} from '@affidavit/schema';

import type { Filter } from '../query/filter.ts';
import { wordsOf } from '../indexing/terms.ts';
import type { Principal } from './principal.ts';

/** An entry as its person is shown it: in words, and without what is about others. */

/** Beside the words. No addresses of others, no rules, no contents of bodies. */
const SHOWN: readonly FieldName[] = [
  'event_id',
  'seq',
  'created_at',
  'event_type',
  'category',
  'action_type',
  'source',
  'actor_type',
  'provider',
  'agent_id',
  'agent_name',
  'caller',
  'grant_id',
  'grant_kind',
  'run_id',
  'task_context',
  'scope_requested',
  'scope_granted',
  'method',
  'url',
  'response_status',
  'verb',
  'dry_run',
  'outcome',
  'error_code',
];

/** What people's words are looked for in, of all that is shown. */
const SEARCHED: readonly FieldName[] = ['task_context', 'url', 'verb', 'error_code', 'reason'];

/** What is told by another entry: the beginning of a call by its end, a look by the opening. */
export const HIDDEN: readonly string[] = [
  'credential.retrieved',
  'token.refresh_started',
  'action.started',
  'wallet.viewed',
];
/** In a wallet both are written, for those who look for either. */
const TWICE: ReadonlySet<string> = new Set(['grant.revoked', 'grant.delegation_revoked']);
const hidden: ReadonlySet<string> = new Set(HIDDEN);

export type Shown = Readonly<Record<string, unknown>> & PlainSentence;

export function isShown({ event_type, actor_type, source }: AuditRecord): boolean {
  if (source === 'reported') return true;
  return !hidden.has(event_type) && !(actor_type === 'user' && TWICE.has(event_type));
}

export function showEntry(record: AuditRecord, { principal_id }: Principal): Shown {
  const said = plainSentenceOf(record, principal_id);
  const fields = SHOWN.filter((name) => record[name] !== undefined);
  const given = Object.fromEntries(fields.map((name) => [name, record[name]]));
  const reason = record.actor_type === 'operator' ? undefined : record.reason;
  return { ...given, ...(reason === undefined ? {} : { reason }), ...said };
}

/** Whether the words stand in what is shown: nobody finds out by asking what is not. */
export function tells(entry: Shown, { words, phrases }: Filter): boolean {
  if (words.length === 0 && phrases.length === 0) return true;
  const text = SEARCHED.map((name) => entry[name] ?? '').join('\n');
  const known = [...wordsOf(text)];
  const lower = text.toLowerCase();
  return (
    words.every((word) => known.some((one) => one.startsWith(word))) &&
    phrases.every((phrase) => lower.includes(phrase))
  );
}
