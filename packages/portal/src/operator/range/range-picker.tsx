import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';

import { TextField } from '../../shared/ui/field.tsx';
import { FormDialog } from '../../shared/ui/form.tsx';
import { one, type Search } from '../search.ts';
import {
  choiceOf,
  CUSTOM,
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
    });
}

const SELECT =
  'min-h-8 rounded-md border border-line-strong bg-panel py-1 pr-7 pl-2.5 text-sm font-medium text-ink';

/** Which time a page is about; it stands in the address. */
export function RangePicker({ preset }: { readonly preset: string }) {
  const search: Search = useSearch({ strict: false });
  const [isOpen, setIsOpen] = useState(false);
  const setPeriod = useSetPeriod();
  const choose = (value: string) => {
    if (value === CUSTOM) setIsOpen(true);
    else setPeriod({ range: value });
  };
  return (
    <>
      <select
        aria-label="Time range"
        value={choiceOf(search, preset)}
        onChange={(event) => choose(event.target.value)}
        className={SELECT}
      >
        {PRESETS.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
        <option value={EVER}>All time</option>
        <option value={CUSTOM}>From … to …</option>
      </select>
      {choiceOf(search, preset) === CUSTOM ? <Custom search={search} /> : null}
      {isOpen ? (
        <Moments period={periodOf(search, preset)} onClose={() => setIsOpen(false)} />
      ) : null}
    </>
  );
}

/** The two moments, in words of the reader; pressing it changes them. */
function Custom({ search }: { readonly search: Search }) {
  const [isOpen, setIsOpen] = useState(false);
  const { from, to } = { from: one(search, 'from'), to: one(search, 'to') };
  const said = (time: string | undefined) => toLocalInput(time).replace('T', ' ') || '…';
  return (
    <>
      <button
        type="button"
        onClick={() => setIsOpen(true)}
        className="min-h-8 rounded-md px-2 text-sm text-accent tabular-nums hover:underline"
      >
        {said(from)} to {to === undefined ? 'now' : said(to)}
      </button>
      {isOpen ? (
        <Moments
          period={{ ...(from ? { from } : {}), ...(to ? { to } : {}) }}
          onClose={() => setIsOpen(false)}
        />
      ) : null}
    </>
  );
}

interface MomentsProps {
  readonly period: Period;
  readonly onClose: () => void;
}

function Moments({ period, onClose }: MomentsProps) {
  const [from, setFrom] = useState(toLocalInput(period.from));
  const [to, setTo] = useState(toLocalInput(period.to));
  const setPeriod = useSetPeriod();
  const isTurned = from !== '' && to !== '' && from >= to;
  const apply = () => {
    const [first, last] = [fromLocalInput(from), fromLocalInput(to)];
    const chosen = { ...(first ? { from: first } : {}), ...(last ? { to: last } : {}) };
    setPeriod(first || last ? chosen : { range: EVER });
    onClose();
  };
  return (
    <FormDialog
      open
      onClose={onClose}
      title="From … to …"
      description="In the time zone of this browser. Leave one empty for the beginning, or for now."
      action="Show"
      busy={false}
      disabled={isTurned}
      onSubmit={apply}
    >
      <TextField label="From" type="datetime-local" step={1} value={from} onChange={setFrom} />
      <TextField
        label="To, without it"
        type="datetime-local"
        step={1}
        value={to}
        onChange={setTo}
        error={isTurned ? 'This is before the beginning.' : null}
      />
    </FormDialog>
  );
}
