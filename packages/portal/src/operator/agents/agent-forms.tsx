import { useState } from 'react';

import { call, post } from '../../shared/api/client.ts';
import { useChange } from '../../shared/api/queries.ts';
import { TextField } from '../../shared/ui/field.tsx';
import { faultOf, FormDialog } from '../../shared/ui/form.tsx';
import type { Agent } from './agent.ts';

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
    inForm: true,
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
    inForm: true,
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
