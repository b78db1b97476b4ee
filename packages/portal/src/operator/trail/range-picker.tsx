import { Popover } from '@base-ui/react/popover';
import { CalendarClock } from 'lucide-react';
import { useState } from 'react';

import { shortTime } from '../../shared/format/time.ts';
import { Button } from '../../shared/ui/button.tsx';
import { cx } from '../../shared/ui/cx.ts';
import { TextField } from '../../shared/ui/field.tsx';
import { one, type Search } from '../search.ts';
import { fromLocal, RANGES, toLocal } from './ranges.ts';
import type { Question } from './use-question.ts';

function labelOf(search: Search): string {
  const range = RANGES.find(({ value }) => value === one(search, 'range'));
  if (range) return range.label;
  const [from, to] = ['from', 'to'].map((name) => {
    const time = one(search, name);
    return time === undefined || toLocal(time) === '' ? undefined : shortTime(time);
  });
  if (from && to) return `${from} – ${to}`;
  if (from) return `Since ${from}`;
  return to ? `Before ${to}` : 'All time';
}

/** The time that a list is about: counted back from now, or from one moment to another. */
export function RangePicker({ search, change }: Question) {
  const [isOpen, setIsOpen] = useState(false);
  const choose = (range: Search) => {
    setIsOpen(false);
    change((before) => ({ ...before, range: undefined, from: undefined, to: undefined, ...range }));
  };
  const chosen = one(search, 'range');
  const isAll = !chosen && !one(search, 'from') && !one(search, 'to');
  return (
    <Popover.Root open={isOpen} onOpenChange={setIsOpen}>
      <Popover.Trigger
        render={
          <Button className="min-h-10 max-w-full overflow-hidden">
            <CalendarClock aria-hidden />
            <span className="truncate">{labelOf(search)}</span>
          </Button>
        }
      />
      <Popover.Portal>
        <Popover.Positioner sideOffset={4} align="end" className="z-40">
          <Popover.Popup
            aria-label="Range of time"
            className="w-72 rounded-lg border border-line bg-panel p-2 shadow-float"
          >
            {[...RANGES, { value: undefined, label: 'All time' }].map(({ value, label }) => (
              <button
                key={label}
                type="button"
                aria-pressed={value === undefined ? isAll : value === chosen}
                onClick={() => choose({ range: value })}
                className={cx(
                  'block w-full rounded-md px-2.5 py-1.5 text-left text-sm hover:bg-sunken',
                  'aria-pressed:bg-accent-soft aria-pressed:font-medium aria-pressed:text-accent',
                )}
              >
                {label}
              </button>
            ))}
            <Custom search={search} onChoose={choose} />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}

interface CustomProps {
  readonly search: Search;
  readonly onChoose: (range: Search) => void;
}

function Custom({ search, onChoose }: CustomProps) {
  const [from, setFrom] = useState(() => toLocal(one(search, 'from')));
  const [to, setTo] = useState(() => toLocal(one(search, 'to')));
  const isBackwards = from !== '' && to !== '' && from >= to;
  return (
    <form
      className="mt-2 space-y-2 border-t border-line px-1 pt-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isBackwards) onChoose({ from: fromLocal(from), to: fromLocal(to) });
      }}
    >
      <TextField label="From" type="datetime-local" step="1" value={from} onChange={setFrom} />
      <TextField
        label="Before"
        type="datetime-local"
        step="1"
        value={to}
        onChange={setTo}
        hint="In the time of this computer"
        error={isBackwards ? 'This is not after the beginning' : null}
      />
      <Button type="submit" look="primary" className="w-full">
        Show this range
      </Button>
    </form>
  );
}
