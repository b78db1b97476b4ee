import type { Mood } from '@affidavit/schema/sentence';
import type { ReactNode } from 'react';

import { cx } from './cx.ts';

export type Tone = Mood | 'neutral' | 'accent';

const TONES: Readonly<Record<Tone, string>> = {
  good: 'bg-good-soft text-good',
  refused: 'bg-refused-soft text-refused',
  failed: 'bg-failed-soft text-failed',
  open: 'bg-open-soft text-open',
  accent: 'bg-accent-soft text-accent',
  neutral: 'bg-sunken text-ink-2',
};

interface BadgeProps {
  readonly tone?: Tone;
  readonly children: ReactNode;
  readonly title?: string | undefined;
  readonly className?: string;
}

/** A short word on a state. The colour never says more than the word. */
export function Badge({ tone = 'neutral', children, title, className }: BadgeProps) {
  return (
    <span
      title={title}
      className={cx(
        'inline-flex max-w-full items-center truncate rounded px-1.5 py-0.5 text-xs font-medium',
        TONES[tone],
        className,
      )}
    >
      {children}
    </span>
  );
}

/** Which tone the outcome of a call has. */
export function outcomeTone(outcome: string | undefined): Tone {
  if (outcome === undefined) return 'open';
  if (outcome === 'success' || outcome === 'replayed') return 'good';
  if (outcome === 'dry_run') return 'neutral';
  if (outcome === 'policy_denied' || outcome === 'blocked') return 'refused';
  return outcome === 'unknown' ? 'open' : 'failed';
}

/** `policy_denied` as `policy denied`. */
export const inWords = (name: string): string => name.replaceAll('_', ' ');
