import { plain } from '@affidavit/schema/plain';

import { useGet } from '../../shared/api/queries.ts';
import { count } from '../../shared/format/number.ts';
import { Card } from '../../shared/ui/page.tsx';
import { EntriesOf, ExportLink } from '../entry/entries-of.tsx';
import { TrailLink } from '../links.tsx';
import { RangePicker, usePeriod } from '../range/range-picker.tsx';
import type { Period } from '../range/range.ts';

const PRESET = '30d';
const USE = ['credential', 'api', 'action'];

const MADE_OF = [
  { field: 'agent_name', title: 'Agents' },
  { field: 'caller', title: 'Applications' },
  { field: 'provider', title: 'Providers' },
] as const;
type Part = (typeof MADE_OF)[number];

/** What the data of a person was used for: by which agents and applications, and each time. */
export function Activity({ principalId }: { readonly principalId: string }) {
  const period = usePeriod(PRESET);
  return (
    <>
      <div className="mb-3 flex flex-wrap items-center gap-2">
        <RangePicker preset={PRESET} />
        <span className="grow" />
        <ExportLink filter={{ user: principalId, category: USE, ...period }} />
      </div>
      <div className="mb-4 grid grid-cols-1 gap-3 md:grid-cols-3">
        {MADE_OF.map((part) => (
          <PartCard key={part.field} part={part} principalId={principalId} period={period} />
        ))}
      </div>
      <EntriesOf
        label={`Activity for ${plain(principalId)}`}
        path={`/v1/principals/${encodeURIComponent(principalId)}/activity`}
        query={{ ...period }}
        empty={{
          title: 'Nothing in this time',
          children: 'Choose a longer range, or look for another id or address of this person.',
        }}
      />
    </>
  );
}

interface PartCardProps {
  readonly part: Part;
  readonly principalId: string;
  readonly period: Period;
}

interface Facets {
  readonly data: readonly { readonly value: string; readonly count: number }[];
}

const SHOWN = 6;

function PartCard({ part, principalId, period }: PartCardProps) {
  const filter = { user: principalId, category: USE, ...period };
  const { data } = useGet<Facets>('/v1/events/facets', {
    field: part.field,
    limit: SHOWN,
    ...filter,
  });
  const values = data?.data ?? [];
  return (
    <Card>
      <h2 className="mb-1 text-sm font-semibold">{part.title}</h2>
      {values.length === 0 ? <p className="text-ink-3">{data ? 'none' : '…'}</p> : null}
      <ul>
        {values.map(({ value, count: times }) => (
          <li key={value} className="flex items-baseline gap-2">
            <TrailLink
              filter={{ ...filter, [part.field]: value }}
              className="min-w-0 grow truncate py-0.5 text-accent hover:underline"
            >
              {plain(value)}
            </TrailLink>
            <span className="text-xs text-ink-3 tabular-nums">{count(times)}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
