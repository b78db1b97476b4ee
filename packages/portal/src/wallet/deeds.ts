import { useMemo } from 'react';

import { addressOf, type Params } from '../shared/api/client.ts';
import { useGet } from '../shared/api/queries.ts';
import type { ShownEntry } from '../shared/verify/jobs.ts';
import type { Ledger } from '../shared/verify/use-check.ts';
import type { Address } from './address.ts';
import { PATHS, type Deed } from './api.ts';
import { dayStart } from './days.ts';

/** What was done: how it is asked for, and how it is checked. */

export const FILTERS = ['agent_id', 'provider', 'caller', 'grant_id', 'from', 'to'] as const;

/** Filters of the address as the API takes them. Days are whole where the reader is. */
export function questionOf(address: Address): Params {
  const { agent_id, provider, caller, grant_id, from, to } = address;
  return { agent_id, provider, caller, grant_id, from: dayStart(from), to: dayStart(to, 1) };
}

export const csvOf = (address: Address): string => addressOf(PATHS.csv, questionOf(address));

const LEDGER = '/v1/wallet/ledger';

/** The ledger as this person may read it; undefined until it has said its name. */
export function useLedger(): Ledger | undefined {
  const origin = useGet<{ readonly origin: string }>(LEDGER).data?.origin;
  return useMemo(() => {
    if (origin === undefined) return undefined;
    const evidence = `${PATHS.activity}/{event_id}/evidence`;
    return { name: origin, ledger: LEDGER, evidence };
  }, [origin]);
}

/** Told from these, so these must be what was recorded. */
const TOLD_FROM = [
  'seq',
  'created_at',
  'event_type',
  'provider',
  'agent_id',
  'agent_name',
  'caller',
  'grant_id',
  'reason',
  'method',
  'url',
  'response_status',
  'verb',
  'outcome',
] as const;

export const toCheck = (deed: Deed): ShownEntry => ({
  event_id: deed.event_id,
  shown: Object.fromEntries(TOLD_FROM.map((name) => [name, deed[name]])),
});
