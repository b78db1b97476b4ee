import { Link } from '@tanstack/react-router';
import { Plus } from 'lucide-react';

import { useList } from '../../shared/api/queries.ts';
import { Badge } from '../../shared/ui/badge.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { CsvButton } from '../../shared/ui/csv-button.tsx';
import { Listed, type Column } from '../../shared/ui/table.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { LinkButton } from '../../shared/ui/link-button.tsx';
import { useAgentNames, type GrantRow } from '../directory.ts';
import { mayChange, useWhoami } from '../session.ts';
import { useParam } from '../use-param.ts';
import { GrantFilters } from './grant-filters.tsx';
import { GrantForm } from './grant-form.tsx';
import { GRANT_STATUS, KIND_OF_GRANT } from './words.ts';

const agentsOf = ({ agents }: GrantRow, nameOf: (id: string) => string): string =>
  agents === '*' ? 'all agents' : agents.map(nameOf).join(', ');

const columnsOf = (nameOf: (id: string) => string): readonly Column<GrantRow>[] => [
  {
    name: 'Grant',
    className: 'break-words',
    cell: ({ grant_id, provider, principal }) => (
      <Link
        to="/grants/$grantId"
        params={{ grantId: grant_id }}
        className="font-medium hover:underline"
      >
        {provider} for {principal.email ?? principal.id}
      </Link>
    ),
  },
  {
    name: 'Status',
    cell: ({ status }) => (
      <Badge tone={GRANT_STATUS[status].tone}>{GRANT_STATUS[status].word}</Badge>
    ),
  },
  { name: 'By', cell: ({ kind }) => KIND_OF_GRANT[kind], minor: true },
  {
    name: 'Agents',
    minor: true,
    className: 'break-words',
    cell: (row) => agentsOf(row, nameOf) || <span className="text-ink-2">none</span>,
  },
  {
    name: 'Scopes',
    minor: true,
    className: 'break-words',
    cell: ({ scopes }) => scopes.join(', ') || <span className="text-ink-2">not limited</span>,
  },
  {
    name: 'Last used',
    cell: ({ last_used_at }) =>
      last_used_at ? <Time at={last_used_at} /> : <span className="text-ink-2">never</span>,
  },
  { name: 'Since', cell: ({ created_at }) => <Time at={created_at} />, minor: true },
];

export function GrantsTab() {
  const [provider] = useParam('provider');
  const [status] = useParam('status');
  const [agent_id] = useParam('agent_id');
  const [principal_id] = useParam('principal_id');
  const [making, setMaking] = useParam('new');
  const query = { provider, status, agent_id, principal_id };
  const isFiltered = Object.values(query).some((value) => value !== undefined);
  const list = useList<GrantRow>('/v1/grants', { ...query, last_used: true, limit: 100 });
  const nameOf = useAgentNames();
  const whoami = useWhoami();
  const may = whoami.data !== undefined && mayChange(whoami.data);
  const create = may ? (
    <>
      <Button look="primary" onClick={() => setMaking('1')}>
        <Plus /> New grant
      </Button>
      <LinkButton to="/grants" search={{ tab: 'connect' }}>
        Connect an account
      </LinkButton>
    </>
  ) : null;
  return (
    <>
      <div className="mb-3 flex flex-wrap items-end gap-3">
        <GrantFilters />
        <div className="ml-auto flex flex-wrap gap-2">
          <CsvButton
            name="grants"
            rows={list.rows}
            columns={{
              grant_id: (row) => row.grant_id,
              provider: (row) => row.provider,
              kind: (row) => row.kind,
              status: (row) => row.status,
              principal_id: (row) => row.principal.id,
              principal_email: (row) => row.principal.email,
              agents: (row) => agentsOf(row, nameOf),
              scopes: (row) => row.scopes.join(' '),
              last_used_at: (row) => row.last_used_at,
              created_at: (row) => row.created_at,
              expires_at: (row) => row.expires_at,
              revoked_at: (row) => row.revoked_at,
            }}
          />
          {create}
        </div>
      </div>
      <Listed
        label="Grants"
        list={list}
        columns={columnsOf(nameOf)}
        rows={list.rows}
        rowKey={(row) => row.grant_id}
        empty={
          isFiltered
            ? { title: 'No grant fits', children: 'Take a filter away.' }
            : {
                title: 'No grants yet',
                children: (
                  <>
                    Say where a service is (Providers), keep its secret (Secrets), and make a grant
                    of both; or let somebody connect their account.
                    <div className="flex flex-wrap justify-center gap-2">
                      <LinkButton to="/grants" search={{ tab: 'providers' }}>
                        Providers
                      </LinkButton>
                      {create}
                    </div>
                  </>
                ),
              }
        }
      />
      <GrantForm open={making !== undefined} onClose={() => setMaking(undefined)} />
    </>
  );
}
