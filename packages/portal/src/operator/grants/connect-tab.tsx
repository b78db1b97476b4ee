import { useState } from 'react';

import { post } from '../../shared/api/client.ts';
import { useChange } from '../../shared/api/queries.ts';
import { faultOf, Form } from '../../shared/ui/form.tsx';
import { SelectField, TextField } from '../../shared/ui/field.tsx';
import { Card } from '../../shared/ui/page.tsx';
import { Empty } from '../../shared/ui/states.tsx';
import { LinkButton } from '../../shared/ui/link-button.tsx';
import { useProviders } from '../directory.ts';
import { mayChange, useWhoami } from '../session.ts';
import { useParam } from '../use-param.ts';
import { AgentsField } from './agents-field.tsx';
import { Connecting, type Started } from './connecting.tsx';
import { NOBODY, PrincipalFields, toPrincipal } from './principal-fields.tsx';

const EMPTY = {
  provider: '',
  principal: NOBODY,
  agents: [] as readonly string[] | '*',
  scopes: '',
};
type ConnectDraft = typeof EMPTY;

const toBody = ({ provider, principal, agents, scopes }: ConnectDraft) => ({
  provider,
  principal: toPrincipal(principal),
  agents,
  ...(scopes.trim() === '' ? {} : { scopes: scopes.trim().split(/[\s,]+/) }),
});

/** Lets the owner of an account consent, so that a grant comes of it. */
export function ConnectTab() {
  const providers = useProviders();
  const able = providers.rows.filter(({ auth }) => auth.type === 'oauth2');
  const whoami = useWhoami();
  const [connectId, setConnectId] = useParam('connect');
  const [started, setStarted] = useState<Started | null>(null);
  if (whoami.data && !mayChange(whoami.data)) {
    return <Empty title="Connecting is for admins">Ask somebody with that role.</Empty>;
  }
  if (providers.isSuccess && able.length === 0) return <NoProvider />;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 lg:grid-cols-2">
      <Card>
        <ConnectForm
          providers={able.map(({ name }) => name)}
          onStarted={(next) => {
            setStarted(next);
            setConnectId(next.connect_id);
          }}
        />
      </Card>
      {connectId === undefined ? null : (
        <Connecting
          key={connectId}
          connectId={connectId}
          url={started?.connect_id === connectId ? started.url : undefined}
        />
      )}
    </div>
  );
}

function NoProvider() {
  return (
    <Empty title="No provider with OAuth yet">
      People can connect accounts of providers whose credential is attached by OAuth.
      <LinkButton to="/grants" search={{ tab: 'providers' }}>
        Providers
      </LinkButton>
    </Empty>
  );
}

interface ConnectFormProps {
  readonly providers: readonly string[];
  readonly onStarted: (started: Started) => void;
}

function ConnectForm({ providers, onStarted }: ConnectFormProps) {
  const [draft, setDraft] = useState(EMPTY);
  const set = (change: Partial<ConnectDraft>) => setDraft({ ...draft, ...change });
  const start = useChange({
    mutationFn: (body: ConnectDraft) => post<Started>('/v1/connect', toBody(body)),
    changes: [],
    onSuccess: onStarted,
  });
  const { error } = start;
  return (
    <Form
      action="Make a link to consent"
      busy={start.isPending}
      error={error}
      onSubmit={() => start.mutate(draft)}
    >
      <SelectField
        label="Provider"
        required
        value={draft.provider}
        onChange={(provider) => set({ provider })}
        options={[
          { value: '', label: 'Choose' },
          ...providers.map((name) => ({ value: name, label: name })),
        ]}
        error={faultOf(error, 'provider')}
      />
      <PrincipalFields
        value={draft.principal}
        onChange={(principal) => set({ principal })}
        error={error}
      />
      <AgentsField
        value={draft.agents}
        onChange={(agents) => set({ agents })}
        error={faultOf(error, 'agents')}
      />
      <TextField
        label="Scopes"
        value={draft.scopes}
        onChange={(scopes) => set({ scopes })}
        placeholder="mail.read mail.send"
        hint="With spaces between. Empty: those of the provider."
        error={faultOf(error, 'scopes')}
      />
    </Form>
  );
}
