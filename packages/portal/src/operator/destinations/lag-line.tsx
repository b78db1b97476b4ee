import { useEffect, useState } from 'react';

import { Sparkline } from '../../shared/charts/sparkline.tsx';
import { plural } from '../../shared/format/number.ts';

const SAMPLES_MAX = 30;
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
  const most = plural(Math.max(...samples), 'entry', 'entries');
  return (
    <Sparkline wide label={`Since this page was opened: at most ${most} behind`} values={samples} />
  );
}
