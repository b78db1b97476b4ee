import { plain } from '@affidavit/schema/plain';
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

interface MoodIconProps {
  readonly mood: Mood;
  /** Without its colour. */
  readonly muted?: boolean;
  readonly className?: string;
}

/** A shape for each way things end, beside the words that say it. */
export function MoodIcon({ mood, muted = false, className }: MoodIconProps) {
  const Icon = ICONS[mood];
  const colour = muted ? 'text-ink-3' : COLOURS[mood];
  return <Icon aria-hidden className={cx('size-4 shrink-0', colour, className)} />;
}

interface OutcomeProps {
  readonly entry: Entry;
  /** What went well is not coloured: in lists, the eye should find the rest. */
  readonly calm?: boolean;
  /** In lists of executions, where an outcome that is missing has not come yet. */
  readonly unended?: string | undefined;
}

/** How an entry ended. What has no outcome announced something: its outcome is an entry of its own. */
export function OutcomeBadge({ entry, calm = false, unended }: OutcomeProps) {
  const { outcome, error_code: code, governance_status: governance } = entry;
  if (outcome === undefined) {
    if (unended !== undefined) return <Badge tone="open">{unended}</Badge>;
    if (isIntent(entry)) return <Badge>intent</Badge>;
    return governance === undefined ? null : <Badge>{inWords(governance)}</Badge>;
  }
  const tone = outcomeTone(outcome);
  if (calm && tone === 'good')
    return <span className="text-xs text-ink-3">{inWords(outcome)}</span>;
  return (
    <Badge tone={tone} {...(code === undefined ? {} : { title: plain(code) })}>
      {inWords(outcome)}
    </Badge>
  );
}

/** Says what is about to happen. Decisions of people are part of an execution, and no intent. */
export const isIntent = ({ outcome, execution_id, event_type }: Entry): boolean =>
  outcome === undefined && execution_id !== undefined && !event_type.startsWith('approval.');
