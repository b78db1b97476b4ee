import { Link, useNavigate } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useMemo, useState } from 'react';

import { useGet, useList } from '../../shared/api/queries.ts';
import { count } from '../../shared/format/number.ts';
import { CsvButton } from '../../shared/ui/csv-button.tsx';
import { Page, Section } from '../../shared/ui/page.tsx';
import { Listed, type Column } from '../../shared/ui/table.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { LinkButton } from '../../shared/ui/link-button.tsx';
import { useShortcuts } from '../../shared/ui/shortcuts.ts';
import { TrailLink } from '../links.tsx';
import { mayChange, useWhoami } from '../session.ts';
import { BUILTIN } from './builtin.ts';
import { useNames } from './names.ts';
import { placeOf, ruleOf, type Names } from './saying.ts';
import type { Policy } from './types.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Entries of what a policy stopped or held. */
const STOPPED = ['credential.denied', 'action.blocked', 'approval.requested', 'token.denied'];

interface Facets {
  readonly data: readonly { readonly value: string; readonly count: number }[];
}

/** A whole hour, so that the question stays the same. */
const yesterday = () => new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS - DAY_MS).toISOString();

/** How often each policy stopped something since yesterday. */
function useStopped() {
  const [from] = useState(yesterday);
  const facets = useGet<Facets>('/v1/events/facets', {
    field: 'policy_id',
    event_type: STOPPED,
    from,
    limit: 1000,
  });
  const counts = new Map(facets.data?.data.map(({ value, count: times }) => [value, times]));
  return { from, of: (id: string) => (facets.data ? (counts.get(id) ?? 0) : undefined) };
}

type Stopped = ReturnType<typeof useStopped>;

function Stops({ id, stopped }: { readonly id: string; readonly stopped: Stopped }) {
  const times = stopped.of(id);
  if (times === undefined) return '…';
  if (times === 0) return <span className="text-ink-3">none</span>;
  const filter = { policy_id: id, event_type: STOPPED, from: stopped.from };
  return <TrailLink filter={filter}>{count(times)}</TrailLink>;
}

const columnsOf = (names: Names, stopped: Stopped): readonly Column<Policy>[] => [
  {
    name: 'Policy',
    cell: ({ policy_id, name }) => (
      <Link
        to="/policies/$policyId"
        params={{ policyId: policy_id }}
        className="font-medium break-words hover:underline"
      >
        {name}
      </Link>
    ),
  },
  { name: 'What it says', cell: (policy) => ruleOf(policy), minor: true },
  { name: 'Where', cell: (policy) => placeOf(policy, names), minor: true },
  { name: 'Stopped in a day', cell: ({ policy_id }) => <Stops id={policy_id} stopped={stopped} /> },
  { name: 'Changed', cell: ({ updated_at }) => <Time at={updated_at} />, minor: true },
];

export function PoliciesPage() {
  const list = useList<Policy>('/v1/policies', { limit: 1000 });
  const whoami = useWhoami();
  const navigate = useNavigate();
  const names = useNames();
  const stopped = useStopped();
  const may = whoami.data !== undefined && mayChange(whoami.data);
  const keys = useMemo(
    () =>
      may
        ? [
            {
              keys: 'n',
              does: 'Write a policy',
              run: () => void navigate({ to: '/policies/$policyId', params: { policyId: 'new' } }),
            },
          ]
        : [],
    [may, navigate],
  );
  useShortcuts(keys);
  const create = may ? (
    <LinkButton to="/policies/$policyId" params={{ policyId: 'new' }} look="primary">
      <Plus /> New policy
    </LinkButton>
  ) : null;
  return (
    <Page
      title="Policies"
      about="What must not happen. Each call and each action is held against all of them before it is made."
      actions={
        <>
          <CsvButton
            name="policies"
            rows={list.rows}
            columns={{
              policy_id: (row) => row.policy_id,
              name: (row) => row.name,
              says: ruleOf,
              where: (row) => placeOf(row, names),
              cedar: (row) => row.cedar,
              updated_at: (row) => row.updated_at,
            }}
          />
          {create}
        </>
      }
    >
      <div className="mb-8">
        <Listed
          label="Policies"
          list={list}
          columns={columnsOf(names, stopped)}
          rows={list.rows}
          rowKey={(row) => row.policy_id}
          empty={{
            title: 'No policies yet',
            children: (
              <>
                What a grant is delegated for is allowed. A policy takes something away again:
                hours, networks, methods, how often, or until a person has approved.
                {create}
              </>
            ),
          }}
        />
      </div>
      <BuiltinRules stopped={stopped} />
    </Page>
  );
}

function BuiltinRules({ stopped }: { readonly stopped: Stopped }) {
  return (
    <Section
      title="Built-in rules"
      about="They hold for every call, come first, and cannot be switched off."
    >
      <dl className="grid gap-px overflow-hidden rounded-lg border border-line bg-line md:grid-cols-2">
        {Object.entries(BUILTIN).map(([id, sentence]) => (
          <div key={id} id={id} className="bg-panel px-3 py-2.5 last:odd:md:col-span-2">
            <dt className="flex justify-between gap-2 font-mono text-[0.8125rem]">
              {id}
              <span className="font-sans" title="Stopped in a day">
                <Stops id={id} stopped={stopped} />
              </span>
            </dt>
            <dd className="mt-0.5 text-ink-2">{sentence}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
