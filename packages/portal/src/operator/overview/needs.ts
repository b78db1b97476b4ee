import type { LinkProps } from '@tanstack/react-router';

import { useGet } from '../../shared/api/queries.ts';
import type { Entry, Page } from '../../shared/api/types.ts';
import { plural } from '../../shared/format/number.ts';
import { useWhoami } from '../session.ts';

/** What waits for somebody, from all over the API. */

const AGAIN_MS = 15_000;
const MANY = 100;

export interface Need {
  readonly what: string;
  readonly about: string;
  readonly tone: string;
  readonly to: LinkProps;
}

interface Ledger {
  readonly size: number;
  readonly last_created_at: string;
  readonly witnesses: readonly { readonly name: string; readonly status: string }[];
}

interface Stateful {
  readonly name: string;
  readonly state: string;
  readonly dead_letters?: number;
}

const again = { refetchInterval: AGAIN_MS };
const MANY_ROWS = { limit: String(MANY) };

/** `100+` where a page does not hold them all. */
const many = ({ data, has_more }: Page<unknown>, one: string, more?: string) =>
  has_more ? `${MANY}+ ${more ?? `${one}s`}` : plural(data.length, one, more);

const names = (rows: readonly { readonly name: string }[]) =>
  rows.map(({ name }) => name).join(', ');

export function useNeeds() {
  const { scopes = [], role } = useWhoami().data ?? {};
  const enabled = scopes.includes('admin') || role === 'analyst';
  const asked = { ...again, enabled };
  const waiting = { status: 'pending', ...MANY_ROWS };
  const decides = enabled || scopes.includes('approvals:decide');
  const open = useGet<Page<Entry>>('/v1/executions', { open: true, ...MANY_ROWS }, again);
  const approvals = useGet<Page<unknown>>('/v1/approvals', waiting, { ...again, enabled: decides });
  const monitors = useGet<Page<Stateful>>('/v1/monitors', { limit: '1000' }, asked);
  const destinations = useGet<Page<Stateful>>('/v1/destinations', { limit: '1000' }, asked);
  const ledger = useGet<Ledger>('/v1/ledger', {}, again);
  const needs = [
    open.data && openNeed(open.data),
    approvals.data && approvalNeed(approvals.data),
    monitors.data && monitorNeed(monitors.data.data),
    destinations.data && destinationNeed(destinations.data.data),
    ledger.data && witnessNeed(ledger.data),
  ].filter((need) => need !== undefined && need !== null);
  return { needs, ledger: ledger.data, isPending: open.isPending };
}

function openNeed(page: Page<Entry>): Need | null {
  if (page.data.length === 0) return null;
  return {
    what: many(page, 'open call'),
    about: 'Begun, and not ended yet.',
    tone: 'text-open',
    to: { to: '/executions', search: { open: 'true' } },
  };
}

function approvalNeed(page: Page<unknown>): Need | null {
  if (page.data.length === 0) return null;
  return {
    what: many(page, 'approval'),
    about: 'An agent waits for a person.',
    tone: 'text-refused',
    to: { to: '/approvals' },
  };
}

function monitorNeed(monitors: readonly Stateful[]): Need | null {
  const raised = monitors.filter(({ state }) => state === 'raised');
  if (raised.length === 0) return null;
  return {
    what: plural(raised.length, 'alarm'),
    about: names(raised),
    tone: 'text-failed',
    to: { to: '/monitors' },
  };
}

function destinationNeed(destinations: readonly Stateful[]): Need | null {
  const troubled = destinations.filter(
    ({ state, dead_letters = 0 }) => state !== 'ok' || dead_letters > 0,
  );
  if (troubled.length === 0) return null;
  return {
    what: `${plural(troubled.length, 'destination')} in trouble`,
    about: names(troubled),
    tone: 'text-refused',
    to: { to: '/destinations' },
  };
}

function witnessNeed({ witnesses }: Ledger): Need | null {
  const silent = witnesses.filter(({ status }) => status !== 'ok');
  if (silent.length === 0) return null;
  const isConflict = silent.some(({ status }) => status === 'conflict');
  return {
    what: isConflict
      ? 'A witness disagrees'
      : `${plural(silent.length, 'witness', 'witnesses')} silent`,
    about: names(silent),
    tone: isConflict ? 'text-failed' : 'text-refused',
    to: { to: '/evidence' },
  };
}
