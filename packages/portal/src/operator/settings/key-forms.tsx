import { useState } from 'react';

import { post } from '../../shared/api/client.ts';
import { useChange } from '../../shared/api/queries.ts';
import { Button } from '../../shared/ui/button.tsx';
import { CopyButton, ShownOnce } from '../../shared/ui/copy.tsx';
import { Dialog } from '../../shared/ui/dialog.tsx';
import { CheckField, SelectField, TextField } from '../../shared/ui/field.tsx';
import { faultOf, FormDialog } from '../../shared/ui/form.tsx';
import { useAgents, type AgentRow } from '../directory.ts';
import { KEY_OVERLAPS, roleOptions, SCOPES, toIso } from './choices.ts';
import type { Key, NewKey } from './key.ts';

interface MadeProps {
  readonly onClose: () => void;
  readonly onMade: (key: NewKey) => void;
}

type Agent = Pick<AgentRow, 'agent_id' | 'name'>;

function useDraft(of: Agent | undefined) {
  const [name, setName] = useState(of?.name ?? '');
  const [kind, setKind] = useState('scopes');
  const [role, setRole] = useState('analyst');
  const [scopes, setScopes] = useState<readonly string[]>(['events:write', 'calls:execute']);
  const [agent, setAgent] = useState(of?.agent_id ?? '');
  const [expires, setExpires] = useState('');
  const body = {
    name,
    ...(kind === 'role' ? { role } : { scopes }),
    ...(agent === '' || kind === 'role' ? {} : { agent_id: agent }),
    ...(expires === '' ? {} : { expires_at: toIso(expires) }),
  };
  const fields = { name, setName, kind, setKind, role, setRole, scopes, setScopes };
  return { ...fields, agent, setAgent, expires, setExpires, body };
}

interface MintProps extends MadeProps {
  readonly isOwner: boolean;
  /** Whose key it is to be. */
  readonly agent?: Agent | undefined;
}

export function MintKey({ isOwner, agent, onClose, onMade }: MintProps) {
  const draft = useDraft(agent);
  const { body, kind, scopes } = draft;
  const mint = useChange<object, NewKey>({
    mutationFn: (sent) => post('/v1/keys', sent),
    changes: ['/v1/keys'],
    onSuccess: onMade,
    inForm: true,
  });
  return (
    <FormDialog
      open
      onClose={onClose}
      title="Mint a key"
      description="It is shown once; the server keeps only its hash."
      action="Mint the key"
      busy={mint.isPending}
      error={mint.error}
      disabled={kind === 'scopes' && scopes.length === 0}
      onSubmit={() => mint.mutate(body)}
    >
      <TextField
        label="Name"
        required
        maxLength={128}
        value={draft.name}
        onChange={draft.setName}
        error={faultOf(mint.error, 'name')}
        hint="What will use it, such as mail-agent in production."
      />
      <SelectField
        label="For"
        value={kind}
        onChange={draft.setKind}
        options={[
          { value: 'scopes', label: 'A program or an agent, with scopes' },
          { value: 'role', label: 'A person, with a role' },
        ]}
      />
      {kind === 'role' ? (
        <SelectField
          label="Role"
          value={draft.role}
          onChange={draft.setRole}
          options={roleOptions(isOwner)}
          error={faultOf(mint.error, 'role')}
        />
      ) : (
        <ScopeFields draft={draft} isOwner={isOwner} error={mint.error} />
      )}
      <TextField
        label="Expires"
        type="datetime-local"
        value={draft.expires}
        onChange={draft.setExpires}
        error={faultOf(mint.error, 'expires_at')}
        hint="Never, if left empty."
      />
    </FormDialog>
  );
}

interface ScopeProps {
  readonly draft: ReturnType<typeof useDraft>;
  readonly isOwner: boolean;
  readonly error: unknown;
}

function ScopeFields({ draft, isOwner, error }: ScopeProps) {
  const { scopes, setScopes, agent, setAgent } = draft;
  const agents = useAgents();
  const live = agents.rows.filter(({ revoked_at }) => revoked_at === undefined);
  const fault = faultOf(error, 'scopes');
  return (
    <>
      <fieldset>
        <legend className="mb-1 text-sm font-medium">It may</legend>
        <div className="grid gap-1.5 sm:grid-cols-2">
          {SCOPES.map(({ value, label }) => (
            <CheckField
              key={value}
              label={
                <>
                  {label} <code className="font-mono text-xs text-ink-3">{value}</code>
                </>
              }
              checked={scopes.includes(value)}
              disabled={value === 'admin' && !isOwner}
              onChange={(checked) =>
                setScopes(checked ? [...scopes, value] : scopes.filter((one) => one !== value))
              }
            />
          ))}
        </div>
        {fault ? <p className="mt-1 text-xs text-failed">{fault}</p> : null}
      </fieldset>
      <SelectField
        label="Agent"
        value={agent}
        onChange={setAgent}
        options={[
          { value: '', label: 'None' },
          ...live.map(({ agent_id, name }) => ({ value: agent_id, label: name })),
        ]}
        error={faultOf(error, 'agent_id')}
        hint="What is done with the key is told as done by this agent."
      />
    </>
  );
}

export function RotateKey({ of, onClose, onMade }: MadeProps & { readonly of: Key }) {
  const [overlap, setOverlap] = useState('3600');
  const rotate = useChange<void, NewKey>({
    mutationFn: () => post(`/v1/keys/${of.key_id}/rotate`, { overlap_seconds: Number(overlap) }),
    changes: ['/v1/keys'],
    onSuccess: (made) => {
      onMade(made);
      onClose();
    },
    inForm: true,
  });
  return (
    <FormDialog
      open
      onClose={onClose}
      title={`Rotate ${of.name}`}
      description="A new key that may do the same takes its place."
      action="Rotate the key"
      busy={rotate.isPending}
      error={rotate.error}
      onSubmit={() => rotate.mutate()}
    >
      <SelectField
        label="Both keys work for"
        value={overlap}
        onChange={setOverlap}
        options={KEY_OVERLAPS}
        hint="Long enough to put the new one everywhere the old one is."
      />
    </FormDialog>
  );
}

interface NewKeyProps {
  readonly made: NewKey;
  readonly onClose: () => void;
}

export function NewKeyDialog({ made, onClose }: NewKeyProps) {
  const example = `curl ${location.origin}/v1/whoami -H "authorization: Bearer ${made.key}"`;
  return (
    <Dialog open onClose={onClose} title="The new key">
      <div className="flex flex-col gap-4">
        <ShownOnce value={made.key} what="key" />
        <p className="text-ink-2">
          On the trail it is told by its beginning, <code>{made.prefix}</code>.
        </p>
        <div className="flex flex-wrap justify-end gap-2">
          <CopyButton text={example} what="as curl" />
          <Button look="primary" onClick={onClose}>
            Done
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
