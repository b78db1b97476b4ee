import { useMemo, useState } from 'react';

import { useGet } from '../../shared/api/queries.ts';
import { Badge, inWords } from '../../shared/ui/badge.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { Id } from '../../shared/ui/copy.tsx';
import { Fact, Facts } from '../../shared/ui/facts.tsx';
import { Json } from '../../shared/ui/json.tsx';
import { Answer } from '../../shared/ui/states.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { useShortcuts } from '../../shared/ui/shortcuts.ts';
import { AgentLink, ExecutionLink, GrantLink, PersonLink, RunLink } from '../links.tsx';
import { PolicyName } from '../policies/policy-name.tsx';
import { useWhoami } from '../session.ts';
import { Decide, type Verdict } from './decide.tsx';
import type { Approval } from './types.ts';
import { forWhom, standing, whatOf, whoOf } from './words.ts';

const SOON_MS = 1500;
const WAITING_MS = 10_000;

interface DetailProps {
  readonly approvalId: string;
  readonly onDecided?: () => void;
}

/** One approval: what would be sent, for whom, why, and what came of it. */
export function ApprovalDetail({ approvalId, onDecided }: DetailProps) {
  const path = `/v1/approvals/${encodeURIComponent(approvalId)}`;
  const [wait_ms, setWait] = useState(WAITING_MS);
  const shown = useGet<Approval>(path, {}, { refetchInterval: wait_ms });
  const isMoving = shown.data?.status === 'approved' || shown.data?.status === 'running';
  const next_ms = isMoving ? SOON_MS : WAITING_MS;
  if (next_ms !== wait_ms) setWait(next_ms);
  return (
    <Answer of={shown}>
      {(approval) => <Shown approval={approval} {...(onDecided ? { onDecided } : {})} />}
    </Answer>
  );
}

interface ShownProps extends Omit<DetailProps, 'approvalId'> {
  readonly approval: Approval;
}

function Shown({ approval, onDecided }: ShownProps) {
  const { status, created_at, expires_at } = approval;
  const stands = standing(approval);
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const mayDecide = useMayDecide() && status === 'pending';
  const keys = useMemo(
    () =>
      mayDecide
        ? [
            { keys: 'a', does: 'Approve', run: () => setVerdict('approve') },
            { keys: 'r', does: 'Reject', run: () => setVerdict('reject') },
          ]
        : [],
    [mayDecide],
  );
  useShortcuts(keys);
  return (
    <article>
      <header className="mb-4 flex flex-wrap items-start gap-3">
        <div className="min-w-0 grow">
          <h2 className="text-base font-semibold break-words">
            {whoOf(approval)} asks for {whatOf(approval)}
            {forWhom(approval) ? ` for ${forWhom(approval)}` : ''}
          </h2>
          <p className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1 text-ink-2">
            <Badge tone={stands.tone}>{stands.word}</Badge>
            <span>
              asked <Time at={created_at} />
            </span>
            {status === 'pending' ? (
              <span>
                can be decided until <Time at={expires_at} as="short" /> (<Time at={expires_at} />)
              </span>
            ) : null}
          </p>
        </div>
        {mayDecide ? (
          <div className="flex gap-2">
            <Button look="primary" onClick={() => setVerdict('approve')}>
              Approve
            </Button>
            <Button look="danger" onClick={() => setVerdict('reject')}>
              Reject
            </Button>
          </div>
        ) : null}
      </header>
      <Outcome approval={approval} />
      <Request approval={approval} />
      <Decide
        approval={approval}
        verdict={verdict}
        onClose={() => setVerdict(null)}
        {...(onDecided ? { onDecided } : {})}
      />
    </article>
  );
}

function useMayDecide(): boolean {
  const scopes = useWhoami().data?.scopes ?? [];
  return scopes.includes('admin') || scopes.includes('approvals:decide');
}

/** Who only decides cannot open the pages that links lead to. */
function useMayRead(): boolean {
  const { scopes = [], role } = useWhoami().data ?? {};
  return scopes.includes('admin') || scopes.includes('events:read') || role === 'analyst';
}

