import { useEffect, useRef, useState } from 'react';

import { shortTime } from '../format/time.ts';
import { cx } from '../ui/cx.ts';
import { ChartTable } from './chart-table.tsx';
import { useColours, type Colour } from './colours.ts';
import type { Line } from './draw-lines.ts';

interface TimeLinesProps {
  readonly name: string;
  /** What it shows, in a sentence, for those who do not see it. */
  readonly summary: string;
  readonly at: readonly number[];
  readonly step_ms: number;
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
  /** The rows behind one step of time. */
  readonly onPick: (index: number) => void;
  readonly onBrush: (first: number, last: number) => void;
}

const HEIGHT = 180;

const SWATCHES: Readonly<Record<Colour, string>> = {
  accent: 'bg-accent',
  good: 'bg-good',
  refused: 'bg-refused',
  failed: 'bg-failed',
  open: 'bg-open',
  'ink-3': 'bg-ink-3',
  line: 'bg-line',
};

/** Figures over time, that lead to the rows behind them; also as a table. */
export function TimeLines(props: TimeLinesProps) {
  const { name, summary, at, lines, format } = props;
  const [index, setIndex] = useState<number | null>(null);
  const colours = useColours();
  const point = index !== null && index < at.length ? index : null;
  return (
    <figure aria-label={name}>
      <figcaption className="mb-1 flex flex-wrap items-baseline gap-x-4 gap-y-1 text-xs text-ink-2">
        <h2 className="text-sm font-medium text-ink">{name}</h2>
        {lines.map((line) => (
          <span key={line.name} className="inline-flex items-baseline gap-1.5">
            <span
              aria-hidden
              className={cx('inline-block h-0.5 w-3 self-center', SWATCHES[line.tone])}
            />
            {line.name}
            {point === null ? null : (
              <span className="font-medium text-ink tabular-nums">
                {said(line.values[point], format)}
              </span>
            )}
          </span>
        ))}
        <span className="grow text-right tabular-nums">
          {point === null ? '' : shortTime(at[point] as number)}
        </span>
        <span className="sr-only">{summary}</span>
      </figcaption>
      <Canvas key={colours} {...props} onPoint={setIndex} />
      <ChartTable
        label={name}
        columns={lines.map((line) => line.name)}
        rows={() =>
          at.map((time, place) => ({
            at: time,
            cells: lines.map((line) => said(line.values[place], format)),
            onChoose: () => props.onPick(place),
          }))
        }
      />
    </figure>
  );
}

const said = (value: number | null | undefined, format: (value: number) => string) =>
  value === null || value === undefined ? 'none' : format(value);

interface CanvasProps extends TimeLinesProps {
  readonly onPoint: (index: number | null) => void;
}

function Canvas({ at, step_ms, lines, ...others }: CanvasProps) {
  const into = useRef<HTMLDivElement>(null);
  const latest = useRef(others);
  useEffect(() => {
    latest.current = others;
  });
  useEffect(() => {
    let erase: (() => void) | undefined;
    let isGone = false;
    const draw = async (on: HTMLElement) => {
      const { drawLines } = await import('./draw-lines.ts');
      if (isGone) return;
      erase = drawLines({
        into: on,
        at,
        step_ms,
        lines,
        height: HEIGHT,
        format: (value) => latest.current.format(value),
        onPoint: (index) => latest.current.onPoint(index),
        onPick: (index) => latest.current.onPick(index),
        onBrush: (first, last) => latest.current.onBrush(first, last),
      });
    };
    if (into.current) void draw(into.current);
    return () => {
      isGone = true;
      erase?.();
    };
  }, [at, step_ms, lines]);
  return <div ref={into} aria-hidden className="h-45 cursor-pointer overflow-hidden" />;
}
