import { Filter } from 'lucide-react';
import { useMemo, useState, type ReactNode } from 'react';

import { Button } from '../../shared/ui/button.tsx';
import { cx } from '../../shared/ui/cx.ts';
import { Drawer } from '../../shared/ui/dialog.tsx';
import { useShortcuts } from '../../shared/ui/shortcuts.ts';
import { useMedia } from '../../shared/ui/use-media.ts';
import { Facets } from './facets.tsx';
import { FilterBar } from './filter-bar.tsx';
import { tokensOf } from './filters.ts';
import { RangePicker } from './range-picker.tsx';
import { useHeight } from './use-height.ts';
import type { Question } from './use-question.ts';

interface ListFrameProps {
  readonly question: Question;
  /** Between the filters and the list. */
  readonly above?: ReactNode;
  /** Told how much of the top of the window is covered while one scrolls. */
  readonly children: (coveredPx: number) => ReactNode;
}

const HAS_ROOM = '(min-width: 1024px)';
const MENU_PX = 49;

/** Filters that stay in view, values to choose from beside the list, and the list. */
export function ListFrame({ question, above, children }: ListFrameProps) {
  const hasRoom = useMedia(HAS_ROOM);
  const [bar, barPx] = useHeight<HTMLDivElement>();
  const [isAside, setIsAside] = useState(true);
  const [isDrawer, setIsDrawer] = useState(false);
  const coveredPx = barPx + (hasRoom ? 0 : MENU_PX);
  useShortcuts(
    useMemo(() => {
      const toggle = () => (hasRoom ? setIsAside((is) => !is) : setIsDrawer(true));
      return [{ keys: 'f', does: 'Show or hide the values to filter by', run: toggle }];
    }, [hasRoom]),
  );
  const set = tokensOf(question.search).length;
  return (
    <>
      <div
        ref={bar}
        className="sticky top-0 z-10 -mx-1 flex flex-wrap items-start gap-2 bg-paper px-1 py-2 max-lg:top-[49px]"
      >
        <Button
          className="min-h-10"
          aria-expanded={hasRoom ? isAside : isDrawer}
          aria-label={set === 0 ? 'Values to filter by' : `Values to filter by, ${set} chosen`}
          onClick={() => (hasRoom ? setIsAside(!isAside) : setIsDrawer(true))}
        >
          <Filter aria-hidden />
        </Button>
        <div className="min-w-0 grow max-md:order-first max-md:w-full">
          <FilterBar {...question} />
        </div>
        <RangePicker {...question} />
      </div>
      <div className={cx(hasRoom && isAside && 'grid grid-cols-[14rem_minmax(0,1fr)] gap-x-5')}>
        {hasRoom && isAside ? (
          <aside
            aria-label="Values to filter by"
            className="sticky self-start overflow-y-auto pb-6"
            style={{ top: coveredPx, maxHeight: `calc(100dvh - ${coveredPx}px)` }}
          >
            <Facets {...question} />
          </aside>
        ) : null}
        <div className="min-w-0">
          {above}
          {children(coveredPx)}
        </div>
      </div>
      <Drawer open={isDrawer && !hasRoom} onClose={() => setIsDrawer(false)} title="Filter by">
        <Facets {...question} />
      </Drawer>
    </>
  );
}
