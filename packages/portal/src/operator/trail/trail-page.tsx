import { useCallback, useMemo } from 'react';

import type { Entry } from '../../shared/api/types.ts';
import { Button } from '../../shared/ui/button.tsx';
import { Page } from '../../shared/ui/page.tsx';
import { useShortcuts } from '../../shared/ui/shortcuts.ts';
import { one } from '../search.ts';
import { ExportMenu } from './export-menu.tsx';
import { orderOf } from './filters.ts';
import { ListFrame } from './list-frame.tsx';
import { LiveButton } from './live-button.tsx';
import { OrderButton } from './order-button.tsx';
import { TrailBars } from './trail-bars.tsx';
import { TrailList } from './trail-list.tsx';
import { useFresh, type Fresh } from './use-fresh.ts';
import { useLive } from './use-live.ts';
import { isBegun, usePagedRows } from './use-paged-rows.ts';
import { useQuestion, type Question } from './use-question.ts';
import { ViewsMenu } from './views-menu.tsx';

/** The trail: what happened, newest first, with everything to find one's way in it. */
export function TrailPage() {
  const question = useQuestion();
  const { search, turn, refresh } = question;
  const order = orderOf(search);
  const asked = useMemo(() => ({ ...question.question, order }), [question.question, order]);
  const rows = usePagedRows<Entry>('/v1/events', asked, turn);
  const mayCount = isBegun(rows);
  const fresh = useFresh();
  const live = useTrailLive(question, fresh);
  useShortcuts(useMemo(() => [{ keys: 'r', does: 'Read the list anew', run: refresh }], [refresh]));
  return (
    <Page
      wide
      title="Trail"
      actions={
        <>
          <LiveButton {...live} />
          <OrderButton {...question} />
          <ViewsMenu {...question} />
          <ExportMenu {...question} />
        </>
      }
    >
      <ListFrame
        question={question}
        mayCount={mayCount}
        above={<TrailBars {...question} mayCount={mayCount} />}
      >
        {(coveredPx) => (
          <>
            <NewEntries fresh={fresh} refresh={refresh} coveredPx={coveredPx} />
            <TrailList question={question} rows={rows} fresh={fresh.shown} coveredPx={coveredPx} />
          </>
        )}
      </ListFrame>
    </Page>
  );
}

/** As long as the top of the list is in view, what is new may push the rest down. */
const IS_TOP_PX = 320;

/** Live stands in the address too; it ends with a list that has an end, or begins with the oldest. */
function useTrailLive({ search, question, change, refresh }: Question, fresh: Fresh) {
  const isOn = one(search, 'live') === '1';
  const { add, clear } = fresh;
  const onOpen = useCallback(() => {
    clear();
    refresh();
  }, [clear, refresh]);
  const onEntries = useCallback(
    (entries: readonly Entry[]) => add(entries, scrollY < IS_TOP_PX),
    [add],
  );
  const state = useLive({ isOn, question, onEntries, onOpen });
  const onToggle = useCallback(() => {
    clear();
    change((before) =>
      one(before, 'live') === '1'
        ? { ...before, live: undefined }
        : { ...before, live: '1', to: undefined, order: undefined },
    );
    refresh();
  }, [change, clear, refresh]);
  return { isOn, state, onToggle };
}

interface NewEntriesProps {
  readonly fresh: Fresh;
  readonly refresh: () => void;
  readonly coveredPx: number;
}

/** What came while one reads further down: it waits until one asks for it. */
function NewEntries({ fresh, refresh, coveredPx }: NewEntriesProps) {
  const { waiting, isFull, clear, showAll } = fresh;
  const show = () => {
    scrollTo({ top: 0 });
    if (!isFull) return showAll();
    clear();
    refresh();
  };
  return (
    <div
      aria-live="polite"
      className="pointer-events-none sticky z-10 flex h-0 justify-center"
      style={{ top: coveredPx + 40 }}
    >
      {waiting.length === 0 ? null : (
        <Button
          look="primary"
          onClick={show}
          className="pointer-events-auto rounded-full shadow-float"
        >
          {isFull ? 'Many' : waiting.length} new
        </Button>
      )}
    </div>
  );
}
