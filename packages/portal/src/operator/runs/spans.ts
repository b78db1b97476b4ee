import type { Entry } from '../../shared/api/types.ts';

/** The entries of a run as spans of time: an execution lasts from its intent to its outcome. */

export interface Span {
  /** What tells most of it: the outcome, where there is one. */
  readonly entry: Entry;
  /** Epoch ms. */
  readonly start: number;
  readonly end: number;
  /** When its entries were written. */
  readonly marks: readonly number[];
  /** Has begun and not ended. */
  readonly isOpen: boolean;
}

const timeOf = ({ created_at }: Entry) => Date.parse(created_at);

/** In the order in which they began. */
export function spansOf(entries: readonly Entry[]): readonly Span[] {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const key = entry.execution_id ?? entry.event_id;
    const group = groups.get(key);
    if (group) group.push(entry);
    else groups.set(key, [entry]);
  }
  return [...groups.values()].map(spanOf).sort((a, b) => a.start - b.start);
}

function spanOf(group: readonly Entry[]): Span {
  const marks = group.map(timeOf);
  const ended = group.findLast(({ outcome }) => outcome !== undefined);
  const entry = ended ?? (group.at(-1) as Entry);
  const end = Math.max(...marks);
  const first = Math.min(...marks);
  const { latency_ms, duration_ms = latency_ms ?? 0 } = entry;
  // Who reports only how it ended says how long it took.
  const start = group.length === 1 ? Math.min(first, end - duration_ms) : first;
  const isOpen = ended === undefined && entry.execution_id !== undefined;
  return { entry, start, end, marks, isOpen };
}

/** A stretch in which nothing was, that is drawn shorter than it was. Epoch ms. */
export interface Cut {
  readonly from: number;
  readonly to: number;
}

export interface Frame {
  readonly from: number;
  readonly to: number;
  readonly cuts: readonly Cut[];
  /** How long each cut is drawn. */
  readonly cut_ms: number;
}

/** A gap of more than this share of what is drawn is cut, */
const LONG = 0.8;
/** to this share of all else. */
const CUT_SHARE = 0.08;
const CUTS_MAX = 5;

/**
 * From the first beginning to the last end; never of no length. The longest gaps are cut, so that
 * a run that waited for hours still shows its calls.
 */
export function frameOf(spans: readonly Span[]): Frame {
  const from = Math.min(...spans.map(({ start }) => start));
  const end = Math.max(...spans.map(({ end: last }) => last));
  const to = Math.max(end, from + 1);
  const cuts: Cut[] = [];
  let drawn = to - from;
  for (const gap of gapsOf(spans).slice(0, CUTS_MAX)) {
    const length = gap.to - gap.from;
    if (length < drawn * LONG) break;
    drawn -= length;
    cuts.push(gap);
  }
  cuts.sort((a, b) => a.from - b.from);
  return { from, to, cuts, cut_ms: Math.max(1, drawn * CUT_SHARE) };
}

/** Between spans, the longest first. They come in the order in which they began. */
function gapsOf(spans: readonly Span[]): Cut[] {
  const gaps: Cut[] = [];
  let busyUntil = spans[0]?.end ?? 0;
  for (const { start, end } of spans) {
    if (start > busyUntil) gaps.push({ from: busyUntil, to: start });
    busyUntil = Math.max(busyUntil, end);
  }
  return gaps.sort((a, b) => b.to - b.from - (a.to - a.from));
}

/** How far from the left a moment is drawn, in the ms of the frame. */
function drawnAt({ from, cuts, cut_ms }: Frame, time: number): number {
  let drawn = time - from;
  for (const cut of cuts) {
    const length = cut.to - cut.from;
    const passed = Math.min(Math.max(time - cut.from, 0), length);
    drawn -= passed * (1 - Math.min(1, cut_ms / length));
  }
  return drawn;
}

/** Where a moment is, of 100. */
export function placeIn(frame: Frame, time: number): number {
  const place = (drawnAt(frame, time) / drawnAt(frame, frame.to)) * 100;
  return Math.min(100, Math.max(0, place));
}

/** The moment at a place; found by halving, because places only grow with time. */
export function timeAt(frame: Frame, place: number): number {
  let { from: low, to: high } = frame;
  while (high - low > 0.5) {
    const middle = (low + high) / 2;
    if (placeIn(frame, middle) < place) low = middle;
    else high = middle;
  }
  return place <= 0 ? frame.from : high;
}
