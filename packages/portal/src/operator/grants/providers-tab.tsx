import { Plus } from 'lucide-react';
import { useState } from 'react';

import { call } from '../../shared/api/client.ts';
import { useChange, useList } from '../../shared/api/queries.ts';
import { Button } from '../../shared/ui/button.tsx';
import { Confirm } from '../../shared/ui/confirm.tsx';
import { CsvButton } from '../../shared/ui/csv-button.tsx';
import { Listed, type Column } from '../../shared/ui/table.tsx';
import type { ProviderRow } from '../directory.ts';
import { TrailLink } from '../links.tsx';
import { mayChange, useWhoami } from '../session.ts';
import { ProviderForm } from './provider-form.tsx';
import { AUTH_IN_WORDS } from './words.ts';

type Doing = { readonly what: 'form' | 'delete'; readonly row?: ProviderRow } | null;

const columnsOf = (may: boolean, act: (doing: Doing) => void): readonly Column<ProviderRow>[] => [
  {
    name: 'Provider',
    className: 'break-words',
    cell: ({ name }) => <span className="font-medium">{name}</span>,
  },
  { name: 'Address', cell: ({ base_url }) => base_url, className: 'break-all', minor: true },
  {
    name: 'Credential as',
    cell: ({ auth }) => (
      <>
        {AUTH_IN_WORDS[auth.type]}
        {typeof auth['name'] === 'string' ? ` ${auth['name']}` : ''}
      </>
    ),
  },
  {
    name: 'Scope map',
    minor: true,
    cell: ({ scope_map }) => (scope_map ? Object.keys(scope_map).join(', ') : 'none'),
    className: 'break-words',
  },
  {
    name: 'Calls',
    minor: true,
    cell: ({ name }) => <TrailLink filter={{ provider: name }}>On the trail</TrailLink>,
  },
  {
    name: 'Change',
    cell: (row) =>
      may ? (
        <span className="flex flex-wrap gap-1">
          <Button onClick={() => act({ what: 'form', row })}>Edit</Button>
          <Button look="danger" onClick={() => act({ what: 'delete', row })}>
            Delete
          </Button>
        </span>
      ) : null,
  },
];

/** Where services are, and how their credentials are attached. */
export function ProvidersTab() {
  const list = useList<ProviderRow>('/v1/providers', { limit: 200 });
  const whoami = useWhoami();
  const may = whoami.data !== undefined && mayChange(whoami.data);
  const [doing, act] = useState<Doing>(null);
  const close = () => act(null);
  const create = may ? (
    <Button look="primary" onClick={() => act({ what: 'form' })}>
      <Plus /> New provider
    </Button>
  ) : null;
  return (
    <>
      <div className="mb-3 flex flex-wrap justify-end gap-2">
        <CsvButton
          name="providers"
          rows={list.rows}
          columns={{
            provider_id: (row) => row.provider_id,
            name: (row) => row.name,
            base_url: (row) => row.base_url,
            auth: (row) => row.auth.type,
            created_at: (row) => row.created_at,
          }}
        />
        {create}
      </div>
      <Listed
        label="Providers"
        list={list}
        columns={columnsOf(may, act)}
        rows={list.rows}
        rowKey={(row) => row.provider_id}
        empty={{
          title: 'No providers yet',
          children: (
            <>
              A provider is a service that agents call: its address, and how it wants to get a
              credential.
              {create}
            </>
          ),
        }}
      />
      {doing?.what === 'form' ? <ProviderForm row={doing.row} onClose={close} /> : null}
      {doing?.what === 'delete' && doing.row ? <Delete row={doing.row} onClose={close} /> : null}
    </>
  );
}

function Delete({ row, onClose }: { readonly row: ProviderRow; readonly onClose: () => void }) {
  const remove = useChange({
    mutationFn: () => call('DELETE', `/v1/providers/${row.provider_id}`),
    changes: ['/v1/providers'],
    done: 'The provider was deleted',
    onSuccess: onClose,
  });
  return (
    <Confirm
      open
      onClose={onClose}
      onConfirm={() => remove.mutate(undefined)}
      title={`Delete the provider ${row.name}?`}
      action="Delete the provider"
      busy={remove.isPending}
    >
      No call can go there any more. While grants still use it, it cannot be deleted.
    </Confirm>
  );
}
