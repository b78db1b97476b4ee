import { SelectField, TextArea, TextField } from '../../shared/ui/field.tsx';
import { useProviders } from '../directory.ts';
import type { PartProps } from './verb-form.tsx';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'].map((value) => ({
  value,
  label: value,
}));

/** Which request a verb makes of its arguments. */
export function VerbRequest(props: PartProps) {
  const { draft, onChange, fault } = props;
  const providers = useProviders().rows.map(({ name }) => ({ value: name, label: name }));
  return (
    <>
      <div className="grid gap-4 sm:grid-cols-[1fr_7rem_2fr]">
        <SelectField
          label="Provider"
          required
          value={draft.provider}
          onChange={(provider) => onChange({ provider })}
          options={[{ value: '', label: 'Choose' }, ...providers]}
          error={fault('provider')}
        />
        <SelectField
          label="Method"
          value={draft.method}
          onChange={(method) => onChange({ method })}
          options={METHODS}
          error={fault('method')}
        />
        <TextField
          label="Path"
          required
          value={draft.url}
          onChange={(url) => onChange({ url })}
          placeholder="v1/refunds/{charge}"
          hint="Below the provider’s address; {name} is an argument."
          error={fault('url')}
          className="font-mono"
        />
      </div>
      <Templates {...props} />
    </>
  );
}

const FORMATS = [
  { value: '', label: 'as JSON' },
  { value: 'form', label: 'as a form' },
];

function Templates({ draft, onChange, fault }: PartProps) {
  const isUsed = [draft.query, draft.headers, draft.body, draft.body_format].some(Boolean);
  return (
    <details open={isUsed}>
      <summary className="cursor-pointer text-sm text-accent">
        Where other arguments go: query, headers, body
      </summary>
      <div className="mt-3 grid gap-4 sm:grid-cols-2">
        <TextArea
          label="Query"
          rows={3}
          value={draft.query}
          onChange={(query) => onChange({ query })}
          placeholder="expand: {what}"
          hint="One to a line. Without any of these, arguments go to body or query as a whole."
          error={fault('query')}
          className="font-mono"
        />
        <TextArea
          label="Headers"
          rows={3}
          value={draft.headers}
          onChange={(headers) => onChange({ headers })}
          placeholder="x-reason: {reason}"
          error={fault('headers')}
          className="font-mono"
        />
        <TextArea
          label="Body"
          rows={4}
          value={draft.body}
          onChange={(body) => onChange({ body })}
          placeholder={'{ "amount": "{amount}" }'}
          hint="JSON with arguments in it."
          error={fault('body')}
          className="font-mono"
        />
        <SelectField
          label="Body is sent"
          value={draft.body_format}
          onChange={(body_format) => onChange({ body_format })}
          options={FORMATS}
          error={fault('body_format')}
        />
      </div>
    </details>
  );
}
