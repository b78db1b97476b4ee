import { Findings, type Finding } from './findings.ts';
import { locate, type TimeRange } from './locate.ts';
import { changeTroubles, noteTrouble, readLogEnd, type LogEnd } from './log-end.ts';
import { readable, type LogSource } from './source.ts';
import { LogWalk, type Progress } from './walk.ts';

/** What came of a check: the words of `RangeVerdict` of the ledger, and what only a store can tell. */
export interface LogVerdict {
  readonly ok: boolean;
  /** Entries under the checkpoint. */
  readonly size: number;
  readonly checked: number;
  /** Of a range: with the entries before and after it that show that it is whole. */
  readonly first_seq: number;
  readonly last_seq: number;
  /** Entries with created_at in [from, to). */
  readonly within: number;
  /** Parts that were swept or erased, as entries say. */
  readonly removed_parts: number;
  /** By position; what cannot be told to one comes last. */
  readonly broken: readonly Finding[];
  /** Whether there is more damage than `broken` names. */
  readonly more_broken: boolean;
}

export interface LogCheckOptions extends TimeRange {
  readonly signal?: AbortSignal;
  /** Called about once for every thousand entries. */
  readonly onProgress?: (progress: Progress) => void;
  /** Findings that are kept. */
  readonly max?: number;
}

const FINDINGS_MAX = 1000;

/**
 * Checks a log, or the part of it in a range of time, against everything that is stored of it, in
 * memory that does not grow with it. What is appended meanwhile is not looked at. Rejects with the
 * reason of the signal, and with the error of the database where it cannot be asked.
 */
export async function checkLog(
  source: LogSource,
  options: LogCheckOptions = {},
): Promise<LogVerdict> {
  const { max = FINDINGS_MAX } = options;
  const end = await readLogEnd(source, max);
  const range = await locate(source, end?.size ?? 0, options);
  const isWhole = options.from === undefined && options.to === undefined;
  const findings = new Findings({ ...(isWhole ? EVERYWHERE : range), max });
  const walk = new LogWalk({ source, options, findings, range });
  if (end === null) findings.add(null, 'unreadable');
  else await checkAll(source, { end, walk, findings });
  return {
    ok: findings.none,
    size: end?.size ?? 0,
    first_seq: range.first,
    last_seq: range.end - 1,
    ...walk.counts,
    broken: findings.list(),
    more_broken: findings.more,
  };
}

const EVERYWHERE = { first: -Infinity, end: Infinity };

async function checkAll(
  source: LogSource,
  { end, walk, findings }: { end: LogEnd; walk: LogWalk; findings: Findings },
): Promise<void> {
  const trouble = end.head && (await noteTrouble(String(end.head.checkpoint), end.keys));
  if (trouble !== null) findings.add(null, trouble);
  await walk.run(end);
  for (const reason of await changeTroubles(source, end)) {
    // Where entries are damaged, it follows that the tree is.
    if (reason !== 'root' || findings.none) findings.add(null, reason);
  }
  for (const seq of await repeatedIds(source)) findings.add(seq, 'event_id');
  for (const seq of end.outside) findings.add(seq, 'beyond_checkpoint');
  for (const seq of end.strayTiles) findings.add(seq, 'tile');
}

/** Entries that have the id of another. An index keeps them apart; it may have been removed. */
async function repeatedIds({ db, app }: LogSource): Promise<number[]> {
  const rows = await readable(() =>
    db
      .selectFrom('entries')
      .select((eb) => eb.fn.max('seq').as('seq'))
      .where('app', '=', app)
      .groupBy('event_id')
      .having((eb) => eb.fn.countAll(), '>', 1)
      .limit(FINDINGS_MAX)
      .execute(),
  );
  return (rows ?? []).map(({ seq }) => Number(seq));
}
