import type { Mood } from '@affidavit/schema/sentence';
import { Ban, CircleCheck, CircleDashed, CircleX, type LucideIcon } from 'lucide-react';

import type { Entry } from '../../shared/api/types.ts';
import { Badge, inWords, outcomeTone } from '../../shared/ui/badge.tsx';
import { cx } from '../../shared/ui/cx.ts';

const ICONS: Readonly<Record<Mood, LucideIcon>> = {
  good: CircleCheck,
  refused: Ban,
  failed: CircleX,
  open: CircleDashed,
};

const COLOURS: Readonly<Record<Mood, string>> = {
  good: 'text-good',
  refused: 'text-refused',
  failed: 'text-failed',
  open: 'text-open',
};

/** A shape for each way things end, beside the words that say it. */
export function MoodIcon({
  mood,
  className,
}: {
  readonly mood: Mood;
  readonly className?: string;
}) {
  const Icon = ICONS[mood];
  return <Icon aria-hidden className={cx('size-4 shrink-0', COLOURS[mood], className)} />;
}

/** How an entry ended. What has no outcome announced something: its outcome is an entry of its own. */
export function OutcomeBadge({ entry }: { readonly entry: Entry }) {
  const { outcome, error_code: code } = entry;
  if (outcome === undefined) {
    return entry.execution_id === undefined ? null : <Badge tone="neutral">intent</Badge>;
  }
  return (
    <Badge tone={outcomeTone(outcome)} {...(code === undefined ? {} : { title: code })}>
      {inWords(outcome)}
    </Badge>
  );
}
