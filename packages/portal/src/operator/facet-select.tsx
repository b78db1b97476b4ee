import { plain } from '@affidavit/schema/plain';

import { useGet } from '../shared/api/queries.ts';
import { count } from '../shared/format/number.ts';
import { useParam } from './use-param.ts';

interface FacetSelectProps {
  /** A field of the record with few values. */
  readonly field: string;
  /** The parameter of the address, and of the API, that the choice stands in. */
  readonly param: string;
  /** What it is when nothing is chosen: `All agents`. */
  readonly any: string;
}

interface Facets {
  readonly data: readonly { readonly value: string; readonly count: number }[];
}

const VALUES_MAX = 200;

/** Narrows a page to one of the values that a field has had. */
export function FacetSelect({ field, param, any }: FacetSelectProps) {
  const [value, setValue] = useParam(param);
  const facets = useGet<Facets>('/v1/events/facets', { field, limit: VALUES_MAX });
  const values = facets.data?.data ?? [];
  const isListed = value === undefined || values.some((one) => one.value === value);
  return (
    <select
      aria-label={any}
      value={value ?? ''}
      onChange={(event) => setValue(event.target.value || undefined)}
      className="min-h-8 max-w-52 rounded-md border border-line-strong bg-panel py-1 pr-7 pl-2.5 text-sm font-medium text-ink"
    >
      <option value="">{any}</option>
      {isListed ? null : <option value={value}>{plain(value)}</option>}
      {values.map((one) => (
        <option key={one.value} value={one.value}>
          {plain(one.value)} ({count(one.count)})
        </option>
      ))}
    </select>
  );
}
