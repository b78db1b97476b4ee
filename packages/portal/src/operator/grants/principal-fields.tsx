import { faultOf } from '../../shared/ui/form.tsx';
import { SelectField, TextField } from '../../shared/ui/field.tsx';

/** On whose behalf something is used. */
export interface PrincipalDraft {
  readonly type: string;
  readonly id: string;
  readonly email: string;
}

export const NOBODY: PrincipalDraft = { type: 'user', id: '', email: '' };

export const toPrincipal = ({ type, id, email }: PrincipalDraft) => ({
  type,
  id: id.trim(),
  ...(email.trim() === '' ? {} : { email: email.trim() }),
});

const TYPES = [
  { value: 'user', label: 'a person' },
  { value: 'group', label: 'a group' },
  { value: 'system', label: 'a system' },
  { value: 'agent', label: 'an agent' },
];

interface PrincipalFieldsProps {
  readonly value: PrincipalDraft;
  readonly onChange: (value: PrincipalDraft) => void;
  readonly error: unknown;
}

export function PrincipalFields({ value, onChange, error }: PrincipalFieldsProps) {
  return (
    <div className="grid gap-4 sm:grid-cols-3">
      <SelectField
        label="On behalf of"
        value={value.type}
        onChange={(type) => onChange({ ...value, type })}
        options={TYPES}
      />
      <TextField
        label="Their id"
        value={value.id}
        onChange={(id) => onChange({ ...value, id })}
        required
        placeholder="alice"
        hint="As your application knows them."
        error={faultOf(error, 'principal.id', 'principal')}
      />
      <TextField
        label="Their e-mail"
        type="email"
        value={value.email}
        onChange={(email) => onChange({ ...value, email })}
        placeholder="alice@example.com"
        hint="May be left out."
        error={faultOf(error, 'principal.email')}
      />
    </div>
  );
}