function Outcome({ approval }: { readonly approval: Approval }) {
  const { decision, decided_at, ended_at, outcome, result, error, execution_id } = approval;
  const reads = useMayRead();
  if (decision === undefined && ended_at === undefined) return null;
  return (
    <section className="mb-4 rounded-md bg-sunken p-3">
      <h3 className="mb-2 font-semibold">What came of it</h3>
      <Facts>
        <Fact name="Decided">{decided_at ? <Time at={decided_at} as="short" /> : undefined}</Fact>
        <Fact name="Because">{decision?.reason}</Fact>
        <Fact name="Decided by">{decision?.name ?? decision?.key_id}</Fact>
        <Fact name="Ended">{ended_at ? <Time at={ended_at} as="short" /> : undefined}</Fact>
        <Fact name="Outcome">{outcome === undefined ? undefined : inWords(outcome)}</Fact>
        <Fact name="On the trail">
          {reads ? <ExecutionLink id={execution_id} /> : execution_id}
        </Fact>
      </Facts>
      {result === undefined && error === undefined ? null : (
        <details className="mt-3">
          <summary className="cursor-pointer text-accent">
            {error === undefined ? 'The answer' : 'Why it failed'}
          </summary>
          <Json value={result ?? error} className="mt-2" />
        </details>
      )}
    </section>
  );
}

function Request({ approval: { request, policy_id } }: { readonly approval: Approval }) {
  const reads = useMayRead();
  if (request === undefined) return <p className="text-ink-2">What was asked for was erased.</p>;
  const { url, method, verb, risk_level, reason, provider, scope_requested, task_context } =
    request;
  const { agent_id, agent_name, principal_id, principal_email, run_id, grant_id, source_ip } =
    request;
  return (
    <>
      <Facts>
        <Fact name="Why">{reason ?? <span className="text-ink-2">No reason was given.</span>}</Fact>
        <Fact name="Task">{task_context}</Fact>
        <Fact name="Verb">{verb}</Fact>
        <Fact name="Risk">{risk_level?.toLowerCase()}</Fact>
        <Fact name="Sends" mono>
          {[method, url].filter(Boolean).join(' ')}
        </Fact>
        <Fact name="Provider">{provider}</Fact>
        <Fact name="Agent">
          {reads ? <AgentLink id={agent_id}>{agent_name}</AgentLink> : (agent_name ?? agent_id)}
        </Fact>
        <Fact name="For">
          {reads ? (
            <PersonLink id={principal_id}>{principal_email ?? principal_id}</PersonLink>
          ) : (
            (principal_email ?? principal_id)
          )}
        </Fact>
        <Fact name="Scopes">{scope_requested?.join(', ')}</Fact>
        <Fact name="Grant" mono>
          {reads ? <GrantLink id={grant_id} /> : grant_id}
        </Fact>
        <Fact name="Run">{reads ? <RunLink id={run_id} /> : run_id}</Fact>
        <Fact name="From" mono>
          {source_ip}
        </Fact>
        <Fact name="Held by">
          {reads ? <PolicyName id={policy_id} /> : <Id value={policy_id} />}
        </Fact>
      </Facts>
      <Contents request={request} />
    </>
  );
}

const PARTS = [
  ['args', 'Arguments'],
  ['request_body', 'Body'],
  ['request_headers', 'Headers'],
  ['context', 'Context'],
] as const;

function Contents({ request }: { readonly request: NonNullable<Approval['request']> }) {
  return PARTS.map(([name, title]) =>
    request[name] === undefined ? null : (
      <section key={name} className="mt-4">
        <h3 className="mb-1 font-semibold">{title}</h3>
        <Json value={request[name]} />
        {name === 'request_body' && request.request_body_truncated ? (
          <p className="mt-1 text-xs text-ink-2">Only its beginning is shown.</p>
        ) : null}
      </section>
    ),
  );
}
