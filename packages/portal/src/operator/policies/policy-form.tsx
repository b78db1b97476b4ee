import type { ReactNode } from 'react';

import { faultOf, Form } from '../../shared/ui/form.tsx';
import { SelectField, TextField } from '../../shared/ui/field.tsx';
import { grantInWords, useAgents, useGrants, useProviders } from '../directory.ts';
import { KINDS, type Draft, type Kind } from './draft.ts';
import { TemplateFields } from './template-fields.tsx';

interface PolicyFormProps {
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
  /** What is wrong with it as it stands, or was when it was last sent. */
  readonly fault: unknown;
  readonly action: string;
  readonly busy: boolean;
  readonly error: unknown;
  readonly onSubmit: () => void;
  readonly disabled: boolean;
  readonly beside?: ReactNode;
}

export function PolicyForm({ draft, onChange, fault, ...form }: PolicyFormProps) {
  const set = (change: Partial<Draft>) => onChange({ ...draft, ...change });
  return (
    <Form {...form}>
      <TextField
        label="Name"
        value={draft.name}
        onChange={(name) => set({ name })}
        required
        maxLength={128}
        placeholder="Invoices only in office hours"
        error={faultOf(fault, 'name')}
      />
      <SelectField
        label="Kind"
        value={draft.kind}
        onChange={(kind) => set({ kind: kind as Kind })}
        options={KINDS}
      />
      <TemplateFields draft={draft} onChange={set} error={fault} />
      {draft.kind === 'cedar' ? null : <Where draft={draft} onChange={set} />}
    </Form>
  );
}

interface WhereProps {
  readonly draft: Draft;
  readonly onChange: (change: Partial<Draft>) => void;
}

/** What was chosen stays to be seen, also where it is not there any more. */
const withOwn = (own: string, options: { value: string; label: string }[]) =>
  own === '' || options.some(({ value }) => value === own)
    ? options
    : [...options, { value: own, label: own }];

function Where({ draft, onChange }: WhereProps) {
  const agents = useAgents().rows.map(({ agent_id, name }) => ({ value: agent_id, label: name }));
  const providers = useProviders().rows.map(({ name }) => ({ value: name, label: name }));
  const grants = useGrants().rows.map((row) => ({
    value: row.grant_id,
    label: grantInWords(row),
  }));
  const { provider, grant_id, agent_id } = draft;
  return (
    <fieldset>
      <legend className="mb-2 text-sm font-medium">Where it holds</legend>
      <div className="grid gap-4 sm:grid-cols-3">
        <SelectField
          label="Provider"
          value={provider}
          onChange={(value) => onChange({ provider: value })}
          options={[{ value: '', label: 'all' }, ...withOwn(provider, providers)]}
        />
        <SelectField
          label="Grant"
          value={grant_id}
          onChange={(value) => onChange({ grant_id: value })}
          options={[{ value: '', label: 'all' }, ...withOwn(grant_id, grants)]}
        />
        <SelectField
          label="Agent"
          value={agent_id}
          onChange={(value) => onChange({ agent_id: value })}
          options={[{ value: '', label: 'all' }, ...withOwn(agent_id, agents)]}
        />
      </div>
    </fieldset>
  );
}
