import { parseHeader } from '@affidavit/ledger';

import { readable, type LogSource } from './source.ts';

/** A range of time, epoch ms; an open end is left out. */
export interface TimeRange {
  readonly from?: number;
  /** Exclusive. */
  readonly to?: number;
}

/** The entries of a range of time with one more at each side, where there is one. */
export interface LocatedRange {
  readonly first: number;
  /** Exclusive. */
  readonly end: number;
  /** Whether the first of them is there to show where the range begins, and the last where it ends. */
  readonly hasBefore: boolean;
  readonly hasAfter: boolean;
}

/**
 * Finds a range by halving. What it reads on its way is not checked: the entries at both sides of
 * the range must be, and show that nothing of it was left out.
 */
export async function locate(
  source: LogSource,
  size: number,
  { from, to }: TimeRange,
): Promise<LocatedRange> {
  const begin = from === undefined ? 0 : await firstAtOrAfter(source, size, from);
  const behind = to === undefined ? size : await firstAtOrAfter(source, size, to);
  const end = Math.max(begin, behind);
  const [hasBefore, hasAfter] = [begin > 0, end < size];
  return { first: hasBefore ? begin - 1 : 0, end: hasAfter ? end + 1 : size, hasBefore, hasAfter };
}

async function firstAtOrAfter(source: LogSource, size: number, time: number): Promise<number> {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = await timeAt(source, middle, high);
    if (found !== null && found.time < time) low = found.seq + 1;
    else high = middle;
  }
  return low;
}

/** The time of the first entry in [seq, end) that is there; null where none is. */
async function timeAt({ db, app }: LogSource, seq: number, end: number) {
  const row = await readable(() =>
    db
      .selectFrom('entries')
      .select(['seq', 'header', 'created_at'])
      .where('app', '=', app)
      .where('seq', '>=', seq)
      .where('seq', '<', end)
      .orderBy('seq')
      .limit(1)
      .executeTakeFirst(),
  );
  return row ? { seq: row.seq, time: timeOf(row) } : null;
}

/** As the header says, which the leaf hash stands for; the column where it says nothing. */
function timeOf({ header, created_at }: { header: string; created_at: number }): number {
  try {
    return Date.parse(parseHeader(header).created_at);
  } catch {
    return Number(created_at);
  }
}
