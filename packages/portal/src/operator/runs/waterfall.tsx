import { sentenceOf } from '@affidavit/schema/sentence';
import { Link } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef } from 'react';

import { clockTime, duration, exactTime } from '../../shared/format/time.ts';
import { outcomeTone, type Tone } from '../../shared/ui/badge.tsx';
import { cx } from '../../shared/ui/cx.ts';
import { MoodIcon } from '../entry/mood.tsx';
import type { Search } from '../search.ts';
import { frameOf, placeIn, timeAt, type Frame, type Span } from './spans.ts';

const ROW_PX = 32;
const ROWS_AHEAD = 10;
const TICKS = [0, 25, 50, 75, 100];

const COLOURS: Readonly<Record<Tone, string>> = {
  good: 'bg-good',
  refused: 'bg-refused',
  failed: 'bg-failed',
  open: 'bg-open',
  accent: 'bg-accent',
  neutral: 'bg-ink-3',
};

/** Spans on an axis of time, one below the other; each opens its entry beside the page. */
export function Waterfall({ spans }: { readonly spans: readonly Span[] }) {
  const scroller = useRef<HTMLDivElement>(null);
  // oxlint-disable-next-line react/incompatible-library -- measures by itself.
  const rows = useVirtualizer({
    count: spans.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: ROWS_AHEAD,
  });
  const frame = frameOf(spans);
  return (
    <div className="rounded-lg border border-line bg-panel">
      <Axis frame={frame} />
      <div
        ref={scroller}
        tabIndex={0}
        role="region"
        aria-label="Calls over time"
        className="max-h-112 overflow-y-auto"
      >
        <Cuts frame={frame} height={rows.getTotalSize()} />
        <ol className="relative" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map(({ index, start }) => (
            <Row key={index} span={spans[index] as Span} frame={frame} top={start} />
          ))}
        </ol>
      </div>
      {frame.cuts.length > 0 ? (
        <p className="border-t border-line px-3 py-1.5 text-xs text-ink-2">
          Drawn shorter than they were:{' '}
          {frame.cuts.map(({ from, to }) => `${duration(to - from)} without a call`).join(', ')}.
        </p>
      ) : null}
    </div>
  );
}

const COLUMNS =
  'grid grid-cols-[minmax(9rem,2fr)_3fr_4.5rem] items-center gap-3 px-3 max-md:grid-cols-[minmax(8rem,1fr)_1fr]';

function Axis({ frame }: { readonly frame: Frame }) {
  return (
    <div className={cx(COLUMNS, 'border-b border-line py-1.5 text-xs text-ink-3')} aria-hidden>
      <span title={exactTime(frame.from)}>from {clockTime(frame.from)}</span>
      <span className="relative h-4">
        {TICKS.map((tick) => (
          <span
            key={tick}
            className={cx(
              'absolute whitespace-nowrap tabular-nums',
              tick === 100 ? '-translate-x-full' : tick > 0 && '-translate-x-1/2',
              tick % 50 !== 0 && 'max-md:hidden',
            )}
            style={{ left: `${tick}%` }}
          >
            {tick === 0 ? '0' : duration(timeAt(frame, tick) - frame.from)}
          </span>
        ))}
      </span>
      <span className="text-right max-md:hidden">took</span>
    </div>
  );
}

interface CutsProps {
  readonly frame: Frame;
  readonly height: number;
}

/** Where a long wait is drawn short. */
function Cuts({ frame, height }: CutsProps) {
  return (
    <div className={cx(COLUMNS, '-mb-px h-px')} aria-hidden>
      <span />
      <span className="relative">
        {frame.cuts.map(({ from, to }) => {
          const left = placeIn(frame, from);
          return (
            <span
              key={from}
              className="absolute top-0 border-x border-dashed border-line-strong bg-sunken"
              style={{ left: `${left}%`, width: `${placeIn(frame, to) - left}%`, height }}
            />
          );
        })}
      </span>
      <span className="max-md:hidden" />
    </div>
  );
}

interface RowProps {
  readonly span: Span;
  readonly frame: Frame;
  readonly top: number;
}

function Row({ span, frame, top }: RowProps) {
  const { entry, start, end, isOpen } = span;
  const { what, result, mood } = sentenceOf(entry);
  const took = end - start;
  const ending = isOpen ? 'not ended yet' : result;
  return (
    <li className="absolute inset-x-0" style={{ top, height: ROW_PX }}>
      <Link
        to="."
        search={(before: Search) => ({ ...before, event: entry.event_id })}
        resetScroll={false}
        preload={false}
        title={`${what}: ${ending}`}
        className={cx(COLUMNS, 'h-full hover:bg-sunken')}
      >
        <span className="flex min-w-0 items-center gap-1.5">
          <MoodIcon mood={mood} muted={entry.outcome === undefined && !isOpen} />
          <span className="truncate">{what}</span>
          <span className="sr-only">
            , {ending}, {duration(start - frame.from)} after the beginning
          </span>
        </span>
        <Bar span={span} frame={frame} />
        <span className="text-right text-xs text-ink-3 tabular-nums max-md:hidden">
          {took > 0 ? duration(took) : ''}
        </span>
      </Link>
    </li>
  );
}

function Bar({ span, frame }: Pick<RowProps, 'span' | 'frame'>) {
  const { entry, start, end, marks, isOpen } = span;
  const left = placeIn(frame, start);
  const width = isOpen ? 100 - left : placeIn(frame, end) - left;
  const isTick = entry.execution_id === undefined;
  const tone =
    entry.outcome === undefined ? (isOpen ? 'open' : 'neutral') : outcomeTone(entry.outcome);
  return (
    <span aria-hidden className="relative h-full">
      <span
        className={cx(
          'absolute top-1/2 -translate-y-1/2',
          isTick ? 'h-4 w-0.5' : 'h-2.5 min-w-1 rounded-sm',
          isOpen && 'opacity-50',
          COLOURS[tone],
        )}
        style={{
          left: `min(${left}%, calc(100% - 4px))`,
          ...(isTick ? {} : { width: `${width}%` }),
        }}
      />
      {marks.length > 2
        ? marks
            .slice(1, -1)
            .map((mark) => (
              <span
                key={mark}
                className="absolute top-1/2 h-4 w-0.5 -translate-y-1/2 bg-ink"
                style={{ left: `${placeIn(frame, mark)}%` }}
              />
            ))
        : null}
    </span>
  );
}
