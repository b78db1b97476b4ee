import 'uplot/dist/uPlot.min.css';

import uPlot from 'uplot';

import { colour, type Colour } from './colours.ts';

/** Draws lines over time. Loaded when a page first shows some. */

export interface Line {
  readonly name: string;
  readonly tone: Colour;
  readonly values: readonly (number | null)[];
  /** Drawn as bars of these heights instead: those of later lines stand before them. */
  readonly bars?: readonly number[];
}

export interface Drawing {
  readonly into: HTMLElement;
  /** Where each step of time begins, epoch ms. */
  readonly at: readonly number[];
  readonly step_ms: number;
  readonly lines: readonly Line[];
  readonly height: number;
  readonly format: (value: number) => string;
  /** What the pointer is at; null when it leaves. */
  readonly onPoint: (index: number | null) => void;
  readonly onPick: (index: number) => void;
  /** A stretch was drawn with the pointer; both inclusive. */
  readonly onBrush: (first: number, last: number) => void;
}

const FONT = '11px "Inter Variable", system-ui, sans-serif';
const BRUSH_MIN_PX = 6;
const AXIS_PX = 60;
/** So many are also drawn as points: one alone has no line. */
const POINTS_MAX = 200;

function axis(extra: uPlot.Axis): uPlot.Axis {
  const line = { stroke: colour('line'), width: 1 };
  return { stroke: colour('ink-3'), font: FONT, grid: line, ticks: { ...line, size: 4 }, ...extra };
}

const BARS = uPlot.paths.bars?.({ size: [0.86, 48], align: 1 });

const DAY_S = 86_400;
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** The clock, and the day where one begins. */
function moment(seconds: number, step: number): string {
  const date = new Date(seconds * 1000);
  const isMidnight = date.getHours() === 0 && date.getMinutes() === 0;
  return (step >= DAY_S || isMidnight ? day : clock).format(date);
}

function seriesOf({ name, tone, values, bars }: Line): uPlot.Series {
  if (bars && BARS) {
    return { label: name, fill: colour(tone), paths: BARS, points: { show: false } };
  }
  const isLoose = values.length <= POINTS_MAX;
  return {
    label: name,
    stroke: colour(tone),
    width: 1.75,
    spanGaps: false,
    points: { show: isLoose, size: 5, fill: colour(tone) },
  };
}

function options({ lines, height, format, ...drawing }: Drawing, width: number): uPlot.Options {
  const { at } = drawing;
  const [first, last] = [(at[0] ?? 0) / 1000, (at.at(-1) ?? 0) / 1000];
  return {
    width,
    height,
    legend: { show: false },
    padding: [10, 20, 0, 0],
    cursor: {
      y: false,
      points: { size: 7 },
      drag: { x: true, y: false, setScale: false },
    },
    scales: {
      x: { range: () => [first, last + drawing.step_ms / 1000] },
      y: { range: (_, __, max) => [0, Math.max(max ?? 0, 1e-9) * 1.08] },
    },
    axes: [
      axis({
        size: 26,
        values: (_, ticks, __, ___, step) => ticks.map((tick) => moment(tick, step)),
      }),
      axis({ size: AXIS_PX, values: (_, ticks) => ticks.map((tick) => format(tick)) }),
    ],
    series: [{}, ...lines.map(seriesOf)],
    hooks: {
      setCursor: [({ cursor }) => drawing.onPoint(cursor.idx ?? null)],
      setSelect: [(plot) => brushed(plot, drawing)],
    },
  };
}

function brushed(plot: uPlot, { at, onBrush }: Pick<Drawing, 'at' | 'onBrush'>): void {
  const { left, width } = plot.select;
  if (width < BRUSH_MIN_PX) return;
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  onBrush(plot.posToIdx(left), Math.min(at.length - 1, plot.posToIdx(left + width)));
}

/** Returns what takes it away again. */
export function drawLines(drawing: Drawing): () => void {
  const { into, at, lines, height, onPick } = drawing;
  const data = [
    at.map((ms) => ms / 1000),
    ...lines.map(({ values, bars }) => [...(bars ?? values)]),
  ];
  const plot = new uPlot(options(drawing, into.clientWidth), data as uPlot.AlignedData, into);
  let pressedAt: number | null = null;
  plot.over.addEventListener('mousedown', ({ clientX }) => (pressedAt = clientX));
  plot.over.addEventListener('click', ({ clientX }) => {
    const isClick = pressedAt !== null && Math.abs(clientX - pressedAt) < BRUSH_MIN_PX;
    const { idx } = plot.cursor;
    if (isClick && idx !== null && idx !== undefined) onPick(idx);
  });
  const resized = new ResizeObserver(() => plot.setSize({ width: into.clientWidth, height }));
  resized.observe(into);
  return () => {
    resized.disconnect();
    plot.destroy();
  };
}
