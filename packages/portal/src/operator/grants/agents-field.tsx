import { CheckField } from '../../shared/ui/field.tsx';
import { useAgents } from '../directory.ts';

interface AgentsFieldProps {
  readonly value: readonly string[] | '*';
  readonly onChange: (value: readonly string[] | '*') => void;
  readonly error?: string | undefined;
}

/** Which agents may use something: all that there are and will be, or those that are ticked. */
export function AgentsField({ value, onChange, error }: AgentsFieldProps) {
  const agents = useAgents();
  const live = agents.rows.filter(({ revoked_at }) => revoked_at === undefined);
  const toggle = (id: string, isOn: boolean) => {
    const others = value === '*' ? [] : value.filter((one) => one !== id);
    onChange(isOn ? [...others, id] : others);
  };
  return (
    <fieldset>
      <legend className="mb-1 text-sm font-medium">Agents that may use it</legend>
      <div className="flex max-h-48 flex-col gap-1.5 overflow-y-auto rounded-md border border-line-strong p-2.5">
        <CheckField
          label="All agents and services of the app, also later ones"
          checked={value === '*'}
          onChange={(isOn) => onChange(isOn ? '*' : [])}
        />
        {live.map(({ agent_id, name }) => (
          <CheckField
            key={agent_id}
            label={name}
            checked={value === '*' || value.includes(agent_id)}
            disabled={value === '*'}
            onChange={(isOn) => toggle(agent_id, isOn)}
          />
        ))}
        {live.length === 0 ? <p className="text-xs text-ink-2">There are no agents yet.</p> : null}
      </div>
      {error ? <p className="mt-1 text-xs text-failed">{error}</p> : null}
    </fieldset>
  );
}
