import { keepPreviousData, useQuery } from '@tanstack/react-query';

import { call } from '../../shared/api/client.ts';
import type { Entry } from '../../shared/api/types.ts';
import type { Layer, PolicyChange, PolicyInput, Preview, Tested } from './types.ts';

/** What a policy would do, asked while it is written. Nothing of it changes anything. */

interface Options {
  readonly enabled?: boolean;
}

function useAsked<T>(path: string, body: unknown, { enabled = true }: Options = {}) {
  return useQuery({
    queryKey: [path, body],
    queryFn: ({ signal }) => call<T>('POST', path, { body, signal }),
    placeholderData: keepPreviousData,
    retry: false,
    enabled,
  });
}

interface Checked {
  readonly cedar: string;
  readonly layer: Layer;
  readonly warnings: readonly string[];
}

/** Whether it can be saved, and what it comes to. A name is not asked for yet. */
export const useChecked = (input: PolicyInput, options: Options) =>
  useAsked<Checked>('/v1/policies/check', { ...input, name: input.name || 'policy' }, options);

const SAME = [
  'method',
  'url',
  'grant_id',
  'agent_id',
  'source_ip',
  'caller',
  'run_id',
  'task_context',
  'tenant_id',
  'reason',
  'verb',
  'risk_level',
] as const;

/** A call of the past as one that can be asked about; null where the record does not say enough. */
export function sampleOf(record: Entry): Readonly<Record<string, unknown>> | null {
  if (record.url === undefined || record.grant_id === undefined) return null;
  const same = SAME.filter((name) => record[name] !== undefined).map((name) => [
    name,
    record[name],
  ]);
  return {
    ...Object.fromEntries(same),
    ...(record.scope_requested === undefined ? {} : { scopes: record.scope_requested }),
    at: record.created_at,
  };
}

/** What the policies say to a call, with a change of them or as they are. */
export const useTested = (
  sample: Readonly<Record<string, unknown>> | null,
  change: PolicyChange | undefined,
  options: Options = {},
) =>
  useAsked<Tested>(
    '/v1/policies/test',
    { ...sample, ...(change === undefined ? {} : { change }) },
    { enabled: sample !== null && options.enabled !== false },
  );

export const preview = (change: PolicyChange | { readonly delete: string }, days: number) =>
  call<Preview>('POST', '/v1/policies/preview', { body: { ...change, days } });
