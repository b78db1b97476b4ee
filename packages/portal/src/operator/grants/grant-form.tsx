import { useState } from 'react';

import { post } from '../../shared/api/client.ts';
import { useChange, useList } from '../../shared/api/queries.ts';
import { faultOf, FormDialog } from '../../shared/ui/form.tsx';
import { SelectField, TextField } from '../../shared/ui/field.tsx';
import { useProviders, type GrantRow } from '../directory.ts';
import { AgentsField } from './agents-field.tsx';
import { NOBODY, PrincipalFields, toPrincipal } from './principal-fields.tsx';
import type { SecretRow } from './secrets-tab.tsx';

const EMPTY = {
  provider: '',
  secret_id: '',
  principal: NOBODY,
  agents: [] as readonly string[] | '*',
  scopes: '',
  expires: '',
};
type GrantDraft = typeof EMPTY;

const toBody = ({ provider, secret_id, principal, agents, scopes, expires }: GrantDraft) => ({
  provider,
  secret_id,
  principal: toPrincipal(principal),
  agents,
  ...(scopes.trim() === '' ? {} : { scopes: scopes.trim().split(/[\s,]+/) }),
  ...(expires === '' ? {} : { expires_at: new Date(expires).toISOString() }),
});

interface GrantFormProps {
  readonly open: boolean;
  readonly onClose: () => void;
}

/** A grant of a secret that is kept here. */
export function GrantForm({ open, onClose }: GrantFormProps) {
  const [draft, setDraft] = useState(EMPTY);
  const set = (change: Partial<GrantDraft>) => setDraft({ ...draft, ...change });
  const create = useChange({
    mutationFn: (body: GrantDraft) => post<GrantRow>('/v1/grants', toBody(body)),
    changes: ['/v1/grants', '/v1/agents', '/v1/principals'],
    done: 'The grant can be used from now on',
    onSuccess: () => {
      setDraft(EMPTY);
      onClose();
    },
  });
  const { error } = create;
  return (
    <FormDialog
      wide
      open={open}
      onClose={onClose}
      title="New grant"
      description="Lets agents use a secret that is kept here. For an account that its owner connects, use Connect."
      action="Make the grant"
      busy={create.isPending}
      error={error}
      onSubmit={() => create.mutate(draft)}
    >
      <Credential draft={draft} onChange={set} error={error} />
      <PrincipalFields
        value={draft.principal}
        onChange={(principal) => set({ principal })}
        error={error}
      />
      <AgentsField
        value={draft.agents}
        onChange={(agents) => set({ agents })}
        error={faultOf(error, 'agents')}
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label="Scopes"
          value={draft.scopes}
          onChange={(scopes) => set({ scopes })}
          placeholder="mail.read mail.send"
          hint="With spaces between. Empty: not limited."
          error={faultOf(error, 'scopes')}
        />
        <TextField
          label="Expires"
          type="datetime-local"
          value={draft.expires}
          onChange={(expires) => set({ expires })}
          hint="Empty: never."
          error={faultOf(error, 'expires_at')}
        />
      </div>
    </FormDialog>
  );
}

interface CredentialProps {
  readonly draft: GrantDraft;
  readonly onChange: (change: Partial<GrantDraft>) => void;
  readonly error: unknown;
}

function Credential({ draft, onChange, error }: CredentialProps) {
  const providers = useProviders();
  const secrets = useList<SecretRow>('/v1/secrets', { limit: 1000 });
  const usable = secrets.rows.filter(
    ({ provider, revoked_at }) => provider === draft.provider && revoked_at === undefined,
  );
  const hint =
    draft.provider !== '' && usable.length === 0
      ? `No secret of ${draft.provider} is kept yet: store one under Secrets.`
      : undefined;
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <SelectField
        label="Provider"
        required
        value={draft.provider}
        onChange={(provider) => onChange({ provider, secret_id: '' })}
        options={[
          { value: '', label: 'Choose' },
          ...providers.rows.map(({ name }) => ({ value: name, label: name })),
        ]}
        error={faultOf(error, 'provider')}
      />
      <SelectField
        label="Secret"
        required
        value={draft.secret_id}
        onChange={(secret_id) => onChange({ secret_id })}
        options={[
          { value: '', label: 'Choose' },
          ...usable.map(({ secret_id, name }) => ({ value: secret_id, label: name })),
        ]}
        hint={hint}
        error={faultOf(error, 'secret_id')}
      />
    </div>
  );
}
