import { Plus, Trash2, X } from 'lucide-react';
import { useState } from 'react';

import { call, post } from '../../shared/api/client.ts';
import { useChange } from '../../shared/api/queries.ts';
import { Button, IconButton } from '../../shared/ui/button.tsx';
import { Confirm } from '../../shared/ui/confirm.tsx';
import { Id } from '../../shared/ui/copy.tsx';
import { CONTROL, TextArea, TextField } from '../../shared/ui/field.tsx';
import { faultOf, Form } from '../../shared/ui/form.tsx';
import { Json } from '../../shared/ui/json.tsx';
import { Card, Section } from '../../shared/ui/page.tsx';
import { roleOptions } from './choices.ts';
import {
  bodyOf,
  draftOf,
  type Audience,
  type Draft,
  type Provider,
  type RoleRow,
} from './identity-provider.ts';

const PATH = '/v1/identity-provider';

interface FormProps {
  readonly audience: Audience;
  readonly old?: Provider;
}

export function IdentityForm({ audience, old }: FormProps) {
  const [draft, setDraft] = useState(() => draftOf(old));
  const put = useChange<void>({
    mutationFn: () => call('PUT', PATH, { body: bodyOf(audience, draft) }),
    changes: [PATH],
    done: 'The provider answered, and was saved.',
    inForm: true,
  });
  const field = <N extends Exclude<keyof Draft, 'roles'>>(name: N, path: string = name) => ({
    value: draft[name],
    onChange: (value: string) => setDraft({ ...draft, [name]: value }),
    error: faultOf(put.error, path),
  });
  return (
    <Card className="mb-8 max-w-2xl">
      <p className="mb-4 text-ink-2">
        Give your provider this redirect address:{' '}
        <Id value={`${location.origin}/v1/sign-in/callback`} />
      </p>
      <Form
        action={old ? 'Save' : 'Name the provider'}
        busy={put.isPending}
        error={put.error}
        onSubmit={() => put.mutate()}
      >
        <TextField
          {...field('issuer')}
          label="Issuer"
          type="url"
          required
          placeholder="https://login.example"
          hint="Its configuration is read from there when you save."
        />
        <TextField {...field('client_id')} label="Client id" required />
        <TextField
          {...field('client_secret')}
          label="Client secret"
          type="password"
          autoComplete="off"
          hint={
            old?.client_authenticates
              ? 'Left empty, the one that is kept stays, if issuer and client are the same.'
              : 'Left empty for a public client. Sealed, and never shown again.'
          }
        />
        <TextField {...field('scopes')} label="Scopes" required />
        <TextArea
          {...field('email_domains')}
          label="Only people of these domains"
          rows={2}
          placeholder="example.com"
          hint="One on a line; everybody if left empty. The address must be verified."
        />
        {audience === 'operators' ? (
          <RoleFields draft={draft} onChange={setDraft} error={put.error} />
        ) : (
          <TextField
            {...field('principal_claim', 'wallet.principal_claim')}
            label="Claim that names the person"
            required
            hint="Its value is the principal_id of grants: sub, email, or one of yours."
          />
        )}
      </Form>
    </Card>
  );
}

interface RoleProps {
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
  readonly error: unknown;
}

/** Which value of a claim gives which role. */
function RoleFields({ draft, onChange, error }: RoleProps) {
  const { roles, role_claim } = draft;
  const setRoles = (next: readonly RoleRow[]) => onChange({ ...draft, roles: next });
  const fault = faultOf(error, 'roles');
  return (
    <>
      <TextField
        label="Claim that gives roles"
        value={role_claim}
        onChange={(value) => onChange({ ...draft, role_claim: value })}
        placeholder="groups"
        error={faultOf(error, 'role_claim')}
        hint="People who were added by name come first. Left empty, only they may sign in."
      />
      {role_claim === '' ? null : (
        <fieldset>
          <legend className="mb-1 text-sm font-medium">Roles by the values of the claim</legend>
          <div className="flex flex-col gap-2">
            {roles.map((row, index) => (
              <RoleMapping
                key={index}
                row={row}
                number={index + 1}
                onChange={(next) => setRoles(roles.with(index, next))}
                onRemove={() => setRoles(roles.toSpliced(index, 1))}
              />
            ))}
            <div>
              <Button onClick={() => setRoles([...roles, { value: '', role: 'analyst' }])}>
                <Plus /> Add a value
              </Button>
            </div>
          </div>
          {fault ? <p className="mt-1 text-xs text-failed">{fault}</p> : null}
        </fieldset>
      )}
    </>
  );
}

