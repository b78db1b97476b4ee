import { useEffect, useState } from 'react';

import { plural } from '../../shared/format/number.ts';

const SAMPLES_MAX = 60;
const WIDTH = 120;
const HEIGHT = 28;

interface LagLineProps {
  readonly lag: number;
  /** When the lag was read, epoch ms. */
  readonly at: number;
}

/** How far behind it was since the page was opened. */
export function LagLine({ lag, at }: LagLineProps) {
  const [samples, setSamples] = useState<readonly number[]>([]);
  useEffect(() => {
    setSamples((before) => [...before, lag].slice(-SAMPLES_MAX));
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- one sample for each answer.
  }, [at]);
  if (samples.length < 2) return null;
  const most = Math.max(1, ...samples);
  const x = (index: number) => (index / (samples.length - 1)) * WIDTH;
  const y = (value: number) => HEIGHT - 2 - (value / most) * (HEIGHT - 4);
  const points = samples.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`);
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      className="h-7 w-full text-accent"
      preserveAspectRatio="none"
      role="img"
      aria-label={`Since this page was opened: at most ${plural(most, 'entry', 'entries')} behind`}
    >
      <polyline
        points={points.join(' ')}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}
