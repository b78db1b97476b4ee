import { plain } from '@affidavit/schema/plain';
import { sentenceOf } from '@affidavit/schema/sentence';
import { memo, type ReactNode } from 'react';

import type { Entry } from '../../shared/api/types.ts';
import { duration, exactTime, shortTime } from '../../shared/format/time.ts';
import { cx } from '../../shared/ui/cx.ts';
import { MoodIcon, OutcomeBadge } from '../entry/mood.tsx';

/** One entry in a line; in two where there is little room. */

export const ROW_PX = 38;
export const NARROW_ROW_PX = 64;

export const COLUMNS =
  'grid grid-cols-[7.5rem_minmax(0,9.5rem)_minmax(0,1fr)_minmax(0,11rem)_7rem_4.5rem] items-center gap-x-3 px-3 ' +
  'max-2xl:grid-cols-[7.5rem_minmax(0,9.5rem)_minmax(0,1fr)_7rem_4.5rem]';

export const RowHeader = () => (
  <div role="rowgroup" className="max-md:sr-only">
    <div
      role="row"
      className={cx(COLUMNS, 'h-8 border-b border-line text-xs font-medium text-ink-3')}
    >
      <span role="columnheader">Time</span>
      <span role="columnheader">Who</span>
      <span role="columnheader">What</span>
      <span role="columnheader" className="max-2xl:hidden">
        For whom
      </span>
      <span role="columnheader">Outcome</span>
      <span role="columnheader" className="text-right">
        Took
      </span>
    </div>
  </div>
);

interface RowProps {
  readonly entry: Entry;
  readonly at: number;
  readonly href: string;
  readonly isChosen: boolean;
  readonly isOpen: boolean;
  readonly isFresh: boolean;
  readonly isNarrow: boolean;
  /** What is said where an outcome is missing. */
  readonly unended?: string;
  readonly onOpen: (entry: Entry, at: number) => void;
}

export const TrailRow = memo(function TrailRow(props: RowProps) {
  const { isChosen, isOpen, isFresh, isNarrow } = props;
  return (
    <div
      className={cx(
        'relative h-full hover:bg-sunken',
        (isOpen || isChosen) && 'bg-accent-soft hover:bg-accent-soft',
        isFresh && 'animate-[glide_400ms_ease-out]',
      )}
    >
      {isNarrow ? <Narrow {...props} /> : <Wide {...props} />}
    </div>
  );
});

const tookOf = ({ latency_ms, duration_ms }: Entry): string => {
  const took = latency_ms ?? duration_ms;
  return took === undefined ? '' : duration(took);
};

const whomOf = ({ principal_email, principal_id }: Entry): string =>
  plain(principal_email ?? principal_id);

function Wide(props: RowProps) {
  const { entry } = props;
  const { who, what, forWhom, why, mood } = sentenceOf(entry);
  const whom = whomOf(entry);
  return (
    <div className={cx(COLUMNS, 'h-full')} role="presentation">
      <span role="cell" className="truncate text-xs text-ink-3 tabular-nums">
        <time dateTime={entry.created_at} title={exactTime(entry.created_at)}>
          {shortTime(entry.created_at)}
        </time>
      </span>
      <span role="cell" className="truncate font-medium" title={who}>
        {who}
      </span>
      <span role="cell" className="flex min-w-0 items-center gap-2">
        <MoodIcon mood={mood} muted={entry.outcome === undefined} />
        <OpenLink {...props} className="min-w-0 truncate">
          {what}
          {forWhom ? <span className="text-ink-2 2xl:hidden"> {forWhom}</span> : null}
          {why ? <span className="text-ink-3"> {why}</span> : null}
        </OpenLink>
      </span>
      <span role="cell" className="truncate text-ink-2 max-2xl:hidden" title={whom}>
        {whom}
      </span>
      <span role="cell" className="min-w-0">
        <OutcomeBadge entry={entry} unended={props.unended} calm />
      </span>
      <span role="cell" className="text-right text-xs text-ink-3 tabular-nums">
        {tookOf(entry)}
      </span>
    </div>
  );
}

function Narrow(props: RowProps) {
  const { entry } = props;
  const { who, what, forWhom, mood } = sentenceOf(entry);
  return (
    <div role="presentation" className="flex h-full flex-col justify-center px-3">
      <span role="cell" className="flex min-w-0 items-center gap-2">
        <MoodIcon mood={mood} muted={entry.outcome === undefined} />
        <OpenLink {...props} className="min-w-0 truncate">
          <span className="font-medium">{who}</span> {[what, forWhom].filter(Boolean).join(' ')}
        </OpenLink>
      </span>
      <span role="cell" className="mt-0.5 flex items-center gap-3 pl-6 text-xs text-ink-3">
        <time dateTime={entry.created_at}>{shortTime(entry.created_at)}</time>
        <OutcomeBadge entry={entry} unended={props.unended} calm />
        <span className="ml-auto">{tookOf(entry)}</span>
      </span>
    </div>
  );
}

interface OpenLinkProps extends RowProps {
  readonly className: string;
  readonly children: ReactNode;
}

/** The whole row leads to it. A plain link: hundreds of them come and go while one scrolls. */
function OpenLink({ entry, at, href, onOpen, className, children }: OpenLinkProps) {
  return (
    <a
      href={href}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        onOpen(entry, at);
      }}
      className={cx('after:absolute after:inset-0 focus-visible:outline-offset-3', className)}
    >
      {children}
    </a>
  );
}
