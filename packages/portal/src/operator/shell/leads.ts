import { addressOf } from '../../shared/api/client.ts';

/** Where what somebody typed or pasted may lead. */

interface Lead {
  readonly value: string;
  readonly label: string;
  readonly about: string;
}

/** By the beginning of an id: the page of the thing, or the trail with it. */
const PLACES_OF_IDS: Readonly<Record<string, (id: string) => Lead>> = {
  exe: (id) => ({ value: `/executions/${id}`, label: id, about: 'execution' }),
  agt: (id) => ({ value: `/agents/${id}`, label: id, about: 'agent' }),
  grt: (id) => ({ value: `/grants/${id}`, label: id, about: 'grant' }),
  pol: (id) => ({ value: `/policies/${id}`, label: id, about: 'policy' }),
  dst: (id) => ({ value: `/destinations/${id}`, label: id, about: 'destination' }),
  mon: (id) => ({ value: `/monitors/${id}`, label: id, about: 'monitor' }),
  evt: (id) => ({ value: addressOf('/trail', { event: id }), label: id, about: 'entry' }),
  tok: (id) => ({
    value: addressOf('/trail', { token_id: id }),
    label: id,
    about: 'entries of the token',
  }),
};

const TRACE_ID = /^[0-9a-f]{32}$/;
const ADDRESS = /^[^\s@]+@[^\s@]+$/;

/** What stands after the pages in the palette. */
export function leadOf(typed: string): readonly Lead[] {
  const text = typed.trim();
  if (text === '') return [];
  const known = /^([a-z]{3})_[A-Za-z0-9_-]{4,64}$/.exec(text)?.[1];
  const lead = known === undefined ? undefined : PLACES_OF_IDS[known]?.(text);
  if (lead) return [lead];
  const trail = (query: Record<string, string>, about: string): Lead => ({
    value: addressOf('/trail', query),
    label: text,
    about,
  });
  if (TRACE_ID.test(text)) return [trail({ trace_id: text }, 'entries of the trace')];
  const path = encodeURIComponent(text);
  return [
    trail({ q: text }, 'search the trail'),
    ...(ADDRESS.test(text) ? [{ value: `/people/${path}`, label: text, about: 'person' }] : []),
    { value: `/runs/${path}`, label: text, about: 'run' },
    ...(ADDRESS.test(text) ? [] : [{ value: `/people/${path}`, label: text, about: 'person' }]),
  ];
}
