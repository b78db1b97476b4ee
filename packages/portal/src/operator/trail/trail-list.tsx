import { useCallback } from 'react';

import { addressOf } from '../../shared/api/client.ts';
import type { Entry } from '../../shared/api/types.ts';
import { useIsNarrow } from '../../shared/ui/use-media.ts';
import { EntryDrawer } from '../entry/entry-drawer.tsx';
import { useOpenEntry } from '../entry/use-open-entry.ts';
import { tokensOf } from './filters.ts';
import { NothingFound, NothingYet, QuestionFailed } from './nothing-found.tsx';
import type { PagedRows } from './paged-rows.ts';
import { NARROW_ROW_PX, ROW_PX, RowHeader, TrailRow } from './row.tsx';
import type { Question } from './use-question.ts';
import { useRowKeys } from './use-row-keys.ts';
import { VirtualRows } from './virtual-rows.tsx';

interface TrailListProps {
  readonly question: Question;
  readonly rows: PagedRows<Entry>;
  readonly fresh: readonly Entry[];
  readonly coveredPx: number;
}

const SETUP_MAX = 30;

/** Whether it is short, and all that happened was done to set things up. */
function isOnlySetup(rows: PagedRows<Entry>): boolean {
  if (!rows.isEnd || rows.count === 0 || rows.count > SETUP_MAX) return false;
  const categories = Array.from({ length: rows.count }, (_, at) => rows.row(at)?.category);
  return categories.every((category) => category === 'admin' || category === 'system');
}

export function TrailList({ question, rows, fresh, coveredPx }: TrailListProps) {
  const isNarrow = useIsNarrow();
  const { openId, show } = useOpenEntry();
  const keys = useRowKeys({ first: -fresh.length, last: rows.count - 1, what: 'entry' });
  const { move, setAt } = keys;
  const rowAt = (at: number) => (at < 0 ? fresh[fresh.length + at] : rows.row(at));
  const open = useCallback(
    (entry: Entry, at: number) => {
      setAt(at);
      show(entry.event_id);
    },
    [setAt, show],
  );
  const step = (by: 1 | -1) => {
    const to = (keys.at ?? 0) + by;
    const next = rowAt(to);
    if (!next) return;
    move(to, { isFocused: false });
    show(next.event_id, { replace: true });
  };
  // The address follows a moment after a step: what is open is then beside where the keys are.
  const near = keys.at === null ? [] : [keys.at, keys.at - 1, keys.at + 1].map(rowAt);
  const known = near.find((entry) => entry !== undefined && entry.event_id === openId);
  return (
    <>
      <VirtualRows
        label="Entries"
        rows={rows}
        fresh={fresh}
        rowPx={isNarrow ? NARROW_ROW_PX : ROW_PX}
        coveredPx={coveredPx}
        header={<RowHeader />}
        target={keys.target}
        empty={<NothingFound question={question} what="entries" />}
        failed={
          <QuestionFailed question={question} error={rows.error} retry={() => rows.retry()} />
        }
        render={(entry, place) => (
          <TrailRow
            entry={entry}
            at={place}
            href={addressOf('/trail', { ...question.search, event: entry.event_id })}
            isChosen={place === keys.at}
            isOpen={entry.event_id === openId}
            isFresh={place < 0}
            isNarrow={isNarrow}
            onOpen={open}
          />
        )}
      />
      {isOnlySetup(rows) && tokensOf(question.search).length === 0 ? <NothingYet /> : null}
      <EntryDrawer
        eventId={openId}
        onClose={() => show(undefined)}
        known={known}
        {...(known ? { onStep: step } : {})}
      />
    </>
  );
}
