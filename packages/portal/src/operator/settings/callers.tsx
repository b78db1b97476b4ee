import { useState } from 'react';

import { call, post } from '../../shared/api/client.ts';
import { useChange, useList } from '../../shared/api/queries.ts';
import { Confirm } from '../../shared/ui/confirm.tsx';
import { CsvButton } from '../../shared/ui/csv-button.tsx';
import { TextField } from '../../shared/ui/field.tsx';
import { faultOf, FormDialog } from '../../shared/ui/form.tsx';
import { Section } from '../../shared/ui/page.tsx';
import { Listed, type Column } from '../../shared/ui/table.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { AddButton } from '../add-button.tsx';
import { TrailLink } from '../links.tsx';
import { useMayChange } from '../session.ts';
import { useParam } from '../use-param.ts';
import { actionsColumn } from './row-actions.tsx';

interface Caller {
  readonly name: string;
  readonly description?: string;
  readonly created_at: string;
}

const PATH = '/v1/callers';

const COLUMNS: readonly Column<Caller>[] = [
  {
    name: 'Name',
    cell: ({ name }) => <TrailLink filter={{ caller: name }}>{name}</TrailLink>,
  },
  { name: 'About', cell: ({ description }) => description ?? '–' },
  { name: 'Registered', minor: true, cell: ({ created_at }) => <Time at={created_at} /> },
];

const CSV = {
  name: (row: Caller) => row.name,
  description: (row: Caller) => row.description,
  created_at: (row: Caller) => row.created_at,
};

/** Names that code gives itself when it calls. */
export function CallerSettings() {
  const list = useList<Caller>(PATH, { limit: 200 });
  const [adding, setAdding] = useParam('add');
  const [leaving, setLeaving] = useState<Caller | null>(null);
  const mayChange = useMayChange();
  const remove = useChange<string>({
    mutationFn: (name) => call('DELETE', `${PATH}/${encodeURIComponent(name)}`),
    changes: [PATH],
    done: 'The caller was removed.',
    onSuccess: () => setLeaving(null),
  });
  const actions = actionsColumn<Caller>(
    (row) => [{ label: 'Remove', danger: true, run: () => setLeaving(row) }],
    ({ name }) => name,
  );
  return (
    <Section
      title="Callers"
      about="Workloads that say by name who they are when they call. Registering one says what it is for."
      actions={
        <>
          <CsvButton name="callers" rows={list.rows} columns={CSV} />
          {mayChange ? (
            <AddButton label="Register a caller" onAdd={() => setAdding('caller')} />
          ) : null}
        </>
      }
    >
      <Listed
        label="Callers"
        list={list}
        rows={list.rows}
        columns={mayChange ? [...COLUMNS, actions] : COLUMNS}
        rowKey={(row) => row.name}
        empty={{
          title: 'No callers are registered',
          children: 'Calls may name any caller; registered ones are told from those nobody knows.',
        }}
      />
      {adding === 'caller' && mayChange ? (
        <NewCaller onClose={() => setAdding(undefined, { replace: true })} />
      ) : null}
      <Confirm
        open={leaving !== null}
        onClose={() => setLeaving(null)}
        onConfirm={() => remove.mutate(leaving?.name ?? '')}
        title={`Remove ${leaving?.name ?? ''}?`}
        action="Remove the caller"
        busy={remove.isPending}
      >
        Its name goes from the registry. What it did stays on the trail.
      </Confirm>
    </Section>
  );
}

function NewCaller({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const register = useChange<void>({
    mutationFn: () => post(PATH, { name, ...(description === '' ? {} : { description }) }),
    changes: [PATH],
    done: `${name} was registered.`,
    onSuccess: onClose,
    inForm: true,
  });
  return (
    <FormDialog
      open
      onClose={onClose}
      title="Register a caller"
      action="Register"
      busy={register.isPending}
      error={register.error}
      onSubmit={() => register.mutate()}
    >
      <TextField
        label="Name"
        required
        maxLength={128}
        value={name}
        onChange={setName}
        error={faultOf(register.error, 'name')}
        hint="Exactly as the code gives it in caller."
      />
      <TextField
        label="About"
        maxLength={512}
        value={description}
        onChange={setDescription}
        error={faultOf(register.error, 'description')}
      />
    </FormDialog>
  );
}
