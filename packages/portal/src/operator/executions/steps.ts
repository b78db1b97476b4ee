import { plain } from '@affidavit/schema/plain';
import { denialOf, sentenceOf, type Mood } from '@affidavit/schema/sentence';

import type { Entry } from '../../shared/api/types.ts';
import { duration } from '../../shared/format/time.ts';

/** An execution step by step: intent, decision, what people said, effect, outcome. */

export type StepKind = 'intent' | 'decision' | 'person' | 'effect' | 'outcome';

export interface Step {
  readonly kind: StepKind;
  readonly title: string;
  /** What is said of it, in words; empty where the title says all. */
  readonly text: string;
  readonly mood: Mood;
  /** Where it is recorded; several steps may be told by one entry. */
  readonly entry: Entry;
  /** Since the first entry. */
  readonly after_ms: number;
}

type Telling = Omit<Step, 'entry' | 'after_ms'>;

function decisionOf(entry: Entry): Telling | null {
  const { policy_decision: decision, policies_checked: checked = [], policy_id } = entry;
  if (decision === undefined) return null;
  if (decision === 'DENY') {
    return { kind: 'decision', title: 'Denied', text: denialOf(entry), mood: 'refused' };
  }
  const looked = checked.length === 0 ? '' : `; looked at ${plain(checked.join(', '))}`;
  const by = policy_id === undefined ? '' : `by ${plain(policy_id)}`;
  return { kind: 'decision', title: 'Allowed', text: `${by}${looked}`, mood: 'good' };
}

/** What happened outside, as far as it got there. */
function effectOf(entry: Entry): Telling | null {
  const { method, url, response_status: status, verb, outcome } = entry;
  const took = entry.latency_ms ?? entry.duration_ms;
  const wasDone = ['success', 'provider_error', 'network_error'].includes(outcome ?? '');
  if (!wasDone || (status === undefined && took === undefined)) return null;
  const isFine = status === undefined ? outcome === 'success' : status < 400;
  const answer = status === undefined ? (isFine ? 'done' : 'no answer') : `answered ${status}`;
  return {
    kind: 'effect',
    title: [method, url].map(plain).filter(Boolean).join(' ') || plain(verb) || 'Effect',
    text: took === undefined ? answer : `${answer} in ${duration(took)}`,
    mood: isFine ? 'good' : 'failed',
  };
}

const ENDS: Readonly<Record<string, string>> = {
  success: 'It was done',
  policy_denied: 'Nothing was done',
  blocked: 'It was blocked: nothing was done',
  dry_run: 'A dry run: nothing was done',
  replayed: 'A repeat: the first result was given again',
  unknown: 'Nobody knows how it ended',
};

function endOf(entry: Entry): Telling {
  const { result, mood } = sentenceOf(entry);
  const title = ENDS[entry.outcome ?? ''] ?? 'It failed';
  // The decision above says why.
  const text = entry.policy_decision === 'DENY' ? '' : result;
  return { kind: 'outcome', title, text, mood };
}

const PEOPLE_SAY: Readonly<Record<string, Mood>> = {
  'approval.approved': 'good',
  'approval.rejected': 'refused',
};

function tellings(entry: Entry): readonly Telling[] {
  const { what, mood } = sentenceOf(entry);
  if (entry.event_type.startsWith('approval.')) {
    const { who, why } = sentenceOf(entry);
    const kind = entry.outcome === undefined ? 'person' : 'outcome';
    const said = PEOPLE_SAY[entry.event_type] ?? mood;
    return [{ kind, title: `${who} ${what}`, text: why, mood: said }];
  }
  const decision = decisionOf(entry);
  if (entry.outcome === undefined) {
    const intent: Telling = { kind: 'intent', title: 'Announced', text: what, mood: 'open' };
    return decision ? [intent, decision] : [intent];
  }
  const effect = effectOf(entry);
  const isDenied = decision !== null && entry.policy_decision === 'DENY';
  return [...(isDenied ? [decision] : []), ...(effect ? [effect] : []), endOf(entry)];
}

/** In the order in which it was recorded. An allowed outcome repeats the decision of its intent. */
export function stepsOf(entries: readonly Entry[]): readonly Step[] {
  const start = Date.parse(entries[0]?.created_at ?? '');
  return entries.flatMap((entry) =>
    tellings(entry).map((telling) => ({
      ...telling,
      entry,
      after_ms: Date.parse(entry.created_at) - start,
    })),
  );
}
