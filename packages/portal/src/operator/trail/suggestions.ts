import { plain } from '@affidavit/schema/plain';

import type { Params } from '../../shared/api/client.ts';
import { useGet } from '../../shared/api/queries.ts';
import { count } from '../../shared/format/number.ts';
import { CONDITION_NAMES } from '../conditions/conditions.ts';
import { FACETS, type FacetAnswer } from './facet-fields.ts';
import { without } from './filters.ts';
import { completing, typedOf, type Completing } from './typed.ts';

export interface Suggestion {
  /** The whole text, with this in place of what was typed. */
  readonly value: string;
  readonly label: string;
  readonly about: string;
  /** Nothing is left to type. */
  readonly isWhole: boolean;
}

const SHOWN_MAX = 12;
/** Words that stand for several fields, and times. */
const MORE_NAMES: readonly string[] = ['user', 'agent', 'actor', 'event_id', 'from', 'to'];
const VALUES_READ = 200;

export const NAMES: readonly string[] = [
  ...CONDITION_NAMES.filter((name) => name !== 'q'),
  ...MORE_NAMES,
];

const ABOUT: Readonly<Record<string, string>> = {
  user: 'id or e-mail',
  agent: 'id or name',
  actor: 'id or name',
  from: 'time',
  to: 'time',
};

/** Those that begin with what was typed before those that hold it. */
function ranked(values: readonly string[], typed: string): readonly string[] {
  const wanted = typed.toLowerCase();
  const found = values.filter((value) => value.toLowerCase().includes(wanted));
  const begin = (value: string) => (value.toLowerCase().startsWith(wanted) ? 0 : 1);
  return found.toSorted((a, b) => begin(a) - begin(b)).slice(0, SHOWN_MAX);
}

const nameSuggestions = ({ before, typed }: Completing): readonly Suggestion[] =>
  ranked(NAMES, typed).map((name) => ({
    value: `${before}${name}:`,
    label: `${name}:`,
    about: ABOUT[name] ?? '',
    isWhole: false,
  }));

function valueSuggestions(
  { before, name = '', typed }: Completing,
  counts: FacetAnswer['data'],
): readonly Suggestion[] {
  const byValue = new Map(counts.map(({ value, count: times }) => [String(value), times]));
  return ranked([...byValue.keys()], typed).map((value) => ({
    value: before + typedOf({ name, value }),
    label: plain(value),
    about: count(byValue.get(value) ?? 0),
    isWhole: true,
  }));
}

/** What may follow in the filter bar: names of fields, then values that there are. */
export function useSuggestions(text: string, question: Params): readonly Suggestion[] {
  const piece = completing(text);
  const { name } = piece;
  const field = FACETS.find((facet) => facet.field === name)?.field;
  const asked = { ...without(question, field ?? ''), field, limit: VALUES_READ };
  const { data } = useGet<FacetAnswer>('/v1/events/facets', asked, {
    enabled: field !== undefined,
  });
  if (name !== undefined) return field && data ? valueSuggestions(piece, data.data) : [];
  return piece.typed === '' ? [] : nameSuggestions(piece);
}
