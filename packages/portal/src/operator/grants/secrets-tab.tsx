import { Plus } from 'lucide-react';
import { useState } from 'react';

import { call, post } from '../../shared/api/client.ts';
import { useChange, useList } from '../../shared/api/queries.ts';
import { faultOf, FormDialog } from '../../shared/ui/form.tsx';
import { Badge } from '../../shared/ui/badge.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { Confirm } from '../../shared/ui/confirm.tsx';
import { Id } from '../../shared/ui/copy.tsx';
import { CsvButton } from '../../shared/ui/csv-button.tsx';
import { SelectField, TextField } from '../../shared/ui/field.tsx';
import { Listed, type Column } from '../../shared/ui/table.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { useProviders } from '../directory.ts';
import { mayChange, useWhoami } from '../session.ts';

/** A secret as the API lists it: never its value. */
export interface SecretRow {
  readonly secret_id: string;
  readonly provider: string;
  readonly name: string;
  readonly created_at: string;
  readonly rotated_at?: string;
  readonly revoked_at?: string;
}

const LIST = ['/v1/secrets', '/v1/grants'];
type Doing = { readonly what: 'create' | 'rotate' | 'revoke'; readonly row?: SecretRow } | null;

const columnsOf = (may: boolean, act: (doing: Doing) => void): readonly Column<SecretRow>[] => [
  {
    name: 'Secret',
    cell: ({ name }) => <span className="font-medium">{name}</span>,
    className: 'break-words',
  },
  { name: 'Provider', cell: ({ provider }) => provider, minor: true },
  { name: 'Id', cell: ({ secret_id }) => <Id value={secret_id} />, minor: true },
  {
    name: 'Value',
    cell: ({ created_at, rotated_at, revoked_at }) =>
      revoked_at ? (
        <Badge tone="failed">revoked and forgotten</Badge>
      ) : (
        <>
          kept since <Time at={rotated_at ?? created_at} />
        </>
      ),
  },
  {
    name: 'Change',
    cell: (row) =>
      may && row.revoked_at === undefined ? (
        <span className="flex flex-wrap gap-1">
          <Button onClick={() => act({ what: 'rotate', row })}>Replace</Button>
          <Button look="danger" onClick={() => act({ what: 'revoke', row })}>
            Revoke
          </Button>
        </span>
      ) : null,
  },
];

export function SecretsTab() {
  const list = useList<SecretRow>('/v1/secrets', { limit: 200 });
  const whoami = useWhoami();
  const may = whoami.data !== undefined && mayChange(whoami.data);
  const [doing, act] = useState<Doing>(null);
  const create = may ? (
    <Button look="primary" onClick={() => act({ what: 'create' })}>
      <Plus /> New secret
    </Button>
  ) : null;
  const close = () => act(null);
  return (
    <>
      <div className="mb-3 flex flex-wrap justify-end gap-2">
        <CsvButton
          name="secrets"
          rows={list.rows}
          columns={{
            secret_id: (row) => row.secret_id,
            provider: (row) => row.provider,
            name: (row) => row.name,
            created_at: (row) => row.created_at,
            rotated_at: (row) => row.rotated_at,
            revoked_at: (row) => row.revoked_at,
          }}
        />
        {create}
      </div>
      <Listed
        label="Secrets"
        list={list}
        columns={columnsOf(may, act)}
        rows={list.rows}
        rowKey={(row) => row.secret_id}
        empty={{
          title: 'No secrets yet',
          children: (
            <>
              A secret is what a service knows you by, such as an API key. It is kept sealed,
              attached to calls by the server, and never shown again.
              {create}
            </>
          ),
        }}
      />
      {doing?.what === 'create' ? <NewSecret onClose={close} /> : null}
      {doing?.what === 'rotate' && doing.row ? <Rotate row={doing.row} onClose={close} /> : null}
      {doing?.what === 'revoke' && doing.row ? <Revoke row={doing.row} onClose={close} /> : null}
    </>
  );
}

interface ValueProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly error: unknown;
}

const SecretValue = ({ value, onChange, error }: ValueProps) => (
  <TextField
    label="Value"
    type="password"
    autoComplete="off"
    required
    value={value}
    onChange={onChange}
    hint="It is sealed and never shown again."
    error={faultOf(error, 'value')}
  />
);

function NewSecret({ onClose }: { readonly onClose: () => void }) {
  const providers = useProviders().rows;
  const [draft, setDraft] = useState({ provider: '', name: '', value: '' });
  const create = useChange({
    mutationFn: (body: typeof draft) => post('/v1/secrets', body),
    changes: LIST,
    done: 'The secret is kept',
    onSuccess: onClose,
  });
  const { error } = create;
  return (
    <FormDialog
      open
      onClose={onClose}
      title="New secret"
      action="Keep the secret"
      busy={create.isPending}
      error={error}
      onSubmit={() => create.mutate(draft)}
    >
      <SelectField
        label="Provider"
        required
        value={draft.provider}
        onChange={(provider) => setDraft({ ...draft, provider })}
        options={[
          { value: '', label: 'Choose' },
          ...providers.map(({ name }) => ({ value: name, label: name })),
        ]}
        error={faultOf(error, 'provider')}
      />
      <TextField
        label="Name"
        required
        value={draft.name}
        onChange={(name) => setDraft({ ...draft, name })}
        placeholder="mail/alice"
        error={faultOf(error, 'name')}
      />
      <SecretValue
        value={draft.value}
        onChange={(value) => setDraft({ ...draft, value })}
        error={error}
      />
    </FormDialog>
  );
}

interface OneProps {
  readonly row: SecretRow;
  readonly onClose: () => void;
}

function Rotate({ row: { secret_id, name }, onClose }: OneProps) {
  const [value, setValue] = useState('');
  const rotate = useChange({
    mutationFn: () => post(`/v1/secrets/${secret_id}/rotate`, { value }),
    changes: LIST,
    done: 'The next call uses the new value',
    onSuccess: onClose,
  });
  return (
    <FormDialog
      open
      onClose={onClose}
      title={`Replace the value of ${name}`}
      description="Grants that use it go on with the new value. The old one is forgotten."
      action="Replace the value"
      busy={rotate.isPending}
      error={rotate.error}
      onSubmit={() => rotate.mutate(undefined)}
    >
      <SecretValue value={value} onChange={setValue} error={rotate.error} />
    </FormDialog>
  );
}

function Revoke({ row: { secret_id, name }, onClose }: OneProps) {
  const revoke = useChange({
    mutationFn: () => call('DELETE', `/v1/secrets/${secret_id}`),
    changes: LIST,
    done: 'The secret is forgotten',
    onSuccess: onClose,
  });
  return (
    <Confirm
      open
      onClose={onClose}
      onConfirm={() => revoke.mutate(undefined)}
      title={`Revoke ${name}?`}
      action="Revoke and forget it"
      busy={revoke.isPending}
    >
      Its value is deleted at once and cannot be brought back. Calls with grants that use it fail
      from then on.
    </Confirm>
  );
}
