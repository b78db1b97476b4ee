import { RefreshCw } from 'lucide-react';
import { useState } from 'react';

import { post } from '../../shared/api/client.ts';
import { useChange, useGet, useList } from '../../shared/api/queries.ts';
import { count } from '../../shared/format/number.ts';
import { Button } from '../../shared/ui/button.tsx';
import { CopyIconButton, Id } from '../../shared/ui/copy.tsx';
import { CsvButton } from '../../shared/ui/csv-button.tsx';
import { Fact, Facts } from '../../shared/ui/facts.tsx';
import { CheckField, SelectField, TextField } from '../../shared/ui/field.tsx';
import { faultOf, FormDialog } from '../../shared/ui/form.tsx';
import { Card, Section } from '../../shared/ui/page.tsx';
import { Answer } from '../../shared/ui/states.tsx';
import { Listed, type Column } from '../../shared/ui/table.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { useMayChange } from '../session.ts';
import { useParam } from '../use-param.ts';
import { SIGNING_OVERLAPS } from './choices.ts';

interface Ledger {
  readonly origin: string;
  readonly vkey: string;
  readonly size: number;
  readonly last_created_at: string;
}

interface SigningKey {
  readonly vkey: string;
  readonly from_size: number;
  readonly to_size: number | null;
  readonly created_at: string;
  readonly retires_at?: string;
}

const KEYS = '/v1/ledger/keys';

const COLUMNS: readonly Column<SigningKey>[] = [
  {
    name: 'Verifier key',
    cell: ({ vkey }) => (
      <span className="flex items-center gap-1">
        <code className="truncate font-mono text-xs" title={vkey}>
          {vkey}
        </code>
        <CopyIconButton text={vkey} what="verifier key" />
      </span>
    ),
  },
  {
    name: 'Signs',
    className: 'tabular-nums',
    cell: ({ from_size, to_size }) =>
      to_size === null
        ? `from size ${count(from_size)} on`
        : `size ${count(from_size)} to ${count(to_size)}`,
  },
  { name: 'Since', minor: true, cell: ({ created_at }) => <Time at={created_at} /> },
  {
    name: 'Ends',
    minor: true,
    cell: ({ to_size, retires_at }) => {
      if (retires_at !== undefined) return <Time at={retires_at} />;
      return to_size === null ? 'in use' : 'ended';
    },
  },
];

const CSV = {
  vkey: (row: SigningKey) => row.vkey,
  from_size: (row: SigningKey) => row.from_size,
  to_size: (row: SigningKey) => row.to_size,
  created_at: (row: SigningKey) => row.created_at,
  retires_at: (row: SigningKey) => row.retires_at,
};

/** The key that signs checkpoints, and those before it. */
export function SigningSettings() {
  const ledger = useGet<Ledger>('/v1/ledger');
  const keys = useList<SigningKey>(KEYS);
  const [adding, setAdding] = useParam('add');
  const mayChange = useMayChange();
  return (
    <Section
      title="Signing key"
      about="Signs every checkpoint of the ledger. Give its verifier key to whoever shall check."
      actions={
        <>
          <CsvButton name="signing-keys" rows={keys.rows} columns={CSV} />
          {mayChange ? (
            <Button look="danger" onClick={() => setAdding('rotation')}>
              <RefreshCw /> Rotate the key
            </Button>
          ) : null}
        </>
      }
    >
      <Card className="mb-4">
        <Answer of={ledger}>
          {({ origin, vkey, size, last_created_at }) => (
            <Facts>
              <Fact name="Origin">
                <Id value={origin} />
              </Fact>
              <Fact name="Verifier key">
                <Id value={vkey} />
              </Fact>
              <Fact name="Entries">{count(size)}</Fact>
              <Fact name="Newest entry">
                <Time at={last_created_at} />
              </Fact>
            </Facts>
          )}
        </Answer>
      </Card>
      <Listed
        label="Signing keys"
        list={keys}
        rows={keys.rows}
        columns={COLUMNS}
        rowKey={(row) => `${row.from_size} ${row.vkey}`}
        empty={{ title: 'No keys' }}
      />
      {mayChange && adding === 'rotation' ? (
        <RotateSigningKey onClose={() => setAdding(undefined, { replace: true })} />
      ) : null}
    </Section>
  );
}

function RotateSigningKey({ onClose }: { readonly onClose: () => void }) {
  const [overlap, setOverlap] = useState('604800');
  const [reason, setReason] = useState('');
  const [isSure, setSure] = useState(false);
  const rotate = useChange<void>({
    mutationFn: () =>
      post(`${KEYS}/rotate`, {
        overlap_seconds: Number(overlap),
        ...(reason.trim() === '' ? {} : { reason }),
      }),
    changes: ['/v1/ledger'],
    done: 'The new key signs from the next entry on.',
    onSuccess: onClose,
    inForm: true,
  });
  return (
    <FormDialog
      open
      onClose={onClose}
      title="Rotate the signing key"
      description="The old key hands the ledger on to the new one, in an entry that it signs. Earlier proofs stay sound."
      action="Rotate the key"
      busy={rotate.isPending}
      error={rotate.error}
      disabled={!isSure}
      onSubmit={() => rotate.mutate()}
    >
      <SelectField
        label="Both keys sign for"
        value={overlap}
        onChange={setOverlap}
        options={SIGNING_OVERLAPS}
        hint="So long those who check have for learning the new one."
        error={faultOf(rotate.error, 'overlap_seconds')}
      />
      <TextField
        label="Reason, for the record"
        value={reason}
        onChange={setReason}
        error={faultOf(rotate.error, 'reason')}
      />
      <CheckField
        label="I know that those who check must learn the new key, and that this cannot be undone."
        checked={isSure}
        onChange={setSure}
      />
    </FormDialog>
  );
}
