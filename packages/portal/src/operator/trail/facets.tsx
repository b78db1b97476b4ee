import { plain } from '@affidavit/schema/plain';
import { ChevronRight } from 'lucide-react';
import { useState } from 'react';

import type { Params } from '../../shared/api/client.ts';
import { useGet } from '../../shared/api/queries.ts';
import { count, short } from '../../shared/format/number.ts';
import { cx } from '../../shared/ui/cx.ts';
import { FACETS, type FacetAnswer, type FacetCount, type FacetsAnswer } from './facet-fields.ts';
import { toggled, without } from './filters.ts';
import { all } from '../search.ts';
import type { Question } from './use-question.ts';

const SHOWN = 8;
const READ = 100;
const OPEN = FACETS.filter(({ isOpen }) => isOpen).map(({ field }) => field);

interface FacetsProps extends Question {
  /** The rows come first. */
  readonly mayCount: boolean;
}

/** Values of fields with how often they occur; several of one field are alternatives. */
export function Facets({ search, question, change, mayCount }: FacetsProps) {
  // One question for all that are open from the beginning; a field with a condition has one of its own.
  const { data, isError } = useGet<FacetsAnswer>(
    '/v1/events/facets',
    { ...question, field: OPEN, limit: READ },
    { keep: true, enabled: mayCount },
  );
  return (
    <div className="space-y-1">
      {FACETS.map(({ field, label, isOpen }) => {
        const chosen = all(search, field);
        return (
          <Facet
            key={field}
            field={field}
            label={label}
            isOpenFirst={isOpen === true || chosen.length > 0}
            question={question}
            chosen={chosen}
            counts={chosen.length === 0 ? data?.fields[field] : undefined}
            isCounted={isOpen === true && chosen.length === 0}
            hasFailed={isError}
            mayCount={mayCount}
            onToggle={(value) => change((before) => toggled(before, { name: field, value }))}
          />
        );
      })}
    </div>
  );
}

interface FacetProps {
  readonly field: string;
  readonly label: string;
  readonly isOpenFirst: boolean;
  readonly question: Params;
  readonly chosen: readonly string[];
  /** What the question of all says of it. */
  readonly counts: readonly FacetCount[] | undefined;
  readonly isCounted: boolean;
  readonly hasFailed: boolean;
  readonly mayCount: boolean;
  readonly onToggle: (value: string) => void;
}

function Facet(props: FacetProps) {
  const { field, label, isOpenFirst, question, chosen, counts, isCounted, hasFailed } = props;
  const [isOpen, setIsOpen] = useState(isOpenFirst);
  const { data, isError } = useGet<FacetAnswer>(
    '/v1/events/facets',
    { ...without(question, field), field, limit: READ },
    { enabled: props.mayCount && isOpen && !isCounted, keep: true },
  );
  const found = counts ?? (isCounted ? undefined : data?.data);
  return (
    <div>
      <h2>
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={() => setIsOpen(!isOpen)}
          className="flex w-full items-center gap-1 rounded py-1 text-left text-xs font-medium text-ink-2 hover:text-ink"
        >
          <ChevronRight
            aria-hidden
            className={cx('size-3.5 transition-transform', isOpen && 'rotate-90')}
          />
          {label}
          {chosen.length > 0 ? (
            <span className="ml-auto rounded bg-accent-soft px-1.5 text-accent">
              {chosen.length}
            </span>
          ) : null}
        </button>
      </h2>
      {isOpen && (isError || (isCounted && hasFailed)) ? (
        <p className="px-5 py-1 text-xs text-ink-3">not counted</p>
      ) : isOpen ? (
        <Values label={label} counts={found} chosen={chosen} onToggle={props.onToggle} />
      ) : null}
    </div>
  );
}

interface ValuesProps {
  readonly label: string;
  readonly counts: readonly FacetCount[] | undefined;
  readonly chosen: readonly string[];
  readonly onToggle: (value: string) => void;
}

/** Chosen values that do not occur here stay, so that they can be taken away. */
function rowsOf(counts: readonly FacetCount[], chosen: readonly string[]) {
  const rows = counts.map((one) => ({ value: String(one.value), count: one.count }));
  const known = new Set(rows.map(({ value }) => value));
  const lost = chosen.filter((value) => !known.has(value));
  return [...lost.map((value) => ({ value, count: 0 })), ...rows];
}

function Values({ label, counts, chosen, onToggle }: ValuesProps) {
  const [typed, setTyped] = useState('');
  const [isWhole, setIsWhole] = useState(false);
  if (counts === undefined) return <p className="px-5 py-1 text-xs text-ink-3">Counting …</p>;
  const rows = rowsOf(counts, chosen);
  const wanted = typed.trim().toLowerCase();
  const found = rows.filter(({ value }) => value.toLowerCase().includes(wanted));
  const shown = isWhole || wanted ? found : found.slice(0, SHOWN);
  if (rows.length === 0) return <p className="px-5 py-1 text-xs text-ink-3">none here</p>;
  return (
    <div className="pb-2">
      {rows.length > SHOWN ? (
        <input
          type="search"
          aria-label={`Search ${label}`}
          placeholder="Search"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          className="mb-1 ml-5 w-[calc(100%-1.25rem)] rounded border border-line bg-panel px-2 py-1 text-xs placeholder:text-ink-3"
        />
      ) : null}
      <ul aria-label={label} className="max-h-72 overflow-y-auto">
        {shown.map((row) => (
          <li key={row.value}>
            <Value {...row} isChosen={chosen.includes(row.value)} onToggle={onToggle} />
          </li>
        ))}
      </ul>
      {shown.length < found.length ? (
        <button
          type="button"
          onClick={() => setIsWhole(true)}
          className="ml-5 py-0.5 text-xs text-accent hover:underline"
        >
          Show all {found.length}
        </button>
      ) : null}
    </div>
  );
}

interface ValueProps {
  readonly value: string;
  readonly count: number;
  readonly isChosen: boolean;
  readonly onToggle: (value: string) => void;
}

function Value({ value, count: times, isChosen, onToggle }: ValueProps) {
  const text = plain(value);
  return (
    <label className="flex min-h-6.5 cursor-pointer items-center gap-2 rounded px-1 text-[0.8125rem] hover:bg-sunken">
      <input
        type="checkbox"
        checked={isChosen}
        onChange={() => onToggle(value)}
        className="size-4 shrink-0 accent-accent"
      />
      <span className="min-w-0 grow truncate" title={text}>
        {text}
      </span>
      <span className="text-xs text-ink-3 tabular-nums" title={count(times)}>
        {short(times)}
      </span>
    </label>
  );
}
