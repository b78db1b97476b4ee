import { sentenceOf } from '@affidavit/schema/sentence';
import { Link } from '@tanstack/react-router';

import type { Entry } from '../../shared/api/types.ts';
import { duration } from '../../shared/format/time.ts';
import { Time } from '../../shared/ui/time.tsx';
import type { Search } from '../search.ts';
import { EntryDrawer } from './entry-drawer.tsx';
import { MoodIcon, OutcomeBadge } from './mood.tsx';
import { useOpenEntry } from './use-open-entry.ts';

interface EntryListProps {
  /** Read out as the name of the list. */
  readonly label: string;
  readonly entries: readonly Entry[];
  /** False where another list of the page opens entries already. */
  readonly drawer?: boolean;
}

/** Entries in a few words each; each opens beside the page, at `?event=`. */
export function EntryList({ label, entries, drawer = true }: EntryListProps) {
  return (
    <>
      <ul
        aria-label={label}
        className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-panel"
      >
        {entries.map((entry) => (
          <EntryRow key={entry.event_id} entry={entry} />
        ))}
      </ul>
      {drawer ? <EntryListDrawer entries={entries} /> : null}
    </>
  );
}

/** The open entry of a list, with a way to the next and the one before. */
export function EntryListDrawer({ entries }: { readonly entries: readonly Entry[] }) {
  const { openId, show } = useOpenEntry();
  const place = entries.findIndex(({ event_id }) => event_id === openId);
  const step = (by: 1 | -1) => {
    const next = entries[place + by];
    if (next) show(next.event_id, { replace: true });
  };
  return (
    <EntryDrawer
      eventId={openId}
      onClose={() => show(undefined)}
      known={entries[place]}
      {...(place === -1 ? {} : { onStep: step })}
    />
  );
}

function EntryRow({ entry }: { readonly entry: Entry }) {
  const { who, what, forWhom, why, mood } = sentenceOf(entry);
  const took = entry.latency_ms ?? entry.duration_ms;
  return (
    <li>
      <Link
        to="."
        search={(before: Search) => ({ ...before, event: entry.event_id })}
        resetScroll={false}
        preload={false}
        className="flex items-baseline gap-3 px-3 py-2 hover:bg-sunken max-md:flex-wrap max-md:gap-y-0.5"
      >
        <span className="w-32 shrink-0 text-xs text-ink-3">
          <Time at={entry.created_at} as="short" />
        </span>
        <span className="flex min-w-0 grow items-baseline gap-2 max-md:order-last max-md:w-full">
          <MoodIcon mood={mood} muted={entry.outcome === undefined} className="relative top-0.5" />
          <span className="min-w-0 truncate max-md:line-clamp-2 max-md:whitespace-normal">
            <span className="font-medium">{who}</span> {[what, forWhom].filter(Boolean).join(' ')}
            {why ? <span className="text-ink-3"> {why}</span> : null}
          </span>
        </span>
        <span className="shrink-0 max-md:ml-auto">
          <OutcomeBadge entry={entry} calm />
        </span>
        <span className="w-16 shrink-0 text-right text-xs text-ink-3 tabular-nums max-md:w-auto">
          {took === undefined ? '' : duration(took)}
        </span>
      </Link>
    </li>
  );
}
