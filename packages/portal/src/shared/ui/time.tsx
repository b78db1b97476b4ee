import { useEffect, useState } from 'react';

import { ago, exactTime, shortTime } from '../format/time.ts';

const TICK_MS = 30_000;

interface TimeProps {
  readonly at: string | number;
  /** `ago` by default; `short` is the day and the clock. */
  readonly as?: 'ago' | 'short';
}

/** A time as people read it, with the exact one in its title. */
export function Time({ at, as = 'ago' }: TimeProps) {
  const [, tick] = useState(0);
  useEffect(() => {
    if (as !== 'ago') return undefined;
    const timer = setInterval(() => tick((n) => n + 1), TICK_MS);
    return () => clearInterval(timer);
  }, [as]);
  const iso = new Date(at).toISOString();
  return (
    <time dateTime={iso} title={exactTime(at)} className="whitespace-nowrap tabular-nums">
      {as === 'ago' ? ago(at) : shortTime(at)}
    </time>
  );
}
