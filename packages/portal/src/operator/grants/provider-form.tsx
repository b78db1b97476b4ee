import { useState } from 'react';

import { call, post } from '../../shared/api/client.ts';
import { useChange } from '../../shared/api/queries.ts';
import { faultOf, FormDialog } from '../../shared/ui/form.tsx';
import { SelectField, TextArea, TextField } from '../../shared/ui/field.tsx';
import type { ProviderRow } from '../directory.ts';
import { OAuthFields } from './oauth-fields.tsx';
import { toProviderBody, toProviderDraft } from './provider-draft.ts';
import type { AuthType, ProviderDraft } from './provider-draft.ts';
import { isWrong, readScopeMap } from './scope-map-text.ts';

interface ProviderFormProps {
  /** Absent: a new one. */
  readonly row: ProviderRow | undefined;
  readonly onClose: () => void;
}

export function ProviderForm({ row, onClose }: ProviderFormProps) {
  const [draft, setDraft] = useState(() => toProviderDraft(row));
  const set = (change: Partial<ProviderDraft>) => setDraft({ ...draft, ...change });
  const save = useChange({
    mutationFn: (given: ProviderDraft) => {
      const body = toProviderBody(given, row === undefined);
      if (row === undefined) return post('/v1/providers', body);
      return call('PATCH', `/v1/providers/${row.provider_id}`, { body });
    },
    changes: ['/v1/providers'],
    done: row ? 'The provider was changed' : 'The provider can be used',
    onSuccess: onClose,
  });
  const { error } = save;
  const map = readScopeMap(draft.scope_map);
  const wrongLine = isWrong(map) ? `line ${map.wrongLine} says no method and no path` : undefined;
  return (
    <FormDialog
      wide
      open
      onClose={onClose}
      title={row ? `Provider ${row.name}` : 'New provider'}
      action={row ? 'Save the provider' : 'Create the provider'}
      busy={save.isPending}
      error={error}
      disabled={wrongLine !== undefined}
      onSubmit={() => save.mutate(draft)}
    >
      <Place draft={draft} onChange={set} error={error} isNew={row === undefined} />
      <Credential draft={draft} onChange={set} error={error} />
      {draft.type === 'oauth2' ? (
        <OAuthFields draft={draft} onChange={set} error={error} isNew={row === undefined} />
      ) : null}
      <TextArea
        label="Scope map"
        value={draft.scope_map}
        onChange={(scope_map) => set({ scope_map })}
        placeholder={'mail.read GET,HEAD /messages* /labels\nmail.send POST /messages/send'}
        hint="Which methods and paths each scope opens, one rule to a line: scope, methods (or *), paths. Empty: scopes are not held against calls."
        error={wrongLine ?? faultOf(error, 'scope_map')}
        className="font-mono"
      />
    </FormDialog>
  );
}

interface PartProps {
  readonly draft: ProviderDraft;
  readonly onChange: (change: Partial<ProviderDraft>) => void;
  readonly error: unknown;
}

function Place({ draft, onChange, error, isNew }: PartProps & { readonly isNew: boolean }) {
  return (
    <div className="grid gap-4 sm:grid-cols-[1fr_2fr_1fr]">
      <TextField
        label="Name"
        required
        disabled={!isNew}
        value={draft.name}
        onChange={(name) => onChange({ name })}
        placeholder="mail"
        error={faultOf(error, 'name')}
      />
      <TextField
        label="Address"
        required
        type="url"
        value={draft.base_url}
        onChange={(base_url) => onChange({ base_url })}
        placeholder="https://api.example.com/v1/"
        hint="Calls cannot leave what is below it."
        error={faultOf(error, 'base_url')}
      />
      <TextField
        label="Deadline in ms"
        type="number"
        min={100}
        max={120_000}
        value={draft.timeout_ms}
        onChange={(timeout_ms) => onChange({ timeout_ms })}
        placeholder="30000"
        error={faultOf(error, 'timeout_ms')}
      />
    </div>
  );
}

const TYPES = [
  { value: 'bearer', label: 'Bearer token (Authorization: Bearer …)' },
  { value: 'header', label: 'A header of another name' },
  { value: 'query', label: 'A query parameter' },
  { value: 'basic', label: 'User and password (HTTP Basic)' },
  { value: 'oauth2', label: 'OAuth: its owner consents' },
];

const NAMED: Readonly<Partial<Record<AuthType, { label: string; placeholder: string }>>> = {
  header: { label: 'Name of the header', placeholder: 'x-api-key' },
  query: { label: 'Name of the parameter', placeholder: 'api_key' },
  basic: { label: 'User', placeholder: 'May be left out: the secret is then user:password' },
};

function Credential({ draft, onChange, error }: PartProps) {
  const named = NAMED[draft.type];
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <SelectField
        label="How the credential is attached"
        value={draft.type}
        onChange={(type) => onChange({ type: type as AuthType })}
        options={TYPES}
        error={faultOf(error, 'auth.type')}
      />
      {named ? (
        <TextField
          {...named}
          required={draft.type !== 'basic'}
          value={draft.auth_name}
          onChange={(auth_name) => onChange({ auth_name })}
          error={faultOf(error, 'auth.name')}
        />
      ) : null}
    </div>
  );
}
