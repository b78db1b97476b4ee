import { useState } from 'react';

import { post } from '../../shared/api/client.ts';
import { useChange } from '../../shared/api/queries.ts';
import { SelectField, TextField } from '../../shared/ui/field.tsx';
import { faultOf, FormDialog } from '../../shared/ui/form.tsx';
import type { Agent } from '../agents/agent.ts';

interface ConnectAccountProps {
  readonly agent: Agent;
  readonly onClose: () => void;
}

const START = { provider: '', base_url: '', auth: 'bearer', value: '', person: '' };
type Fields = typeof START;

const WAYS = [
  { value: 'bearer', label: 'Authorization: Bearer …' },
  { value: 'header', label: 'A header: X-API-Key' },
  { value: 'basic', label: 'Basic: user and password' },
];

/** What is made of the fields: a provider, a secret, and a grant to the agent. */
async function connect(agent: Agent, fields: Fields): Promise<void> {
  const { provider, base_url, auth, value, person } = fields;
  const way = auth === 'header' ? { type: auth, name: 'X-API-Key' } : { type: auth };
  await post('/v1/providers', { name: provider, base_url, auth: way });
  const { secret_id } = await post<{ secret_id: string }>('/v1/secrets', {
    provider,
    name: provider,
    value,
  });
  const email = person.includes('@') ? { email: person } : {};
  await post('/v1/grants', {
    provider,
    kind: 'managed_secret',
    secret_id,
    principal: { type: 'user', id: person, ...email },
    agents: [agent.agent_id],
  });
}

/** The short way to the first grant; the page of grants has all that can be set. */
export function ConnectAccount({ agent, onClose }: ConnectAccountProps) {
  const [fields, setFields] = useState(START);
  const connecting = useChange<Fields>({
    mutationFn: (input) => connect(agent, input),
    changes: ['/v1/providers', '/v1/secrets', '/v1/grants'],
    done: `${agent.name} may use the account`,
    onSuccess: onClose,
    inForm: true,
  });
  const set = (name: keyof Fields) => (value: string) => setFields({ ...fields, [name]: value });
  const { error } = connecting;
  return (
    <FormDialog
      open
      onClose={onClose}
      title="Add a credential"
      description={`It is sealed before it is stored, and only ${agent.name} may use it.`}
      action="Add it"
      busy={connecting.isPending}
      error={error}
      onSubmit={() => connecting.mutate(fields)}
    >
      <TextField
        label="Name of the provider"
        hint="A short word: what stands on the trail"
        placeholder="github"
        pattern="[A-Za-z0-9][A-Za-z0-9._\-]{0,63}"
        required
        value={fields.provider}
        onChange={set('provider')}
        error={faultOf(error, 'name', 'provider')}
      />
      <TextField
        label="Its address"
        hint="Calls go below it, and nowhere else"
        type="url"
        placeholder="https://api.github.com/"
        required
        value={fields.base_url}
        onChange={set('base_url')}
        error={faultOf(error, 'base_url')}
      />
      <SelectField
        label="How it takes the credential"
        options={WAYS}
        value={fields.auth}
        onChange={set('auth')}
      />
      <TextField
        label="The credential"
        hint={
          fields.auth === 'basic' ? 'user:password' : 'A token or a key of yours at the provider'
        }
        type="password"
        autoComplete="off"
        required
        value={fields.value}
        onChange={set('value')}
        error={faultOf(error, 'value')}
      />
      <TextField
        label="Whose account it is"
        hint="An address, or the id that your application has for the person"
        placeholder="alice@example.com"
        required
        value={fields.person}
        onChange={set('person')}
        error={faultOf(error, 'principal')}
      />
    </FormDialog>
  );
}
