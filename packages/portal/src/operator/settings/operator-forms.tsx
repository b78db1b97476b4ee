import { useState } from 'react';

import { call, post } from '../../shared/api/client.ts';
import { useChange } from '../../shared/api/queries.ts';
import { Button } from '../../shared/ui/button.tsx';
import { ShownOnce } from '../../shared/ui/copy.tsx';
import { Dialog } from '../../shared/ui/dialog.tsx';
import { SelectField, TextField } from '../../shared/ui/field.tsx';
import { faultOf, Form, FormDialog } from '../../shared/ui/form.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { roleOptions } from './choices.ts';

export interface Operator {
  readonly operator_id: string;
  readonly email?: string;
  readonly subject?: string;
  readonly name?: string;
  readonly role: string;
  readonly created_at: string;
}

const PATH = '/v1/operators';

interface AddProps {
  readonly isOwner: boolean;
  readonly onClose: () => void;
}

export function AddOperator({ isOwner, onClose }: AddProps) {
  const [by, setBy] = useState('email');
  const [id, setId] = useState('');
  const [name, setName] = useState('');
  const [role, setRole] = useState('analyst');
  const add = useChange<void>({
    mutationFn: () =>
      post(PATH, { [by]: id.trim(), role, ...(name.trim() === '' ? {} : { name }) }),
    changes: [PATH],
    done: 'They may sign in now.',
    onSuccess: onClose,
    inForm: true,
  });
  const isByEmail = by === 'email';
  return (
    <FormDialog
      open
      onClose={onClose}
      title="Add a person"
      action="Add"
      busy={add.isPending}
      error={add.error}
      onSubmit={() => add.mutate()}
    >
      <SelectField
        label="Known by"
        value={by}
        onChange={setBy}
        options={[
          { value: 'email', label: 'An address that the identity provider has verified' },
          { value: 'subject', label: 'Their subject (sub) at the identity provider' },
        ]}
      />
      <TextField
        label={isByEmail ? 'E-mail' : 'Subject'}
        type={isByEmail ? 'email' : 'text'}
        required
        value={id}
        onChange={setId}
        error={faultOf(add.error, 'email', 'subject')}
      />
      <TextField
        label="Name"
        value={name}
        onChange={setName}
        maxLength={128}
        error={faultOf(add.error, 'name')}
      />
      <SelectField
        label="Role"
        value={role}
        onChange={setRole}
        options={roleOptions(isOwner)}
        error={faultOf(add.error, 'role')}
        hint={isOwner ? undefined : 'Owners and admins are made by owners.'}
      />
    </FormDialog>
  );
}

export function ChangeOperator({ of, isOwner, onClose }: AddProps & { readonly of: Operator }) {
  const [name, setName] = useState(of.name ?? '');
  const [role, setRole] = useState(of.role);
  const change = useChange<void>({
    mutationFn: () =>
      call('PATCH', `${PATH}/${of.operator_id}`, {
        body: { role, ...(name.trim() === '' ? {} : { name }) },
      }),
    changes: [PATH],
    done: 'The change holds from their next call on.',
    onSuccess: onClose,
    inForm: true,
  });
  return (
    <FormDialog
      open
      onClose={onClose}
      title={`Change ${of.name ?? of.email ?? of.subject ?? ''}`}
      action="Save"
      busy={change.isPending}
      error={change.error}
      onSubmit={() => change.mutate()}
    >
      <TextField
        label="Name"
        value={name}
        onChange={setName}
        maxLength={128}
        error={faultOf(change.error, 'name')}
      />
      <SelectField
        label="Role"
        value={role}
        onChange={setRole}
        options={roleOptions(isOwner)}
        error={faultOf(change.error, 'role')}
      />
    </FormDialog>
  );
}

interface MadeLink {
  readonly url: string;
  readonly expires_at: string;
}

/** A link that signs somebody in once, with no identity provider. */
export function SignInLink({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState('');
  const [role, setRole] = useState('analyst');
  const make = useChange<void, MadeLink>({
    mutationFn: () => post('/v1/sign-in-links', { role, ...(name.trim() === '' ? {} : { name }) }),
    changes: [],
    inForm: true,
  });
  return (
    <Dialog open onClose={onClose} title="Make a sign-in link">
      {make.data ? (
        <div className="flex flex-col gap-4">
          <ShownOnce value={make.data.url} what="link" />
          <p className="text-ink-2">
            It signs in whoever opens it first, once. It ends <Time at={make.data.expires_at} />.
          </p>
          <div className="flex justify-end">
            <Button look="primary" onClick={onClose}>
              Done
            </Button>
          </div>
        </div>
      ) : (
        <Form
          action="Make the link"
          busy={make.isPending}
          error={make.error}
          onSubmit={() => make.mutate()}
          onCancel={onClose}
        >
          <TextField
            label="For whom"
            value={name}
            onChange={setName}
            maxLength={128}
            error={faultOf(make.error, 'name')}
            hint="The name that stands on the trail with what they do."
          />
          <SelectField
            label="Role"
            value={role}
            onChange={setRole}
            options={roleOptions(true)}
            error={faultOf(make.error, 'role')}
          />
        </Form>
      )}
    </Dialog>
  );
}
