import type { Job } from '../../shared/verify/jobs.ts';
import { one, type Search } from '../search.ts';
import { readPlace } from './times.ts';

/** What a check in the browser is asked about; all as it stands in the address. */
export interface Asked {
  readonly what: 'all' | 'tiles' | 'time' | 'places' | 'entry';
  /** ISO 8601; empty or absent for an open end. */
  readonly from?: string;
  readonly to?: string;
  readonly first?: string;
  readonly last?: string;
  /** A position or an event id. */
  readonly entry?: string;
}

export const WHATS = [
  { value: 'all', label: 'The whole ledger' },
  { value: 'tiles', label: 'The whole ledger, and each hash of its tree' },
  { value: 'time', label: 'A range of time' },
  { value: 'places', label: 'A range of positions' },
  { value: 'entry', label: 'One entry, with its contents' },
] as const satisfies readonly { value: Asked['what']; label: string }[];

/** `?seq=12` and `?event=evt_…` are links from an entry. */
export function askedBy(search: Search): Asked {
  const entry = one(search, 'seq') ?? one(search, 'event');
  if (entry !== undefined) return { what: 'entry', entry };
  const said = one(search, 'what');
  const what = WHATS.find(({ value }) => value === said)?.value ?? 'all';
  const texts = ['from', 'to', 'first', 'last'].flatMap((name) => {
    const value = one(search, name);
    return value === undefined ? [] : [[name, value]];
  });
  return { what, ...(Object.fromEntries(texts) as Partial<Asked>) };
}

/** Whether the address asks for a check. */
export const isAsked = (search: Search): boolean =>
  ['what', 'seq', 'event'].some((name) => search[name] !== undefined);

/** The parameters of the address; those that do not apply are taken out of it. */
export function addressOfAsked({ what, entry = '', ...rest }: Asked): Search {
  const isPlace = readPlace(entry) !== undefined;
  return {
    from: undefined,
    to: undefined,
    first: undefined,
    last: undefined,
    ...rest,
    what: what === 'entry' ? undefined : what,
    seq: what === 'entry' && isPlace ? entry : undefined,
    event: what === 'entry' && !isPlace ? entry : undefined,
  };
}

/** The job, or what is wrong with what was asked. */
export function jobOf({ what, from, to, first, last, entry = '' }: Asked): Job | string {
  if (what === 'all') return { kind: 'range' };
  if (what === 'tiles') return { kind: 'tiles' };
  if (what === 'time') {
    if (from && to && to <= from) return 'The end is not after the beginning.';
    return { kind: 'range', ...(from ? { from } : {}), ...(to ? { to } : {}) };
  }
  if (what === 'places') {
    const [begin, end] = [readPlace(first ?? '0'), readPlace(last ?? '')];
    if (begin === undefined || end === undefined) return 'Give both as whole numbers from 0.';
    return end < begin
      ? 'The last is before the first.'
      : { kind: 'places', first: begin, last: end };
  }
  const seq = readPlace(entry);
  if (seq !== undefined) return { kind: 'place', seq };
  const event_id = entry.trim();
  if (!/^[\w-]{1,100}$/.test(event_id))
    return 'Give a position such as 1204, or an id such as evt_….';
  return { kind: 'entries', entries: [{ event_id }] };
}
