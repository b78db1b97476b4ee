import { Popover } from '@base-ui/react/popover';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { CalendarClock } from 'lucide-react';
import { useMemo, useState } from 'react';

import { shortTime } from '../../shared/format/time.ts';
import { Button } from '../../shared/ui/button.tsx';
import { cx } from '../../shared/ui/cx.ts';
import { TextField } from '../../shared/ui/field.tsx';
import { one, type Search } from '../search.ts';
import {
  choiceOf,
  EVER,
  fromLocalInput,
  periodOf,
  PRESETS,
  toLocalInput,
  type Period,
} from './range.ts';

/** The period of the address of a page. Without `range`, `from` and `to` it is `preset`. */
export function usePeriod(preset: string): Period {
  const search: Search = useSearch({ strict: false });
  const { range, from, to } = search;
  return useMemo(() => periodOf({ range, from, to }, preset), [range, from, to, preset]);
}

const NONE = { range: undefined, from: undefined, to: undefined };

/** Goes to another period, and back by the back button. */
export function useSetPeriod() {
  const navigate = useNavigate();
  return (period: Period & { readonly range?: string }) =>
    void navigate({
      to: '.',
      search: (before: Search) => ({ ...before, ...NONE, ...period }),
      resetScroll: false,
    });
}

const CHOICES = [...PRESETS, { value: EVER, label: 'All time' }];

function labelOf(search: Search, preset: string): string {
  const choice = choiceOf(search, preset);
  const known = CHOICES.find(({ value }) => value === choice);
  if (known) return known.label;
  const [from, to] = ['from', 'to'].map((name) => {
    const time = one(search, name);
    return toLocalInput(time) === '' ? undefined : shortTime(time as string);
  });
  if (from && to) return `${from} – ${to}`;
  return from ? `Since ${from}` : `Before ${to ?? '…'}`;
}

interface RangePickerProps {
  readonly preset: string;
  readonly className?: string;
}

/** Which time a page is about: counted back from now, or from one moment to another. It stands in the address. */
export function RangePicker({ preset, className }: RangePickerProps) {
  const search: Search = useSearch({ strict: false });
  const [isOpen, setIsOpen] = useState(false);
  const setPeriod = useSetPeriod();
  const choose = (period: Parameters<typeof setPeriod>[0]) => {
    setIsOpen(false);
    setPeriod(period);
  };
  return (
    <Popover.Root open={isOpen} onOpenChange={setIsOpen}>
      <Popover.Trigger
        render={
          <Button className={cx('max-w-full overflow-hidden', className)}>
            <CalendarClock aria-hidden />
            <span className="truncate">{labelOf(search, preset)}</span>
          </Button>
        }
      />
      <Popover.Portal>
        <Popover.Positioner sideOffset={4} align="end" className="z-40">
          <Popover.Popup
            aria-label="Range of time"
            className="w-72 rounded-lg border border-line bg-panel p-2 shadow-float"
          >
            {CHOICES.map(({ value, label }) => (
              <button
                key={value}
                type="button"
                aria-pressed={value === choiceOf(search, preset)}
                onClick={() => choose({ range: value })}
                className={cx(
                  'block w-full rounded-md px-2.5 py-1.5 text-left text-sm hover:bg-sunken',
                  'aria-pressed:bg-accent-soft aria-pressed:font-medium aria-pressed:text-accent',
                )}
              >
                {label}
              </button>
            ))}
            <Moments period={periodOf(search, preset)} onChoose={choose} />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}

interface MomentsProps {
  readonly period: Period;
  readonly onChoose: (period: Period & { readonly range?: string }) => void;
}

function Moments({ period, onChoose }: MomentsProps) {
  const [from, setFrom] = useState(toLocalInput(period.from));
  const [to, setTo] = useState(toLocalInput(period.to));
  const isBackwards = from !== '' && to !== '' && from >= to;
  const apply = () => {
    const [first, last] = [fromLocalInput(from), fromLocalInput(to)];
    const chosen = { ...(first ? { from: first } : {}), ...(last ? { to: last } : {}) };
    onChoose(first || last ? chosen : { range: EVER });
  };
  return (
    <form
      className="mt-2 space-y-2 border-t border-line px-1 pt-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isBackwards) apply();
      }}
    >
      <TextField label="From" type="datetime-local" step={1} value={from} onChange={setFrom} />
      <TextField
        label="Before"
        type="datetime-local"
        step={1}
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
