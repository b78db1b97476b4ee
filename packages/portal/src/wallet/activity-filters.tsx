import { plain } from '@affidavit/schema/plain';
import { ListFilter } from 'lucide-react';

import { useGet } from '../shared/api/queries.ts';
import { Button } from '../shared/ui/button.tsx';
import { SelectField, TextField } from '../shared/ui/field.tsx';
import { go, type Address } from './address.ts';
import { PATHS, type Choice } from './api.ts';
import { FILTERS } from './deeds.ts';
import { titleOf } from './scope-words.ts';

const BIG = 'min-h-11 text-base';

/** Which of it is shown; closed on phones until somebody wants it. */
export function ActivityFilters({ address }: { readonly address: Address }) {
  const inUse = FILTERS.filter((name) => address[name]).length;
  const set = (name: string) => (value: string) => go({ [name]: value });
  return (
    <details
      open={inUse > 0 || undefined}
      className="mb-4 rounded-xl border border-line bg-panel px-4"
    >
      <summary className="flex min-h-11 cursor-pointer items-center gap-2 font-medium">
        <ListFilter aria-hidden className="size-4" /> Show only some
        {inUse > 0 ? <span className="text-ink-2">({inUse} chosen)</span> : null}
      </summary>
      <div className="grid gap-3 pt-1 pb-4 sm:grid-cols-2">
        <Choose name="agent_id" label="Agent" all="All agents" address={address} />
        <Choose name="provider" label="Account" all="All accounts" address={address} />
        <Choose name="caller" label="App" all="All apps" address={address} />
        <div className="max-sm:hidden" />
        <TextField
          label="From day"
          type="date"
          value={address['from'] ?? ''}
          onChange={set('from')}
          className={BIG}
        />
        <TextField
          label="To day"
          type="date"
          value={address['to'] ?? ''}
          onChange={set('to')}
          className={BIG}
        />
      </div>
      {inUse > 0 ? (
        <Button
          className="mb-4 min-h-11"
          onClick={() => go(Object.fromEntries(FILTERS.map((name) => [name, undefined])))}
        >
          Show everything
        </Button>
      ) : null}
    </details>
  );
}

interface ChooseProps {
  readonly name: 'agent_id' | 'provider' | 'caller';
  readonly label: string;
  readonly all: string;
  readonly address: Address;
}

function Choose({ name, label, all, address }: ChooseProps) {
  const choices = useGet<{ readonly data: readonly Choice[] }>(PATHS.facets, { field: name });
  const value = address[name] ?? '';
  const options = (choices.data?.data ?? []).map((choice) => ({
    value: choice.value,
    label: name === 'provider' ? titleOf(choice.value) : plain(choice.name ?? choice.value),
  }));
  const isListed = value === '' || options.some((option) => option.value === value);
  return (
    <SelectField
      label={label}
      value={value}
      onChange={(chosen) => go({ [name]: chosen })}
      options={[
        { value: '', label: all },
        ...options,
        ...(isListed ? [] : [{ value, label: plain(value) }]),
      ]}
      className={BIG}
    />
  );
}
