import { faultOf } from '../../shared/ui/form.tsx';
import { CheckField, SelectField, TextArea, TextField } from '../../shared/ui/field.tsx';
import type { ProviderDraft } from './provider-draft.ts';

interface OAuthFieldsProps {
  readonly draft: ProviderDraft;
  readonly onChange: (change: Partial<ProviderDraft>) => void;
  readonly error: unknown;
  readonly isNew: boolean;
}

/** How an OAuth server is reached, and as whom. */
export function OAuthFields(props: OAuthFieldsProps) {
  const { draft, onChange, error, isNew } = props;
  return (
    <>
      <TextField
        label="Issuer"
        type="url"
        value={draft.issuer}
        onChange={(issuer) => onChange({ issuer })}
        placeholder="https://accounts.example.com"
        hint="Where the server describes itself. Where it does not, give its addresses below."
        error={faultOf(error, 'auth.issuer')}
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label="Client id"
          required
          value={draft.client_id}
          onChange={(client_id) => onChange({ client_id })}
          error={faultOf(error, 'auth.client_id')}
        />
        <TextField
          label="Client secret"
          type="password"
          autoComplete="off"
          value={draft.client_secret}
          onChange={(client_secret) => onChange({ client_secret })}
          hint={
            isNew ? 'Sealed, never shown again.' : 'Empty: stays, where it goes to the same server.'
          }
          error={faultOf(error, 'auth.client_secret')}
        />
      </div>
      <TextArea
        label="Scopes"
        rows={2}
        value={draft.scopes}
        onChange={(scopes) => onChange({ scopes })}
        placeholder="openid offline_access mail.read"
        hint="Asked for where a connect names none."
        error={faultOf(error, 'auth.scopes')}
      />
      <p className="text-xs text-ink-2">
        Register <code>{location.origin}/v1/connect/callback</code> as redirect address, or the same
        path at the public address of this server.
      </p>
      <More {...props} />
    </>
  );
}

const ENDPOINTS = [
  ['authorization_endpoint', 'Authorization endpoint'],
  ['token_endpoint', 'Token endpoint'],
  ['revocation_endpoint', 'Revocation endpoint'],
  ['introspection_endpoint', 'Introspection endpoint'],
] as const;

const METHODS = [
  { value: '', label: 'as the server says' },
  { value: 'client_secret_basic', label: 'client_secret_basic' },
  { value: 'client_secret_post', label: 'client_secret_post' },
  { value: 'none', label: 'none (a public client)' },
];

function More({ draft, onChange, error }: OAuthFieldsProps) {
  return (
    <details>
      <summary className="cursor-pointer text-sm text-accent">Addresses and other settings</summary>
      <div className="mt-3 grid gap-4 sm:grid-cols-2">
        {ENDPOINTS.map(([name, label]) => (
          <TextField
            key={name}
            label={label}
            type="url"
            value={draft[name]}
            onChange={(value) => onChange({ [name]: value })}
            error={faultOf(error, `auth.${name}`)}
          />
        ))}
        <SelectField
          label="How the client proves itself"
          value={draft.token_endpoint_auth_method}
          onChange={(value) => onChange({ token_endpoint_auth_method: value })}
          options={METHODS}
          error={faultOf(error, 'auth.token_endpoint_auth_method')}
        />
        <TextArea
          label="More parameters of the consent page"
          rows={2}
          value={draft.authorization_params}
          onChange={(authorization_params) => onChange({ authorization_params })}
          placeholder="access_type=offline"
          error={faultOf(error, 'auth.authorization_params')}
        />
      </div>
      <div className="mt-3">
        <CheckField
          label="Minted tokens are exchanged for narrower ones at the server (RFC 8693)"
          checked={draft.token_exchange}
          onChange={(token_exchange) => onChange({ token_exchange })}
        />
      </div>
    </details>
  );
}
