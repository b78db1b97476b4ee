import { useState } from 'react';

import { call } from '../../shared/api/client.ts';
import { useChange, useList } from '../../shared/api/queries.ts';
import { Badge, type Tone } from '../../shared/ui/badge.tsx';
import { Confirm } from '../../shared/ui/confirm.tsx';
import { CsvButton } from '../../shared/ui/csv-button.tsx';
import { CheckField } from '../../shared/ui/field.tsx';
import { Section } from '../../shared/ui/page.tsx';
import { Listed, type Column } from '../../shared/ui/table.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { AddButton } from '../add-button.tsx';
import { useAgentNames } from '../directory.ts';
import { AgentLink, TrailLink } from '../links.tsx';
import { useIsOwner, useMayChange } from '../session.ts';
import { useParam } from '../use-param.ts';
import { roleName } from './choices.ts';
import { governs, keyState, type Key, type KeyState, type NewKey } from './key.ts';
import { MintKey, NewKeyDialog, RotateKey } from './key-forms.tsx';
import { actionsColumn } from './row-actions.tsx';

const TONES: Readonly<Record<KeyState, Tone>> = {
  active: 'good',
  'ends soon': 'refused',
  expired: 'neutral',
  revoked: 'neutral',
};

function AgentName({ id }: { readonly id: string }) {
  const nameOf = useAgentNames();
  return <AgentLink id={id}>{nameOf(id)}</AgentLink>;
}

const COLUMNS: readonly Column<Key>[] = [
  {
    name: 'Name',
    cell: ({ name, prefix }) => (
      <>
        <span className="block font-medium break-words">{name}</span>
        <TrailLink filter={{ caller_key_prefix: prefix }}>
          <code className="font-mono text-xs">{prefix}</code>
        </TrailLink>
      </>
    ),
  },
  {
    name: 'May',
    cell: ({ role, scopes, agent_id }) => (
      <>
        {role === undefined ? scopes.join(', ') : `as ${roleName(role).toLowerCase()}`}
        {agent_id ? (
          <span className="block text-xs">
            for <AgentName id={agent_id} />
          </span>
        ) : null}
      </>
    ),
  },
  {
    name: 'State',
    cell: (key) => <Badge tone={TONES[keyState(key)]}>{keyState(key)}</Badge>,
  },
  { name: 'Minted', minor: true, cell: ({ created_at }) => <Time at={created_at} /> },
  {
    name: 'Ends',
    minor: true,
    cell: ({ revoked_at, expires_at }) => {
      const end = revoked_at ?? expires_at;
      return end ? <Time at={end} /> : 'never';
    },
  },
];

const CSV = {
  key_id: (row: Key) => row.key_id,
  name: (row: Key) => row.name,
  prefix: (row: Key) => row.prefix,
  role: (row: Key) => row.role,
  scopes: (row: Key) => row.scopes.join(' '),
  agent_id: (row: Key) => row.agent_id,
  created_at: (row: Key) => row.created_at,
  expires_at: (row: Key) => row.expires_at,
  revoked_at: (row: Key) => row.revoked_at,
};

type Open = { readonly what: 'rotate' | 'revoke'; readonly key: Key } | null;

interface KeySettingsProps {
  /** Only the keys of this agent. */
  readonly agent?: { readonly agent_id: string; readonly name: string };
}

export function KeySettings({ agent }: KeySettingsProps) {
  const list = useList<Key>('/v1/keys', { limit: 200 });
  const [all, setAll] = useParam('all');
  const [adding, setAdding] = useParam('add');
  const [open, setOpen] = useState<Open>(null);
  const [made, setMade] = useState<NewKey | null>(null);
  const close = () => setOpen(null);
  const isOwner = useIsOwner();
  const mayChange = useMayChange();
  const rows = list.rows.filter(
    (key) =>
      (all !== undefined || keyState(key) !== 'revoked') &&
      (agent === undefined || key.agent_id === agent.agent_id),
  );
  const actions = actionsColumn<Key>(
    (key) => {
      const barred = governs(key) && !isOwner ? 'For owners' : undefined;
      return keyState(key) === 'revoked'
        ? []
        : [
            { label: 'Rotate', barred, run: () => setOpen({ what: 'rotate', key }) },
            { label: 'Revoke', barred, danger: true, run: () => setOpen({ what: 'revoke', key }) },
          ];
    },
    ({ name }) => name,
  );
  return (
    <Section
      title="API keys"
      about="What programs sign in with. Each agent should have its own, so that the trail tells them apart."
      actions={
        <>
          <CsvButton name="keys" rows={rows} columns={CSV} />
          {mayChange ? <AddButton label="Mint a key" onAdd={() => setAdding('key')} /> : null}
        </>
      }
    >
      <div className="mb-2">
        <CheckField
          label="Show revoked keys too"
          checked={all !== undefined}
          onChange={(checked) => setAll(checked ? '1' : undefined)}
        />
      </div>
      <Listed
        label="API keys"
        list={list}
        rows={rows}
        columns={mayChange ? [...COLUMNS, actions] : COLUMNS}
        rowKey={(row) => row.key_id}
        empty={{ title: 'No keys', children: 'Mint one for the first program that shall call.' }}
      />
      {adding === 'key' && mayChange ? (
        <MintKey
          isOwner={isOwner}
          agent={agent}
          onClose={() => setAdding(undefined, { replace: true })}
          onMade={(key) => {
            setMade(key);
            setAdding(undefined, { replace: true });
          }}
        />
      ) : null}
      {open?.what === 'rotate' ? (
        <RotateKey of={open.key} onClose={close} onMade={setMade} />
      ) : null}
      {open?.what === 'revoke' ? <RevokeKey of={open.key} onClose={close} /> : null}
      {made ? <NewKeyDialog made={made} onClose={() => setMade(null)} /> : null}
    </Section>
  );
}

function RevokeKey({ of, onClose }: { readonly of: Key; readonly onClose: () => void }) {
  const revoke = useChange<void>({
    mutationFn: () => call('DELETE', `/v1/keys/${of.key_id}`),
    changes: ['/v1/keys'],
    done: `${of.name} was revoked.`,
    onSuccess: onClose,
  });
  return (
    <Confirm
      open
      onClose={onClose}
      onConfirm={() => revoke.mutate()}
      title={`Revoke ${of.name}?`}
      action="Revoke the key"
      busy={revoke.isPending}
    >
      Whatever uses it is refused from the next call on, and whoever signed in with it is signed
      out. This cannot be undone; to replace a key without a gap, rotate it.
      {governs(of) ? ' It administers: be sure that there is another way in.' : null}
    </Confirm>
  );
}
