import { useState } from 'react';

import { call } from '../../shared/api/client.ts';
import { useChange, useList } from '../../shared/api/queries.ts';
import { Badge, type Tone } from '../../shared/ui/badge.tsx';
import { Confirm } from '../../shared/ui/confirm.tsx';
import { CsvButton } from '../../shared/ui/csv-button.tsx';
import { CheckField } from '../../shared/ui/field.tsx';
import { Section } from '../../shared/ui/page.tsx';
import { Empty } from '../../shared/ui/states.tsx';
import { Listed, type Column } from '../../shared/ui/table.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { PersonLink } from '../links.tsx';
import { useIsOwner } from '../session.ts';
import { useParam } from '../use-param.ts';
import { roleName } from './choices.ts';
import { actionsColumn } from './row-actions.tsx';

interface Session {
  readonly session_id: string;
  readonly kind: 'operator' | 'wallet';
  readonly how: 'link' | 'key' | 'oidc';
  readonly status: 'waiting' | 'open' | 'expired' | 'ended';
  readonly role?: string;
  readonly name?: string;
  readonly email?: string;
  readonly subject?: string;
  readonly key_id?: string;
  readonly principal_id?: string;
  readonly created_at: string;
  readonly opened_at?: string;
  readonly expires_at: string;
  readonly ended_at?: string;
}

const PATH = '/v1/sessions';
const AGAIN_MS = 10_000;

const HOWS: Readonly<Record<Session['how'], string>> = {
  link: 'a one-time link',
  key: 'an API key',
  oidc: 'the identity provider',
};
const TONES: Readonly<Record<Session['status'], Tone>> = {
  waiting: 'open',
  open: 'good',
  expired: 'neutral',
  ended: 'neutral',
};

const nameOf = ({ name, email, subject, principal_id, how }: Session) =>
  name ?? email ?? subject ?? principal_id ?? `somebody with ${HOWS[how]}`;
const isLive = ({ status }: Session) => status === 'open' || status === 'waiting';

const COLUMNS: readonly Column<Session>[] = [
  {
    name: 'Who',
    cell: (row) => (
      <span className="font-medium break-words">
        {row.kind === 'wallet' ? <PersonLink id={row.principal_id} /> : nameOf(row)}
      </span>
    ),
  },
  {
    name: 'Where',
    cell: ({ kind, role }) =>
      kind === 'wallet' ? 'wallet' : `portal${role ? `, ${roleName(role).toLowerCase()}` : ''}`,
  },
  { name: 'By', minor: true, cell: ({ how }) => HOWS[how] },
  { name: 'State', cell: ({ status }) => <Badge tone={TONES[status]}>{status}</Badge> },
  { name: 'Since', minor: true, cell: (row) => <Time at={row.opened_at ?? row.created_at} /> },
  { name: 'Ends', cell: (row) => <Time at={row.ended_at ?? row.expires_at} /> },
];

const CSV = {
  session_id: (row: Session) => row.session_id,
  kind: (row: Session) => row.kind,
  who: nameOf,
  role: (row: Session) => row.role,
  how: (row: Session) => row.how,
  status: (row: Session) => row.status,
  opened_at: (row: Session) => row.opened_at,
  expires_at: (row: Session) => row.expires_at,
  ended_at: (row: Session) => row.ended_at,
};

/** Who is signed in, and the links that wait to be used. */
export function SessionSettings() {
  const isOwner = useIsOwner();
  if (isOwner) return <Sessions />;
  return (
    <Section title="Sessions">
      <Empty title="For owners">Only owners see who is signed in.</Empty>
    </Section>
  );
}

function Sessions() {
  const list = useList<Session>(PATH, { limit: 200 }, { refetchInterval: AGAIN_MS });
  const [all, setAll] = useParam('all');
  const [leaving, setLeaving] = useState<Session | null>(null);
  const end = useChange<string>({
    mutationFn: (id) => call('DELETE', `${PATH}/${id}`),
    changes: [PATH, '/v1/whoami'],
    done: 'It has ended.',
    onSuccess: () => setLeaving(null),
  });
  const rows = list.rows.filter((row) => all !== undefined || isLive(row)).toReversed();
  const actions = actionsColumn<Session>(
    (row) =>
      isLive(row)
        ? [
            {
              label: row.status === 'waiting' ? 'Withdraw' : 'End',
              danger: true,
              run: () => setLeaving(row),
            },
          ]
        : [],
    nameOf,
  );
  return (
    <Section
      title="Sessions"
      about="Who is signed in to the portal and to wallets, and one-time links that wait to be used."
      actions={<CsvButton name="sessions" rows={rows} columns={CSV} />}
    >
      <div className="mb-2">
        <CheckField
          label="Show those that have ended too"
          checked={all !== undefined}
          onChange={(checked) => setAll(checked ? '1' : undefined)}
        />
      </div>
      <Listed
        label="Sessions"
        list={list}
        rows={rows}
        columns={[...COLUMNS, actions]}
        rowKey={(row) => row.session_id}
        empty={{ title: 'Nobody is signed in', children: 'API keys need no session.' }}
      />
      <Confirm
        open={leaving !== null}
        onClose={() => setLeaving(null)}
        onConfirm={() => end.mutate(leaving?.session_id ?? '')}
        title={leaving?.status === 'waiting' ? 'Withdraw the link?' : 'End the session?'}
        action={leaving?.status === 'waiting' ? 'Withdraw the link' : 'End the session'}
        busy={end.isPending}
      >
        {leaving?.status === 'waiting'
          ? 'It signs nobody in any more.'
          : 'They are signed out at once, in every tab. They can sign in again.'}
      </Confirm>
    </Section>
  );
}
