import { Filter } from 'lucide-react';
import { useCallback, useMemo, useState, type ReactNode } from 'react';

import { Button } from '../../shared/ui/button.tsx';
import { cx } from '../../shared/ui/cx.ts';
import { Drawer } from '../../shared/ui/dialog.tsx';
import { useShortcuts } from '../../shared/ui/shortcuts.ts';
import { useMedia } from '../../shared/ui/use-media.ts';
import { Facets } from './facets.tsx';
import { FilterBar } from './filter-bar.tsx';
import { tokensOf } from './filters.ts';
import { EVER } from '../range/range.ts';
import { RangePicker } from '../range/range-picker.tsx';
import { useHeight } from './use-height.ts';
import type { Question } from './use-question.ts';

interface ListFrameProps {
  readonly question: Question;
  /** Values are counted over entries: lists of something else have none. */
  readonly hasFacets?: boolean;
  /** Whether they may be counted already. */
  readonly mayCount?: boolean;
  /** Between the filters and the list. */
  readonly above?: ReactNode;
  /** Told how much of the top of the window is covered while one scrolls. */
  readonly children: (coveredPx: number) => ReactNode;
}

const HAS_ROOM = '(min-width: 1024px)';
const MENU_PX = 49;

interface FacetsState {
  readonly hasRoom: boolean;
  readonly isBeside: boolean;
  readonly isDrawer: boolean;
  readonly toggle: () => void;
  readonly close: () => void;
}

/** Beside the list where there is room, else in a drawer; `f` shows and hides them. */
function useFacetsState(hasFacets: boolean): FacetsState {
  const hasRoom = useMedia(HAS_ROOM);
  const [isAside, setIsAside] = useState(true);
  const [isDrawer, setIsDrawer] = useState(false);
  const toggle = useCallback(
    () => (hasRoom ? setIsAside((is) => !is) : setIsDrawer(true)),
    [hasRoom],
  );
  const does = 'Show or hide the values to filter by';
  useShortcuts(
    useMemo(() => (hasFacets ? [{ keys: 'f', does, run: toggle }] : []), [hasFacets, toggle]),
  );
  return {
    hasRoom,
    isBeside: hasFacets && hasRoom && isAside,
    isDrawer: hasFacets && !hasRoom && isDrawer,
    toggle,
    close: () => setIsDrawer(false),
  };
}

/** Filters that stay in view, values to choose from beside the list, and the list. */
export function ListFrame(props: ListFrameProps) {
  const { question, hasFacets = true, mayCount = true, above, children } = props;
  const [bar, barPx] = useHeight<HTMLDivElement>();
  const facets = useFacetsState(hasFacets);
  const coveredPx = barPx + (facets.hasRoom ? 0 : MENU_PX);
  return (
    <>
      <div
        ref={bar}
        className="sticky top-0 z-10 -mx-1 flex flex-wrap items-start gap-2 bg-paper px-1 py-2 max-lg:top-[49px]"
      >
        {hasFacets ? <FacetsButton question={question} state={facets} /> : null}
        <div className="min-w-0 grow max-md:order-first max-md:w-full">
          <FilterBar {...question} />
        </div>
        <RangePicker preset={EVER} className="min-h-10" />
      </div>
      <div className={cx(facets.isBeside && 'grid grid-cols-[14rem_minmax(0,1fr)] gap-x-5')}>
        {facets.isBeside ? (
          <aside
            aria-label="Values to filter by"
            className="sticky self-start overflow-y-auto pb-6"
            style={{ top: coveredPx, maxHeight: `calc(100dvh - ${coveredPx}px)` }}
          >
            <Facets {...question} mayCount={mayCount} />
          </aside>
        ) : null}
        <div className="min-w-0">
          {above}
          {children(coveredPx)}
        </div>
      </div>
      <Drawer open={facets.isDrawer} onClose={facets.close} title="Filter by">
        <Facets {...question} mayCount={mayCount} />
      </Drawer>
    </>
  );
}

interface FacetsButtonProps {
  readonly question: Question;
  readonly state: FacetsState;
}

function FacetsButton({ question, state }: FacetsButtonProps) {
  const set = tokensOf(question.search).length;
  return (
    <Button
      className="min-h-10"
      aria-expanded={state.isBeside || state.isDrawer}
      aria-label={set === 0 ? 'Values to filter by' : `Values to filter by, ${set} chosen`}
      onClick={state.toggle}
    >
      <Filter aria-hidden />
    </Button>
  );
}
