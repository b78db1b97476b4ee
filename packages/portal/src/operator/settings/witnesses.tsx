import { useState } from 'react';

import { call, post } from '../../shared/api/client.ts';
import { useChange, useList } from '../../shared/api/queries.ts';
import { count } from '../../shared/format/number.ts';
import { Badge, type Tone } from '../../shared/ui/badge.tsx';
import { Confirm } from '../../shared/ui/confirm.tsx';
import { CsvButton } from '../../shared/ui/csv-button.tsx';
import { TextField } from '../../shared/ui/field.tsx';
import { faultOf, FormDialog } from '../../shared/ui/form.tsx';
import { Json } from '../../shared/ui/json.tsx';
import { Section } from '../../shared/ui/page.tsx';
import { Listed, type Column } from '../../shared/ui/table.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { AddButton } from '../add-button.tsx';
import { TrailLink } from '../links.tsx';
import { useMayChange } from '../session.ts';
import { useParam } from '../use-param.ts';
import { actionsColumn } from './row-actions.tsx';

interface Witness {
  readonly witness_id: string;
  readonly name: string;
  readonly url: string;
  readonly vkey: string;
  readonly cosigned_size: number | null;
  readonly last_seen: string | null;
  readonly status: 'ok' | 'behind' | 'missing' | 'conflict';
  readonly error: string | null;
  readonly created_at: string;
  readonly conflict?: unknown;
}

const PATH = '/v1/witnesses';
const AGAIN_MS = 10_000;

const TONES: Readonly<Record<Witness['status'], Tone>> = {
  ok: 'good',
  behind: 'open',
  missing: 'refused',
  conflict: 'failed',
};

const COLUMNS: readonly Column<Witness>[] = [
  {
    name: 'Witness',
    cell: ({ name, url }) => (
      <>
        <span className="block font-medium break-words">{name}</span>
        <span className="block text-xs break-all text-ink-2">{url}</span>
      </>
    ),
  },
  {
    name: 'State',
    cell: ({ status }) => <Badge tone={TONES[status]}>{status}</Badge>,
  },
  {
    name: 'Cosigned up to',
    className: 'tabular-nums',
    cell: ({ cosigned_size }) =>
      cosigned_size === null ? 'nothing yet' : `size ${count(cosigned_size)}`,
  },
  {
    name: 'Last answer',
    minor: true,
    cell: ({ last_seen }) => (last_seen ? <Time at={last_seen} /> : 'none yet'),
  },
  {
    name: 'Last error',
    minor: true,
    cell: ({ error }) => <span className="break-words">{error ?? '–'}</span>,
  },
];

const CSV = {
  witness_id: (row: Witness) => row.witness_id,
  name: (row: Witness) => row.name,
  url: (row: Witness) => row.url,
  vkey: (row: Witness) => row.vkey,
  status: (row: Witness) => row.status,
  cosigned_size: (row: Witness) => row.cosigned_size,
  last_seen: (row: Witness) => row.last_seen,
};

/** Others who sign that they have seen this ledger, so that it cannot be two. */
export function WitnessSettings() {
  const list = useList<Witness>(PATH, {}, { refetchInterval: AGAIN_MS });
  const [adding, setAdding] = useParam('add');
  const [leaving, setLeaving] = useState<Witness | null>(null);
  const mayChange = useMayChange();
  const remove = useChange<string>({
    mutationFn: (id) => call('DELETE', `${PATH}/${id}`),
    changes: [PATH, '/v1/ledger'],
    done: 'The witness was removed.',
    onSuccess: () => setLeaving(null),
  });
  const actions = actionsColumn<Witness>(
    (row) => [{ label: 'Remove', danger: true, run: () => setLeaving(row) }],
    ({ name }) => name,
  );
  const conflicts = list.rows.filter(({ conflict }) => conflict !== undefined);
  return (
    <Section
      title="Witnesses"
      about="Others who cosign each checkpoint. With them the ledger cannot be shown differently to different people."
      actions={
        <>
          <CsvButton name="witnesses" rows={list.rows} columns={CSV} />
          {mayChange ? (
            <AddButton label="Add a witness" onAdd={() => setAdding('witness')} />
          ) : null}
        </>
      }
    >
      {conflicts.map((one) => (
        <Conflict key={one.witness_id} of={one} />
      ))}
      <Listed
        label="Witnesses"
        list={list}
        rows={list.rows}
        columns={mayChange ? [...COLUMNS, actions] : COLUMNS}
        rowKey={(row) => row.witness_id}
        empty={{
          title: 'No witnesses yet',
          children: 'Ask another party to run one, and add its address and verifier key.',
        }}
      />
      {mayChange && adding === 'witness' ? (
        <AddWitness onClose={() => setAdding(undefined, { replace: true })} />
      ) : null}
      <Confirm
        open={leaving !== null}
        onClose={() => setLeaving(null)}
        onConfirm={() => remove.mutate(leaving?.witness_id ?? '')}
        title={`Remove ${leaving?.name ?? ''}?`}
        action="Remove the witness"
        busy={remove.isPending}
      >
        It is asked no more, and its cosignatures are forgotten.
      </Confirm>
    </Section>
  );
}

function Conflict({ of }: { readonly of: Witness }) {
  return (
    <div role="alert" className="mb-4 rounded-md bg-failed-soft p-3 text-failed">
      <p className="mb-2 font-medium">
        {of.name} holds another history of this ledger.{' '}
        <TrailLink filter={{ event_type: 'witness.conflict' }} className="underline">
          The alarm on the trail
        </TrailLink>
      </p>
      <Json value={of.conflict} />
    </div>
  );
}

function AddWitness({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState('');
  const [url, setUrl] = useState('');
  const [vkey, setVkey] = useState('');
  const add = useChange<void>({
    mutationFn: () =>
      post(PATH, {
        url: url.trim(),
        vkey: vkey.trim(),
        ...(name.trim() === '' ? {} : { name }),
      }),
    changes: [PATH, '/v1/ledger'],
    done: 'The witness is asked from the next checkpoint on.',
    onSuccess: onClose,
    inForm: true,
  });
  return (
    <FormDialog
      open
      onClose={onClose}
      title="Add a witness"
      description="It must know the origin and the verifier key of this ledger: see Signing key."
      action="Add the witness"
      busy={add.isPending}
      error={add.error}
      onSubmit={() => add.mutate()}
    >
      <TextField
        label="Name"
        maxLength={128}
        value={name}
        onChange={setName}
        error={faultOf(add.error, 'name')}
        hint="That of its key unless given."
      />
      <TextField
        label="Address"
        type="url"
        required
        value={url}
        onChange={setUrl}
        placeholder="https://witness.example"
        error={faultOf(add.error, 'url')}
        hint="Its submission prefix: /add-checkpoint is below it."
      />
      <TextField
        label="Verifier key"
        required
        value={vkey}
        onChange={setVkey}
        className="font-mono"
        error={faultOf(add.error, 'vkey')}
        hint="As the witness prints it: name+id+key."
      />
    </FormDialog>
  );
}
