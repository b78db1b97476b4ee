import { Link2 } from 'lucide-react';
import { useState } from 'react';

import { call } from '../../shared/api/client.ts';
import { useChange, useList } from '../../shared/api/queries.ts';
import { Badge } from '../../shared/ui/badge.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { Confirm } from '../../shared/ui/confirm.tsx';
import { CsvButton } from '../../shared/ui/csv-button.tsx';
import { Section } from '../../shared/ui/page.tsx';
import { Listed, type Column } from '../../shared/ui/table.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { AddButton } from '../add-button.tsx';
import { TrailLink } from '../links.tsx';
import { useIsOwner, useMayChange } from '../session.ts';
import { useParam } from '../use-param.ts';
import { roleName, ROLES } from './choices.ts';
import { AddOperator, ChangeOperator, SignInLink, type Operator } from './operator-forms.tsx';
import { actionsColumn } from './row-actions.tsx';

const nameOf = ({ name, email, subject }: Operator) => name ?? email ?? subject ?? 'somebody';

const COLUMNS: readonly Column<Operator>[] = [
  {
    name: 'Who',
    cell: (row) => (
      <>
        <TrailLink filter={{ actor_id: row.operator_id }}>{nameOf(row)}</TrailLink>
        {row.name ? (
          <span className="block text-xs break-words text-ink-2">{row.email ?? row.subject}</span>
        ) : null}
      </>
    ),
  },
  {
    name: 'Role',
    cell: ({ role }) => (
      <Badge tone={role === 'owner' ? 'accent' : 'neutral'}>{roleName(role)}</Badge>
    ),
  },
  { name: 'Added', minor: true, cell: ({ created_at }) => <Time at={created_at} /> },
];

const CSV = {
  operator_id: (row: Operator) => row.operator_id,
  name: (row: Operator) => row.name,
  email: (row: Operator) => row.email,
  subject: (row: Operator) => row.subject,
  role: (row: Operator) => row.role,
  created_at: (row: Operator) => row.created_at,
};

type Open = { readonly what: 'change' | 'remove'; readonly row: Operator } | null;

export function OperatorSettings() {
  const list = useList<Operator>('/v1/operators', { limit: 200 });
  const [adding, setAdding] = useParam('add');
  const [open, setOpen] = useState<Open>(null);
  const close = () => setOpen(null);
  const isOwner = useIsOwner();
  const mayChange = useMayChange();
  const actions = actionsColumn<Operator>((row) => {
    const isBarred = !isOwner && (row.role === 'owner' || row.role === 'admin');
    const barred = isBarred ? 'For owners' : undefined;
    return [
      { label: 'Change', barred, run: () => setOpen({ what: 'change', row }) },
      { label: 'Remove', barred, danger: true, run: () => setOpen({ what: 'remove', row }) },
    ];
  }, nameOf);
  return (
    <Section
      title="People who operate"
      about="Who may sign in here by the identity provider, and in which role."
      actions={
        <>
          <CsvButton name="operators" rows={list.rows} columns={CSV} />
          {mayChange ? (
            <>
              <Button
                disabled={!isOwner}
                title={isOwner ? undefined : 'For owners'}
                onClick={() => setAdding('link')}
              >
                <Link2 /> Make a sign-in link
              </Button>
              <AddButton label="Add a person" onAdd={() => setAdding('operator')} />
            </>
          ) : null}
        </>
      }
    >
      <Listed
        label="Operators"
        list={list}
        rows={list.rows}
        columns={mayChange ? [...COLUMNS, actions] : COLUMNS}
        rowKey={(row) => row.operator_id}
        empty={{
          title: 'Nobody was added yet',
          children:
            'Add people by the address their identity provider has verified, or let a claim give roles.',
        }}
      />
      <RolesExplained />
      {mayChange && adding === 'operator' ? (
        <AddOperator isOwner={isOwner} onClose={() => setAdding(undefined, { replace: true })} />
      ) : null}
      {isOwner && adding === 'link' ? (
        <SignInLink onClose={() => setAdding(undefined, { replace: true })} />
      ) : null}
      {open?.what === 'change' ? (
        <ChangeOperator of={open.row} isOwner={isOwner} onClose={close} />
      ) : null}
      {open?.what === 'remove' ? <RemoveOperator of={open.row} onClose={close} /> : null}
    </Section>
  );
}

const RolesExplained = () => (
  <details className="mt-4">
    <summary className="cursor-pointer font-medium">What each role may do</summary>
    <ul className="mt-2 list-disc pl-5 text-ink-2">
      {ROLES.map(({ value, label, about }) => (
        <li key={value}>
          <span className="font-medium text-ink">{label}</span>: {about}
        </li>
      ))}
    </ul>
  </details>
);

function RemoveOperator({ of, onClose }: { readonly of: Operator; readonly onClose: () => void }) {
  const remove = useChange<void>({
    mutationFn: () => call('DELETE', `/v1/operators/${of.operator_id}`),
    changes: ['/v1/operators'],
    done: `${nameOf(of)} was removed.`,
    onSuccess: onClose,
  });
  return (
    <Confirm
      open
      onClose={onClose}
      onConfirm={() => remove.mutate()}
      title={`Remove ${nameOf(of)}?`}
      action="Remove"
      busy={remove.isPending}
    >
      They cannot sign in any more, unless a claim of the identity provider gives them a role. What
      they did stays on the trail.
    </Confirm>
  );
}
