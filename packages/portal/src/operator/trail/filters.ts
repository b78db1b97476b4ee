import type { Params } from '../../shared/api/client.ts';
import { all, one, type Search } from '../search.ts';
import { EVER, periodOf } from '../range/range.ts';

/** The filters of the trail, as they stand in the address of the page. */

/** One condition as people see it: `provider:mail`; words to look for have the name `q`. */
export interface Token {
  readonly name: string;
  readonly value: string;
}

/** What else stands in the address: what is open, and what the range picker and the order say. */
const NO_TOKENS = new Set(['event', 'live', 'range', 'from', 'to', 'order', 'open', 'app_id']);

export const tokensOf = (search: Search): readonly Token[] =>
  Object.keys(search)
    .filter((name) => !NO_TOKENS.has(name))
    .flatMap((name) => all(search, name).map((value) => ({ name, value })));

const TIMES = new Set(['from', 'to']);

/** Words join those that are there; a time replaces its like; other values are alternatives. */
export function withToken(search: Search, { name, value }: Token): Search {
  if (TIMES.has(name)) return { ...search, range: undefined, live: undefined, [name]: value };
  if (name === 'q') return { ...search, q: [...all(search, 'q'), value].join(' ') };
  const values = all(search, name);
  return values.includes(value) ? search : { ...search, [name]: [...values, value] };
}

export function withoutToken(search: Search, { name, value }: Token): Search {
  const left = all(search, name).filter((one) => one !== value);
  return { ...search, [name]: left.length === 0 ? undefined : left };
}

export const toggled = (search: Search, token: Token): Search =>
  all(search, token.name).includes(token.value)
    ? withoutToken(search, token)
    : withToken(search, token);

/** The same page without any filter. */
export function cleared(search: Search): Search {
  const names = new Set(tokensOf(search).map(({ name }) => name));
  return Object.fromEntries(Object.entries(search).filter(([name]) => !names.has(name)));
}

/** Filters and times as the API takes them; a range counts back from `now`. */
export function questionOf(search: Search, now: number): Params {
  const tokens = tokensOf(search).map(({ name }) => [name, all(search, name)] as const);
  return { ...Object.fromEntries(tokens), ...periodOf(search, EVER, now) };
}

/** The question without what it says of one field: what else that field could be. */
export const without = (question: Params, name: string): Params => ({
  ...question,
  [name]: undefined,
});

export const orderOf = (search: Search): 'asc' | 'desc' =>
  one(search, 'order') === 'asc' ? 'asc' : 'desc';