interface MappingProps {
  readonly row: RoleRow;
  readonly number: number;
  readonly onChange: (row: RoleRow) => void;
  readonly onRemove: () => void;
}

function RoleMapping({ row, number, onChange, onRemove }: MappingProps) {
  return (
    <div className="flex items-center gap-2">
      <input
        aria-label={`Value ${number}`}
        required
        maxLength={256}
        value={row.value}
        onChange={(event) => onChange({ ...row, value: event.target.value })}
        className={CONTROL}
      />
      <select
        aria-label={`Role of value ${number}`}
        value={row.role}
        onChange={(event) => onChange({ ...row, role: event.target.value })}
        className={CONTROL}
      >
        {roleOptions(true).map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      <IconButton label={`Remove value ${number}`} onClick={onRemove}>
        <X />
      </IconButton>
    </div>
  );
}

interface TestAnswer {
  readonly verified: boolean;
  readonly may_sign_in: boolean;
  readonly why?: string;
  readonly role?: string;
  readonly principal_id?: string;
  readonly email?: string | null;
}

function verdictOf({ verified, may_sign_in, why, role, principal_id, email }: TestAnswer): string {
  if (!verified) return `The token was not accepted: ${why ?? 'no reason'}.`;
  if (!may_sign_in) return `The token is sound, but the person may not sign in: ${why ?? ''}.`;
  const who = email ? ` (${email})` : '';
  return role === undefined
    ? `They would see the wallet of ${principal_id ?? ''}${who}.`
    : `They would sign in as ${role}${who}.`;
}

/** Who would a person with this ID token be? */
export function TestToken({ audience }: { readonly audience: Audience }) {
  const [token, setToken] = useState('');
  const [nonce, setNonce] = useState('');
  const test = useChange<void, TestAnswer>({
    mutationFn: () =>
      post(`${PATH}/test`, {
        audience,
        id_token: token.trim(),
        ...(nonce.trim() === '' ? {} : { nonce: nonce.trim() }),
      }),
    changes: [],
    inForm: true,
  });
  const answer = test.data;
  return (
    <Section
      title="Test an ID token"
      about="Says who a person with this token would be, without signing anybody in."
    >
      <Card className="max-w-2xl">
        <Form action="Test" busy={test.isPending} error={test.error} onSubmit={() => test.mutate()}>
          <TextArea
            label="ID token"
            required
            value={token}
            onChange={setToken}
            placeholder="eyJ…"
            className="font-mono break-all"
            error={faultOf(test.error, 'id_token')}
          />
          <TextField
            label="Nonce"
            value={nonce}
            onChange={setNonce}
            hint="Not compared, if left empty."
            error={faultOf(test.error, 'nonce')}
          />
        </Form>
        {answer ? (
          <div role="status" className="mt-4">
            <p className={`mb-2 font-medium ${answer.may_sign_in ? 'text-good' : 'text-failed'}`}>
              {verdictOf(answer)}
            </p>
            <Json value={answer} />
          </div>
        ) : null}
      </Card>
    </Section>
  );
}

interface RemoveProps {
  readonly audience: Audience;
  readonly issuer: string;
}

export function RemoveProvider({ audience, issuer }: RemoveProps) {
  const [isOpen, setOpen] = useState(false);
  const remove = useChange<void>({
    mutationFn: () => call('DELETE', PATH, { query: { audience } }),
    changes: [PATH],
    done: 'The identity provider was removed.',
    onSuccess: () => setOpen(false),
  });
  return (
    <Section title="Remove" about="Nobody can sign in by it any more; keys and links still work.">
      <Button look="danger" onClick={() => setOpen(true)}>
        <Trash2 /> Remove the provider
      </Button>
      <Confirm
        open={isOpen}
        onClose={() => setOpen(false)}
        onConfirm={() => remove.mutate()}
        title={`Remove ${issuer}?`}
        action="Remove the provider"
        busy={remove.isPending}
      >
        {audience === 'operators'
          ? 'Operators can sign in by links and keys only.'
          : 'People can open their wallet only by links that your application makes.'}
      </Confirm>
    </Section>
  );
}
