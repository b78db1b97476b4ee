import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { call, post } from '../../shared/api/client.ts';
import { useChange } from '../../shared/api/queries.ts';
import { faultOf, FormDialog } from '../../shared/ui/form.tsx';
import { CheckField, SelectField, TextArea, TextField } from '../../shared/ui/field.tsx';
import type { Verb } from './types.ts';
import { VerbRequest } from './verb-request.tsx';
import { faultsOf, toVerbBody, toVerbDraft, type VerbDraft } from './verb-draft.ts';
import { RULES } from './words.ts';

interface VerbFormProps {
  /** Absent: a new one. */
  readonly verb?: Verb;
  readonly onClose: () => void;
}

export function VerbForm({ verb, onClose }: VerbFormProps) {
  const [draft, setDraft] = useState(() => toVerbDraft(verb));
  const set = (change: Partial<VerbDraft>) => setDraft({ ...draft, ...change });
  const navigate = useNavigate();
  const save = useChange({
    mutationFn: (given: VerbDraft) => {
      const body = toVerbBody(given, verb === undefined);
      if (verb === undefined) return post<Verb>('/v1/verbs', body);
      return call<Verb>('PUT', `/v1/verbs/${encodeURIComponent(verb.verb)}`, { body });
    },
    changes: ['/v1/verbs'],
    done: verb ? 'The verb was changed' : 'Agents can use the verb from now on',
    onSuccess: (made) => {
      if (verb) return onClose();
      void navigate({ to: '/verbs/$verb', params: { verb: made.verb } });
    },
  });
  const faults = faultsOf(draft);
  const fault = (...names: string[]) =>
    names.map((name) => faults[name] ?? faultOf(save.error, name)).find((one) => one !== undefined);
  return (
    <FormDialog
      wide
      open
      onClose={onClose}
      title={verb ? `Verb ${verb.verb}` : 'New verb'}
      action={verb ? 'Save the verb' : 'Create the verb'}
      busy={save.isPending}
      error={save.error}
      disabled={Object.keys(faults).length > 0}
      onSubmit={() => save.mutate(draft)}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label="Name"
          required
          disabled={verb !== undefined}
          value={draft.verb}
          onChange={(name) => set({ verb: name })}
          placeholder="stripe:create_refund"
          error={fault('verb')}
        />
        <TextField
          label="Description"
          value={draft.description}
          onChange={(description) => set({ description })}
          placeholder="Gives money back to a customer"
          error={fault('description')}
        />
      </div>
      <VerbRequest draft={draft} onChange={set} fault={fault} />
      <Rules draft={draft} onChange={set} fault={fault} />
    </FormDialog>
  );
}

export interface PartProps {
  readonly draft: VerbDraft;
  readonly onChange: (change: Partial<VerbDraft>) => void;
  /** What is wrong with a field, of any of these names. */
  readonly fault: (...names: string[]) => string | undefined;
}

const RISKS = ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'].map((value) => ({
  value,
  label: value.toLowerCase(),
}));

function Rules({ draft, onChange, fault }: PartProps) {
  return (
    <>
      <TextArea
        label="Schema of the arguments"
        required
        rows={9}
        value={draft.args_schema}
        onChange={(args_schema) => onChange({ args_schema })}
        hint="JSON Schema 2020-12. Arguments that do not fit are refused."
        error={fault('args_schema')}
        className="font-mono"
      />
      <div className="grid gap-4 sm:grid-cols-3">
        <SelectField
          label="Risk"
          value={draft.risk_level}
          onChange={(risk_level) => onChange({ risk_level })}
          options={RISKS}
          error={fault('risk_level')}
        />
        <SelectField
          label="An action with it is"
          value={draft.governance}
          onChange={(governance) => onChange({ governance })}
          options={Object.entries(RULES).map(([value, label]) => ({ value, label }))}
          error={fault('governance')}
        />
        <TextField
          label="Scopes that its grant needs"
          value={draft.scopes}
          onChange={(scopes) => onChange({ scopes })}
          placeholder="refunds.write"
          error={fault('scopes')}
        />
      </div>
      <CheckField
        label="The service itself makes repeats harmless: after a crash it may be sent again"
        checked={draft.idempotent}
        onChange={(idempotent) => onChange({ idempotent })}
      />
    </>
  );
}
