import { useState } from 'react';

import { call, post } from '../../shared/api/client.ts';
import { useChange, useList } from '../../shared/api/queries.ts';
import { Badge } from '../../shared/ui/badge.tsx';
import { Id } from '../../shared/ui/copy.tsx';
import { CsvButton } from '../../shared/ui/csv-button.tsx';
import { CheckField, TextField } from '../../shared/ui/field.tsx';
import { faultOf, FormDialog } from '../../shared/ui/form.tsx';
import { Section } from '../../shared/ui/page.tsx';
import { Listed, type Column } from '../../shared/ui/table.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { AddButton } from '../add-button.tsx';
import { useMayChange, useWhoami } from '../session.ts';
import { useParam } from '../use-param.ts';
import { actionsColumn } from './row-actions.tsx';

interface App {
  readonly app_id: string;
  readonly name: string;
  readonly ledger_public: boolean;
  readonly created_at: string;
}

const PATH = '/v1/apps';

const COLUMNS: readonly Column<App>[] = [
  { name: 'Name', cell: ({ name }) => <span className="font-medium break-words">{name}</span> },
  { name: 'Id', cell: ({ app_id }) => <Id value={app_id} /> },
  {
    name: 'Ledger',
    cell: ({ ledger_public }) => (
      <Badge tone={ledger_public ? 'accent' : 'neutral'}>
        {ledger_public ? 'open to anyone' : 'for those with a key'}
      </Badge>
    ),
  },
  { name: 'Made', minor: true, cell: ({ created_at }) => <Time at={created_at} /> },
];

const CSV = {
  app_id: (row: App) => row.app_id,
  name: (row: App) => row.name,
  ledger_public: (row: App) => row.ledger_public,
  created_at: (row: App) => row.created_at,
};

/** Apps: each has a ledger, keys and settings of its own. */
export function AppSettings() {
  const list = useList<App>(PATH, { limit: 200 });
  const [adding, setAdding] = useParam('add');
  const [changing, setChanging] = useState<App | null>(null);
  const { data: who } = useWhoami();
  const mayChange = useMayChange();
  const actions = actionsColumn<App>(
    (row) => [{ label: 'Change', run: () => setChanging(row) }],
    ({ name }) => name,
  );
  const mayMake = mayChange && who?.installation === true;
  return (
    <Section
      title="Apps"
      about="Each app has a ledger, keys, people and settings of its own. Nothing of one shows in another."
      actions={
        <>
          <CsvButton name="apps" rows={list.rows} columns={CSV} />
          {mayChange ? (
            <AddButton
              label="Make an app"
              onAdd={() => setAdding('app')}
              barred={mayMake ? undefined : 'For those who administer the installation'}
            />
          ) : null}
        </>
      }
    >
      <Listed
        label="Apps"
        list={list}
        rows={list.rows}
        columns={mayChange ? [...COLUMNS, actions] : COLUMNS}
        rowKey={(row) => row.app_id}
        empty={{ title: 'No apps' }}
      />
      {mayMake && adding === 'app' ? (
        <NewApp onClose={() => setAdding(undefined, { replace: true })} />
      ) : null}
      {changing ? <ChangeApp of={changing} onClose={() => setChanging(null)} /> : null}
    </Section>
  );
}

function NewApp({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState('');
  const make = useChange<void>({
    mutationFn: () => post(PATH, { name }),
    changes: [PATH],
    done: 'The app was made. Choose it at the left to set it up.',
    onSuccess: onClose,
    inForm: true,
  });
  return (
    <FormDialog
      open
      onClose={onClose}
      title="Make an app"
      description="It gets a ledger of its own, with a signing key of its own."
      action="Make the app"
      busy={make.isPending}
      error={make.error}
      onSubmit={() => make.mutate()}
    >
      <TextField
        label="Name"
        required
        maxLength={128}
        value={name}
        onChange={setName}
        error={faultOf(make.error, 'name')}
      />
    </FormDialog>
  );
}

function ChangeApp({ of, onClose }: { readonly of: App; readonly onClose: () => void }) {
  const [name, setName] = useState(of.name);
  const [isPublic, setPublic] = useState(of.ledger_public);
  const change = useChange<void>({
    mutationFn: () =>
      call('PATCH', `${PATH}/${of.app_id}`, { body: { name, ledger_public: isPublic } }),
    changes: [PATH, '/v1/whoami'],
    done: 'Saved.',
    onSuccess: onClose,
    inForm: true,
  });
  return (
    <FormDialog
      open
      onClose={onClose}
      title={`Change ${of.name}`}
      action="Save"
      busy={change.isPending}
      error={change.error}
      onSubmit={() => change.mutate()}
    >
      <TextField
        label="Name"
        required
        maxLength={128}
        value={name}
        onChange={setName}
        error={faultOf(change.error, 'name')}
      />
      <CheckField
        label="Let anyone read the ledger: headers and hashes, never contents. Anyone can then check it without a key."
        checked={isPublic}
        onChange={setPublic}
      />
    </FormDialog>
  );
}
