import type { Search } from '../search.ts';

/** Views of the trail: filters with a name. Those of one's own are kept by this browser. */

export interface View {
  readonly name: string;
  readonly search: Search;
}

export const BUILT_IN: readonly View[] = [
  { name: 'What agents did', search: { category: ['credential', 'api', 'action', 'grant'] } },
  { name: 'Denials', search: { policy_decision: 'DENY' } },
  {
    name: 'Failures',
    search: { outcome: ['provider_error', 'network_error', 'error'] },
  },
  { name: 'Unknown outcomes', search: { outcome: 'unknown' } },
  { name: 'Token mints', search: { event_type: 'token.minted' } },
  {
    name: 'Changes by operators',
    search: { category: 'admin', action_type: 'write' },
  },
  { name: 'Reads of the trail', search: { event_type: 'trail.*' } },
];

const KEY = 'affidavit-views';
const NAME_CHARACTERS = 60;
const VIEWS_MAX = 50;

const isView = (value: unknown): value is View =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as View).name === 'string' &&
  typeof (value as View).search === 'object';

/** What was kept, as far as it can be read. */
export function readViews(text: string | null): readonly View[] {
  try {
    const kept: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(kept) ? kept.filter(isView).slice(0, VIEWS_MAX) : [];
  } catch {
    return [];
  }
}

/** With a view added; one of the same name is replaced. */
export function withView(views: readonly View[], { name, search }: View): readonly View[] {
  const short = name.trim().slice(0, NAME_CHARACTERS);
  const others = views.filter((view) => view.name !== short);
  return [...others, { name: short, search }].slice(-VIEWS_MAX);
}

export function loadViews(): readonly View[] {
  try {
    return readViews(localStorage.getItem(KEY));
  } catch {
    return [];
  }
}

/** False where this browser keeps nothing. */
export function saveViews(views: readonly View[]): boolean {
  try {
    localStorage.setItem(KEY, JSON.stringify(views));
    return true;
  } catch {
    return false;
  }
}
