import { useState } from 'react';

import { call } from '../../shared/api/client.ts';
import { useChange } from '../../shared/api/queries.ts';
import { faultOf, FormDialog } from '../../shared/ui/form.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { TextField } from '../../shared/ui/field.tsx';
import type { GrantRow } from '../directory.ts';
import { AgentsField } from './agents-field.tsx';

interface EditProps {
  readonly grant: GrantRow;
}

/** A button, and the form of what can be changed: agents, scopes, expiry. */
export function GrantEdit({ grant }: EditProps) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>Edit</Button>
      {open ? <EditForm grant={grant} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

const two = (value: number) => String(value).padStart(2, '0');

/** A time as `datetime-local` has it, in the zone of the reader. */
function localTime(time: string | undefined): string {
  if (time === undefined) return '';
  const at = new Date(time);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

function EditForm({ grant, onClose }: EditProps & { readonly onClose: () => void }) {
  const [agents, setAgents] = useState(grant.agents);
  const [scopes, setScopes] = useState(grant.scopes.join(' '));
  const was = localTime(grant.expires_at);
  const [expires, setExpires] = useState(was);
  const save = useChange({
    mutationFn: () =>
      call('PATCH', `/v1/grants/${grant.grant_id}`, {
        body: {
          ...(agents === grant.agents ? {} : { agents }),
          ...(scopes === grant.scopes.join(' ')
            ? {}
            : { scopes: scopes.split(/[\s,]+/).filter((one) => one !== '') }),
          ...(expires === was || expires === ''
            ? {}
            : { expires_at: new Date(expires).toISOString() }),
        },
      }),
    changes: ['/v1/grants', '/v1/agents', '/v1/events', '/v1/principals'],
    done: 'The grant was changed',
    onSuccess: onClose,
  });
  return (
    <FormDialog
      open
      onClose={onClose}
      title="Change the grant"
      description="What is changed holds from the next call on."
      action="Save the grant"
      busy={save.isPending}
      error={save.error}
      onSubmit={() => save.mutate(undefined)}
    >
      <AgentsField value={agents} onChange={setAgents} error={faultOf(save.error, 'agents')} />
      <TextField
        label="Scopes"
        value={scopes}
        onChange={setScopes}
        hint="With spaces between. Empty: not limited."
        error={faultOf(save.error, 'scopes')}
      />
      <TextField
        label="Expires"
        type="datetime-local"
        value={expires}
        onChange={setExpires}
        hint={was === '' ? 'Empty: never.' : 'It can be moved, not taken away.'}
        error={faultOf(save.error, 'expires_at')}
      />
    </FormDialog>
  );
}
