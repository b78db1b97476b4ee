import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { Button } from '../../shared/ui/button.tsx';
import { SelectField, TextField } from '../../shared/ui/field.tsx';
import { useAgents, useProviders } from '../directory.ts';
import { useParam } from '../use-param.ts';
import { GRANT_STATUS } from './words.ts';

const STATUSES = Object.entries(GRANT_STATUS).map(([value, { word }]) => ({ value, label: word }));

/** Which grants are listed: it stands in the address. */
export function GrantFilters() {
  const providers = useProviders().rows.map(({ name }) => ({ value: name, label: name }));
  const agents = useAgents().rows.map(({ agent_id, name }) => ({ value: agent_id, label: name }));
  const [person] = useParam('principal_id');
  return (
    <>
      <Choice name="status" label="Status" options={STATUSES} />
      <Choice name="provider" label="Provider" options={providers} />
      <Choice name="agent_id" label="Agent" options={agents} />
      <Person key={person ?? ''} />
      <Clear />
    </>
  );
}

interface ChoiceProps {
  readonly name: string;
  readonly label: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
}

function Choice({ name, label, options }: ChoiceProps) {
  const [value = '', set] = useParam(name);
  return (
    <div className="w-36">
      <SelectField
        label={label}
        value={value}
        onChange={(next) => set(next || undefined)}
        options={[{ value: '', label: 'all' }, ...options]}
      />
    </div>
  );
}

function Person() {
  const [person = '', set] = useParam('principal_id');
  const [typed, setTyped] = useState(person);
  const commit = () => {
    if (typed.trim() !== person) set(typed.trim() || undefined);
  };
  return (
    <form
      className="w-40"
      onSubmit={(event) => {
        event.preventDefault();
        commit();
      }}
    >
      <TextField
        label="Person"
        value={typed}
        onChange={setTyped}
        onBlur={commit}
        placeholder="their id"
      />
    </form>
  );
}

const NAMES = ['status', 'provider', 'agent_id', 'principal_id'];

function Clear() {
  const values = [
    useParam('status')[0],
    useParam('provider')[0],
    useParam('agent_id')[0],
    useParam('principal_id')[0],
  ];
  const navigate = useNavigate();
  if (values.every((value) => value === undefined)) return null;
  const none = Object.fromEntries(NAMES.map((name) => [name, undefined]));
  return (
    <Button
      look="quiet"
      onClick={() => void navigate({ to: '.', search: (before) => ({ ...before, ...none }) })}
    >
      Clear
    </Button>
  );
}
