import { useState } from 'react';

import { call, post } from '../../shared/api/client.ts';
import { useChange } from '../../shared/api/queries.ts';
import { ShownOnce } from '../../shared/ui/copy.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { Dialog } from '../../shared/ui/dialog.tsx';
import { CheckField, TextField } from '../../shared/ui/field.tsx';
import { faultOf, FormDialog } from '../../shared/ui/form.tsx';
import { AGENT_SCOPES, type Agent, type NewKey } from './agent.ts';

interface NewAgentProps {
  readonly onClose: () => void;
  readonly onMade?: (agent: Agent) => void;
}

export function NewAgent({ onClose, onMade }: NewAgentProps) {
  const [name, setName] = useState('');
  const making = useChange<string, Agent>({
    mutationFn: (text) => post('/v1/agents', { name: text }),
    changes: ['/v1/agents'],
    done: 'The agent is made',
    onSuccess: (agent) => {
      onClose();
      onMade?.(agent);
    },
  });
  return (
    <FormDialog
      open
      onClose={onClose}
      title="New agent"
      description="Each agent has a name and keys of its own, so that the trail tells them apart."
      action="Make the agent"
      busy={making.isPending}
      error={making.error}
      onSubmit={() => making.mutate(name)}
    >
      <TextField
        label="Name"
        value={name}
        onChange={setName}
        required
        maxLength={128}
        autoFocus
        placeholder="pr-review-agent"
        error={faultOf(making.error, 'name')}
      />
    </FormDialog>
  );
}

interface AgentFormProps {
  readonly agent: Agent;
  readonly onClose: () => void;
}

export function RenameAgent({ agent, onClose }: AgentFormProps) {
  const [name, setName] = useState(agent.name);
  const renaming = useChange<string>({
    mutationFn: (text) => call('PATCH', `/v1/agents/${agent.agent_id}`, { body: { name: text } }),
    changes: ['/v1/agents'],
    done: 'The agent has its new name',
    onSuccess: onClose,
  });
  return (
    <FormDialog
      open
      onClose={onClose}
      title="Rename the agent"
      description="Entries that are on the trail keep the name that it had then."
      action="Rename"
      busy={renaming.isPending}
      error={renaming.error}
      onSubmit={() => renaming.mutate(name)}
    >
      <TextField
        label="Name"
        value={name}
        onChange={setName}
        required
        maxLength={128}
        error={faultOf(renaming.error, 'name')}
      />
    </FormDialog>
  );
}

interface NewAgentKeyProps {
  readonly agent: Pick<Agent, 'agent_id' | 'name'>;
  readonly onClose: () => void;
  readonly onMade?: (key: string) => void;
}

const MORE_SCOPES: Readonly<Record<string, string>> = {
  'grants:connect': 'May ask people to connect their accounts',
  'events:read': 'May read the trail of the whole app',
};

/** Mints a key and shows it, once. */
export function NewAgentKey({ agent, onClose, onMade }: NewAgentKeyProps) {
  const [name, setName] = useState(agent.name);
  const [more, setMore] = useState<readonly string[]>([]);
  const minting = useChange<void, NewKey>({
    mutationFn: () =>
      post('/v1/keys', { name, agent_id: agent.agent_id, scopes: [...AGENT_SCOPES, ...more] }),
    changes: ['/v1/keys'],
    onSuccess: ({ key }) => onMade?.(key),
  });
  if (minting.data) return <MadeKey value={minting.data.key} onClose={onClose} />;
  return (
    <FormDialog
      open
      onClose={onClose}
      title={`Key for ${agent.name}`}
      description="The agent shows it with every call. Who has it acts as this agent."
      action="Make the key"
      busy={minting.isPending}
      error={minting.error}
      onSubmit={() => minting.mutate()}
    >
      <TextField
        label="Name of the key"
        value={name}
        onChange={setName}
        required
        maxLength={128}
        error={faultOf(minting.error, 'name')}
      />
      <fieldset className="flex flex-col gap-2">
        <legend className="mb-1 text-sm font-medium">What it may do</legend>
        <CheckField
          label="Make calls and run verbs, and report what it did"
          checked
          disabled
          onChange={() => {}}
        />
        {Object.entries(MORE_SCOPES).map(([scope, label]) => (
          <CheckField
            key={scope}
            label={label}
            checked={more.includes(scope)}
            onChange={(checked) =>
              setMore(checked ? [...more, scope] : more.filter((one) => one !== scope))
            }
          />
        ))}
      </fieldset>
    </FormDialog>
  );
}

function MadeKey({ value, onClose }: { readonly value: string; readonly onClose: () => void }) {
  return (
    <Dialog open onClose={onClose} title="The key is made">
      <ShownOnce value={value} what="key" />
      <div className="mt-4 flex justify-end">
        <Button look="primary" onClick={onClose}>
          I have it
        </Button>
      </div>
    </Dialog>
  );
}
