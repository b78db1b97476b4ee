import { useId, type ComponentProps, type ReactNode } from 'react';

import { cx } from './cx.ts';

/** Form controls: a label, a control, what it is for, and what is wrong with it. */

export const CONTROL =
  'block w-full min-h-9 rounded-md border border-line-strong bg-panel px-2.5 py-1.5 text-sm text-ink ' +
  'placeholder:text-ink-3 aria-invalid:border-failed disabled:opacity-60';

interface FieldProps {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error?: string | null | undefined;
  readonly children: (ids: {
    id: string;
    'aria-describedby': string | undefined;
    'aria-invalid': true | undefined;
  }) => ReactNode;
}

/** For controls that are not here yet. */
export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const about = hint || error ? `${id}-about` : undefined;
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-sm font-medium">
        {label}
      </label>
      {children({ id, 'aria-describedby': about, 'aria-invalid': error ? true : undefined })}
      {about ? (
        <p id={about} className={cx('mt-1 text-xs', error ? 'text-failed' : 'text-ink-3')}>
          {error ?? hint}
        </p>
      ) : null}
    </div>
  );
}

interface Common {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error?: string | null | undefined;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

type TextProps = Common & Omit<ComponentProps<'input'>, 'value' | 'onChange'>;

export function TextField({ label, hint, error, value, onChange, className, ...rest }: TextProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(ids) => (
        <input
          {...rest}
          {...ids}
          value={value}
          onChange={(event) => onChange(event.target.value)}
          className={cx(CONTROL, className)}
        />
      )}
    </Field>
  );
}

type AreaProps = Common & Omit<ComponentProps<'textarea'>, 'value' | 'onChange'>;

export function TextArea({ label, hint, error, value, onChange, className, ...rest }: AreaProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(ids) => (
        <textarea
          rows={4}
          spellCheck={false}
          {...rest}
          {...ids}
          value={value}
          onChange={(event) => onChange(event.target.value)}
          className={cx(CONTROL, className)}
        />
      )}
    </Field>
  );
}

export interface Option {
  readonly value: string;
  readonly label: string;
}

type SelectProps = Common & { readonly options: readonly Option[] } & Omit<
    ComponentProps<'select'>,
    'value' | 'onChange'
  >;

/** The browser's own: it is good on phones and with keyboards. */
export function SelectField({
  label,
  hint,
  error,
  value,
  onChange,
  options,
  className,
  ...rest
}: SelectProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(ids) => (
        <select
          {...rest}
          {...ids}
          value={value}
          onChange={(event) => onChange(event.target.value)}
          className={cx(CONTROL, className)}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface CheckProps {
  readonly label: ReactNode;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly disabled?: boolean;
}

export function CheckField({ label, checked, onChange, disabled }: CheckProps) {
  return (
    <label className="flex items-start gap-2 text-sm">
      <input
        type="checkbox"
        checked={checked}
        disabled={disabled}
        onChange={(event) => onChange(event.target.checked)}
        className="mt-0.5 size-4 shrink-0 accent-accent"
      />
      <span>{label}</span>
    </label>
  );
}
