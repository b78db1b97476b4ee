import { Link } from '@tanstack/react-router';
import { Check } from 'lucide-react';
import { useState, type ReactNode } from 'react';

import { useGet } from '../../shared/api/queries.ts';
import type { Page } from '../../shared/api/types.ts';
import { Button, Spinner } from '../../shared/ui/button.tsx';
import { CopyButton } from '../../shared/ui/copy.tsx';
import { cx } from '../../shared/ui/cx.ts';
import { NewAgent } from '../agents/agent-forms.tsx';
import { WHOLE, type Agent } from '../agents/agent.ts';
import { IN_TEXT } from '../links.tsx';
import { useIsOwner } from '../session.ts';
import { keyState, type Key, type NewKey } from '../settings/key.ts';
import { MintKey, NewKeyDialog } from '../settings/key-forms.tsx';
import { ConnectAccount } from './connect-account.tsx';
import { firstCall, type Granted } from './first-call.ts';

/** From nothing to the first entry of an agent. What is done is ticked off, wherever it was done. */
export function FirstSteps() {
  const [open, setOpen] = useState<'agent' | 'key' | 'account' | null>(null);
  const [made, setMade] = useState<NewKey>();
  const [isShown, setShown] = useState(false);
  const isOwner = useIsOwner();
  const { agent, hasKey, grant, provider } = useProgress();
  const close = () => setOpen(null);
  const show = (key: NewKey) => {
    setMade(key);
    setShown(true);
    close();
  };
  return (
    <>
      <ol className="flex max-w-3xl flex-col gap-3">
        <Step number={1} title="Name an agent" done={agent !== undefined}>
          <p>Each agent has its own name on the trail.</p>
          <Button look="primary" onClick={() => setOpen('agent')}>
            Make an agent
          </Button>
        </Step>
        <Step number={2} title="Give it a key" done={hasKey} ready={agent !== undefined}>
          <p>With it the agent says who it is. It is shown once.</p>
          <Button look="primary" onClick={() => setOpen('key')}>
            Make a key
          </Button>
        </Step>
        <Step number={3} title="Lend it an account" done={grant !== undefined} ready={hasKey}>
          <p>
            A credential that stays here: the agent uses it, and never sees it. To let a person
            consent instead,{' '}
            <Link to="/grants" className={IN_TEXT}>
              connect by OAuth
            </Link>
            .
          </p>
          <Button look="primary" onClick={() => setOpen('account')}>
            Add a credential
          </Button>
        </Step>
        <Step number={4} title="Make the first call" done={false} ready={grant !== undefined}>
          <CallIt grant={grant} address={provider} apiKey={made?.key} />
        </Step>
      </ol>
      {open === 'agent' ? <NewAgent onClose={close} /> : null}
      {open === 'key' && agent ? (
        <MintKey isOwner={isOwner} agent={agent} onClose={close} onMade={show} />
      ) : null}
      {made && isShown ? <NewKeyDialog made={made} onClose={() => setShown(false)} /> : null}
      {open === 'account' && agent ? <ConnectAccount agent={agent} onClose={close} /> : null}
    </>
  );
}

interface Provider {
  readonly name: string;
  readonly base_url: string;
}

function useProgress() {
  const agents = useGet<Page<Agent>>('/v1/agents', WHOLE);
  const keys = useGet<Page<Key>>('/v1/keys', WHOLE);
  const grants = useGet<Page<Granted>>('/v1/grants', WHOLE);
  const providers = useGet<Page<Provider>>('/v1/providers', WHOLE);
  const agent = agents.data?.data.findLast(({ revoked_at }) => revoked_at === undefined);
  const grant = grants.data?.data.at(-1);
  return {
    agent,
    hasKey: keys.data?.data.some((key) => key.agent_id && keyState(key) === 'active') ?? false,
    grant,
    provider: providers.data?.data.find(({ name }) => name === grant?.provider)?.base_url,
  };
}

interface StepProps {
  readonly number: number;
  readonly title: string;
  readonly done: boolean;
  /** Whether the steps before it are done. */
  readonly ready?: boolean;
  readonly children: ReactNode;
}

function Step({ number, title, done, ready = true, children }: StepProps) {
  const isOpen = ready && !done;
  return (
    <li
      className={cx(
        'flex gap-3 rounded-lg border bg-panel p-4',
        isOpen ? 'border-accent' : 'border-line',
      )}
      aria-current={isOpen ? 'step' : undefined}
    >
      <span
        className={cx(
          'flex size-7 shrink-0 items-center justify-center rounded-full text-sm font-semibold',
          done ? 'bg-good-soft text-good' : 'bg-sunken text-ink-2',
        )}
      >
        {done ? <Check aria-label="Done" className="size-4" /> : number}
      </span>
      <div className="min-w-0 grow">
        <h2 className={cx('text-base font-semibold', !isOpen && 'text-ink-2')}>{title}</h2>
        {isOpen ? (
          <div className="mt-1 flex flex-col items-start gap-3 text-ink-2">{children}</div>
        ) : null}
      </div>
    </li>
  );
}

interface CallItProps {
  readonly grant: Granted | undefined;
  readonly address: string | undefined;
  readonly apiKey: string | undefined;
}

function CallIt({ grant, address, apiKey }: CallItProps) {
  const text = firstCall({ origin: location.origin, grant, address, apiKey });
  return (
    <>
      <p>
        Run this where the agent runs, or here in a terminal. Any address of the provider will do.
      </p>
      <pre
        tabIndex={0}
        className="max-w-full overflow-x-auto self-stretch rounded-md border border-line bg-sunken p-3 font-mono text-[0.8125rem] text-ink"
      >
        {text}
      </pre>
      <CopyButton text={text} what="command" />
      <p role="status" className="flex items-center gap-2">
        <Spinner /> Waiting for the first call. It appears here by itself.
      </p>
    </>
  );
}
