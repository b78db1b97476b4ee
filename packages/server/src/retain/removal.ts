import type { Effect, SeqRange } from '../store/port.ts';
import { sameDecision } from './decision.ts';
import type { Removable } from './expired.ts';

/** All parts that an entry has, in `removals`. */
export const WHOLE = '*';

/** Sorted positions as ranges. */
function rangesOf(seqs: readonly number[]): SeqRange[] {
  const ranges: [number, number][] = [];
  for (const seq of seqs) {
    const last = ranges.at(-1);
    if (last?.[1] === seq) last[1] = seq + 1;
    else ranges.push([seq, seq + 1]);
  }
  return ranges;
}

/** What an entry says of what goes with it: of each range the first and the last. */
export function countsOf(entries: readonly Removable[]) {
  const ranges = rangesOf(entries.map(({ seq }) => seq));
  return {
    entries: entries.length,
    parts_removed: entries.reduce((sum, { rows }) => sum + rows, 0),
    ranges: ranges.map(([first, end]) => [first, end - 1]),
  };
}

export interface RemovalPlan {
  readonly app: number;
  readonly revision: string;
  /** In the order of `seq`. */
  readonly entries: readonly Removable[];
  /** Names of parts; all unless given. */
  readonly parts?: readonly string[];
  /** The entry that says so. */
  readonly event_id: string;
}

/**
 * The effects of an entry that says what is removed: parts and salts go, and what they were stays
 * known. A conflict where anything that it was decided on has changed.
 */
export function removalEffects(plan: RemovalPlan): Effect[] {
  const { app, revision, entries, parts, event_id } = plan;
  const ranges = rangesOf(entries.map(({ seq }) => seq));
  const rows = entries.reduce((sum, entry) => sum + entry.rows, 0);
  return [
    sameDecision(app, revision),
    { op: 'remove', table: 'parts', app, ranges, rows, ...(parts ? { parts } : {}) },
    ...(parts ?? [WHOLE]).flatMap((part) =>
      ranges.map(([first_seq, end_seq]): Effect => {
        const index_pending = part === WHOLE || part === 'envelope' ? 1 : 0;
        const row = { app, first_seq, end_seq, part, event_id, index_pending };
        return { op: 'insert', table: 'removals', row };
      }),
    ),
    ...entries
      .filter(({ kept }) => kept)
      .map((entry): Effect => {
        const where = { app, event_id: entry.event_id };
        return { op: 'delete', table: 'kept', where, any: true };
      }),
  ];
}
