import { useState, type PointerEvent } from 'react';

import { count } from '../format/number.ts';
import { shortTime } from '../format/time.ts';
import { cx } from '../ui/cx.ts';
import { ChartTable } from './chart-table.tsx';

/** Counts over time as stacked bars, in plain SVG: part of the first page of the trail. */

export interface Stack {
  readonly name: string;
  readonly tone: 'good' | 'refused' | 'failed' | 'open' | 'neutral';
}

export interface TimeBar {
  /** Epoch ms. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** One for each stack, from the bottom up. */
  readonly counts: readonly number[];
}

export interface TimeBarsProps {
  /** Read out, and the caption of the table. */
  readonly label: string;
  readonly stacks: readonly Stack[];
  readonly bars: readonly TimeBar[];
  /** A range that was drawn over, or one bar that was pressed. */
  readonly onSelect: (from: number, to: number) => void;
}

const FILLS: Readonly<Record<Stack['tone'], string>> = {
  good: 'fill-good/70',
  refused: 'fill-refused',
  failed: 'fill-failed',
  open: 'fill-open',
  neutral: 'fill-ink-3/45',
};

const SWATCHES: Readonly<Record<Stack['tone'], string>> = {
  good: 'bg-good/70',
  refused: 'bg-refused',
  failed: 'bg-failed',
  open: 'bg-open',
  neutral: 'bg-ink-3/45',
};

const totalOf = ({ counts }: TimeBar): number => counts.reduce((sum, one) => sum + one, 0);

interface Brush {
  readonly start: number;
  readonly end: number;
}

export function TimeBars(props: TimeBarsProps) {
  const { label, stacks, bars, onSelect } = props;
  const [over, setOver] = useState<number | null>(null);
  const [brush, setBrush] = useState<Brush | null>(null);
  const bar = over === null ? undefined : bars[over];
  return (
    <figure aria-label={label} className="m-0">
      <figcaption className="mb-1 flex h-5 items-center gap-x-4 overflow-hidden text-xs text-ink-2">
        {stacks.map(({ name, tone }, place) => (
          <span key={name} className="flex items-center gap-1.5 whitespace-nowrap">
            <span aria-hidden className={cx('size-2 rounded-xs', SWATCHES[tone])} />
            {name}
            {bar ? (
              <span className="font-medium text-ink tabular-nums">
                {count(bar.counts[place] ?? 0)}
              </span>
            ) : null}
          </span>
        ))}
        <span className="ml-auto truncate tabular-nums max-md:hidden">
          {bar ? `${shortTime(bar.from)} – ${shortTime(bar.to)}` : ''}
        </span>
      </figcaption>
      <Canvas {...props} over={over} onOver={setOver} brush={brush} onBrush={setBrush} />
      <Axis bars={bars} />
      <ChartTable
        label={label}
        columns={stacks.map(({ name }) => name)}
        rows={() =>
          bars
            .filter((bar) => totalOf(bar) > 0)
            .map(({ from, to, counts }) => ({
              at: from,
              cells: stacks.map((_, place) => count(counts[place] ?? 0)),
              onChoose: () => onSelect(from, to),
            }))
        }
      />
    </figure>
  );
}

interface CanvasProps extends TimeBarsProps {
  readonly over: number | null;
  readonly onOver: (place: number | null) => void;
  readonly brush: Brush | null;
  readonly onBrush: (brush: Brush | null) => void;
}

function Canvas({ stacks, bars, onSelect, over, onOver, brush, onBrush }: CanvasProps) {
  const placeOf = ({ currentTarget, clientX }: PointerEvent) => {
    const { left, width } = currentTarget.getBoundingClientRect();
    const place = Math.floor(((clientX - left) / width) * bars.length);
    return Math.max(0, Math.min(bars.length - 1, place));
  };
  const finish = () => {
    if (brush === null) return;
    const first = bars[Math.min(brush.start, brush.end)];
    const last = bars[Math.max(brush.start, brush.end)];
    onBrush(null);
    if (first && last) onSelect(first.from, last.to);
  };
  const most = Math.max(1, ...bars.map(totalOf));
  return (
    <svg
      aria-hidden
      className="h-18 w-full cursor-crosshair touch-pan-y overflow-hidden rounded border-b border-line select-none max-md:h-12"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        const place = placeOf(event);
        onBrush({ start: place, end: place });
      }}
      onPointerMove={(event) => {
        const place = placeOf(event);
        onOver(place);
        if (brush) onBrush({ ...brush, end: place });
      }}
      onPointerUp={finish}
      onPointerCancel={() => onBrush(null)}
      onPointerLeave={() => onOver(null)}
    >
      <Marks size={bars.length} over={over} brush={brush} />
      {bars.map((bar, place) => (
        <Column
          key={bar.from}
          bar={bar}
          place={place}
          size={bars.length}
          most={most}
          stacks={stacks}
        />
      ))}
    </svg>
  );
}

interface MarksProps {
  readonly size: number;
  readonly over: number | null;
  readonly brush: Brush | null;
}

function Marks({ size, over, brush }: MarksProps) {
  const first = brush ? Math.min(brush.start, brush.end) : over;
  if (first === null || size === 0) return null;
  const length = brush ? Math.abs(brush.end - brush.start) + 1 : 1;
  return (
    <rect
      x={`${(first / size) * 100}%`}
      width={`${(length / size) * 100}%`}
      height="100%"
      className={brush ? 'fill-accent/25' : 'fill-ink-3/15'}
    />
  );
}

interface ColumnProps {
  readonly bar: TimeBar;
  readonly place: number;
  readonly size: number;
  readonly most: number;
  readonly stacks: readonly Stack[];
}

/** Something that is there is seen, however small it is beside the highest bar. */
const LEAST_PERCENT = 2;

function Column({ bar, place, size, most, stacks }: ColumnProps) {
  let top = 100;
  return stacks.map(({ name, tone }, index) => {
    const value = bar.counts[index] ?? 0;
    if (value === 0) return null;
    const height = Math.min(top, Math.max(LEAST_PERCENT, (value / most) * 96));
    top -= height;
    return (
      <rect
        key={name}
        x={`${((place + 0.1) / size) * 100}%`}
        width={`${(0.8 / size) * 100}%`}
        y={`${top}%`}
        height={`${height}%`}
        className={FILLS[tone]}
      />
    );
  });
}

const LABELS = 4;

function Axis({ bars }: { readonly bars: readonly TimeBar[] }) {
  const step = Math.max(1, Math.ceil(bars.length / LABELS));
  const shown = bars.filter((_, place) => place % step === 0);
  return (
    <div aria-hidden className="relative mt-0.5 h-4 text-[0.6875rem] text-ink-3 tabular-nums">
      {shown.map(({ from }, place) => (
        <span
          key={from}
          className={cx('absolute whitespace-nowrap', place % 2 === 1 && 'max-md:hidden')}
          style={{ left: `${((place * step) / bars.length) * 100}%` }}
        >
          {shortTime(from)}
        </span>
      ))}
    </div>
  );
}
