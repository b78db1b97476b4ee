import { CheckField, SelectField, TextArea, TextField } from '../../shared/ui/field.tsx';
import { faultOf } from '../../shared/ui/form.tsx';
import type { ConfigField } from './config-fields.ts';
import type { Values } from './config-values.ts';

interface ConfigFieldsProps {
  readonly fields: readonly ConfigField[];
  readonly values: Values;
  readonly onChange: (values: Values) => void;
  readonly error: unknown;
  /** Where the members stand in the body: `config`. */
  readonly path: string;
  /** Something is there already: what is secret may stay empty. */
  readonly isEdit: boolean;
}

export function ConfigFields({ fields, values, onChange, error, path, isEdit }: ConfigFieldsProps) {
  return fields.map((field) => (
    <ConfigControl
      key={field.name}
      field={field}
      value={values[field.name] ?? ''}
      onChange={(value) => onChange({ ...values, [field.name]: value })}
      error={faultOf(error, `${path}.${field.name}`)}
      isEdit={isEdit}
    />
  ));
}

interface ControlProps {
  readonly field: ConfigField;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly error: string | undefined;
  readonly isEdit: boolean;
}

function ConfigControl({ field, value, onChange, error, isEdit }: ControlProps) {
  const { label, kind, placeholder, options = [] } = field;
  const isKept = isEdit && (kind === 'secret' || kind === 'pairs');
  const hint = isKept ? 'Left empty, it stays as it is.' : field.hint;
  const common = { label, hint, error, value, onChange };
  const required = field.required === true && !isKept;
  if (kind === 'check') {
    return (
      <CheckField
        label={label}
        checked={value === 'true'}
        onChange={(checked) => onChange(String(checked))}
      />
    );
  }
  if (kind === 'select') return <SelectField {...common} options={options} />;
  if (kind === 'lines' || kind === 'pairs' || kind === 'area') {
    return <TextArea {...common} rows={3} placeholder={placeholder} required={required} />;
  }
  const type = { text: 'text', secret: 'password', number: 'number' }[kind];
  return (
    <TextField
      {...common}
      type={type}
      required={required}
      placeholder={placeholder}
      autoComplete="off"
    />
  );
}
