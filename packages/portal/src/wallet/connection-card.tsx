import { plain } from '@affidavit/schema/plain';
import { Unplug, UserMinus } from 'lucide-react';
import { useState } from 'react';

import { useChange } from '../shared/api/queries.ts';
import { Badge, type Tone } from '../shared/ui/badge.tsx';
import { Button } from '../shared/ui/button.tsx';
import { Confirm } from '../shared/ui/confirm.tsx';
import { Fact, Facts } from '../shared/ui/facts.tsx';
import { Time } from '../shared/ui/time.tsx';
import { go } from './address.ts';
import { disconnect, PATHS, removeAgent, type Connection, type Wallet } from './api.ts';
import { scopeWords, titleOf } from './scope-words.ts';

const STATES: Readonly<Record<Connection['status'], readonly [Tone, string]>> = {
  active: ['good', 'Connected'],
  needs_reauth: ['refused', 'Needs you to connect again'],
  expired: ['neutral', 'Expired'],
  revoked: ['neutral', 'Ended'],
};

interface CardProps {
  readonly connection: Connection;
  readonly wallet: Wallet;
}

/** One account, what may be done with it, and by whom. */
export function ConnectionCard({ connection, wallet }: CardProps) {
  const { provider, scopes, agents, status, created_at, revoked_at, last_used_at } = connection;
  const [tone, word] = STATES[status];
  const isLive = status !== 'revoked';
  return (
    <article className="rounded-xl border border-line bg-panel p-4 sm:p-5">
      <header className="mb-3 flex flex-wrap items-center gap-2">
        <h3 className="min-w-0 grow text-lg font-semibold break-words">{titleOf(provider)}</h3>
        <Badge tone={tone} className="text-sm">
          {word}
        </Badge>
      </header>
      <Facts>
        <Fact name={isLive ? 'It allows to' : 'It allowed to'}>
          {scopes.length === 0 ? (
            'do whatever the connected account may do'
          ) : (
            <ul>
              {scopes.map((scope) => (
                <li key={scope} title={plain(scope)}>
                  {scopeWords(scope)}
                </li>
              ))}
            </ul>
          )}
        </Fact>
        <Fact name="Since">
          <Time at={created_at} as="short" />
        </Fact>
        {revoked_at === undefined ? null : (
          <Fact name="Ended">
            <Time at={revoked_at} as="short" />
          </Fact>
        )}
        {isLive && connection.expires_at !== undefined ? (
          <Fact name="Until">
            <Time at={connection.expires_at} as="short" />
          </Fact>
        ) : null}
        <Fact name="Last used">{last_used_at === null ? 'never' : <Time at={last_used_at} />}</Fact>
      </Facts>
      {status === 'needs_reauth' || status === 'expired' ? (
        <p className="mt-3 text-ink-2">
          Agents cannot use it at the moment. To let them, connect it again in {wallet.app_name}; to
          be sure that they never do, disconnect it here.
        </p>
      ) : null}
      <h4 className="mt-4 mb-1 font-medium">{isLive ? 'Who may use it' : 'Who could use it'}</h4>
      {agents === '*' ? (
        <p>Every agent of {wallet.app_name}</p>
      ) : agents.length === 0 ? (
        <p className="text-ink-2">No agent.</p>
      ) : (
        <ul className="divide-y divide-line">
          {agents.map((agent) => (
            <Agent key={agent.agent_id} agent={agent} connection={connection} isLive={isLive} />
          ))}
        </ul>
      )}
      <footer className="mt-4 flex flex-wrap gap-2">
        <Button
          className="min-h-11"
          onClick={() => go({ tab: 'activity', grant_id: connection.grant_id })}
        >
          See what was done with it
        </Button>
        {isLive ? <Disconnect connection={connection} wallet={wallet} /> : null}
      </footer>
    </article>
  );
}

interface AgentProps {
  readonly agent: { readonly agent_id: string; readonly name: string };
  readonly connection: Connection;
  readonly isLive: boolean;
}

function Agent({ agent, connection, isLive }: AgentProps) {
  const [open, setOpen] = useState(false);
  const name = plain(agent.name);
  const account = titleOf(connection.provider);
  const removing = useChange({
    mutationFn: () => removeAgent(connection.grant_id, agent.agent_id),
    changes: [PATHS.wallet],
    done: `${name} cannot use ${account} any more`,
    onSuccess: () => setOpen(false),
  });
  return (
    <li className="flex flex-wrap items-center gap-2 py-1.5">
      <span className="min-w-0 grow break-words">{name}</span>
      {isLive ? (
        <Button
          look="quiet"
          className="min-h-11"
          aria-label={`Remove ${name} from ${account}`}
          onClick={() => setOpen(true)}
        >
          <UserMinus aria-hidden /> Remove
        </Button>
      ) : null}
      <Confirm
        open={open}
        onClose={() => setOpen(false)}
        onConfirm={() => removing.mutate(undefined)}
        busy={removing.isPending}
        title={`Remove ${name}?`}
        action={`Remove ${name}`}
      >
        <p>
          {name} cannot use your account at {account} any more, from the moment you press the
          button. Other agents can go on using it. What {name} did before stays in the list of what
          was done.
        </p>
      </Confirm>
    </li>
  );
}

function Disconnect({ connection, wallet }: CardProps) {
  const [open, setOpen] = useState(false);
  const account = titleOf(connection.provider);
  const ending = useChange({
    mutationFn: () => disconnect(connection.grant_id),
    changes: [PATHS.wallet],
    done: `${account} is disconnected`,
    onSuccess: () => setOpen(false),
  });
  return (
    <>
      <Button look="danger" className="min-h-11" onClick={() => setOpen(true)}>
        <Unplug aria-hidden /> Disconnect
      </Button>
      <Confirm
        open={open}
        onClose={() => setOpen(false)}
        onConfirm={() => ending.mutate(undefined)}
        busy={ending.isPending}
        title={`Disconnect ${account}?`}
        action={`Disconnect ${account}`}
      >
        <p>
          No agent can use your account at {account} any more, from the moment you press the button.
          What was done before stays in the list. To connect it again, go to {wallet.app_name}.
        </p>
      </Confirm>
    </>
  );
}
