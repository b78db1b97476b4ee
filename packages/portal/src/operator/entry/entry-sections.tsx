import { plain } from '@affidavit/schema/plain';

import type { Entry } from '../../shared/api/types.ts';
import { duration, exactTime } from '../../shared/format/time.ts';
import { Id } from '../../shared/ui/copy.tsx';
import { Fact, Facts } from '../../shared/ui/facts.tsx';
import { AgentLink, ExecutionLink, GrantLink, PersonLink, RunLink, TrailLink } from '../links.tsx';
import { Part } from './part.tsx';

interface SectionProps {
  readonly entry: Entry;
}

const id = (value: string | undefined) => (value === undefined ? undefined : <Id value={value} />);
const words = (value: unknown) => (value === undefined ? undefined : plain(value));
const yes = (value: boolean | undefined) =>
  value === undefined ? undefined : value ? 'yes' : 'no';
const has = (...values: readonly unknown[]) => values.some((value) => value !== undefined);

export function WhoSection({ entry }: SectionProps) {
  return (
    <Part title="Who">
      <Facts>
        <Fact name="Agent">
          {entry.agent_id === undefined ? (
            words(entry.agent_name)
          ) : (
            <AgentLink id={entry.agent_id}>{plain(entry.agent_name ?? entry.agent_id)}</AgentLink>
          )}
        </Fact>
        <Fact name="Sent by agent">
          {entry.parent_agent_id === undefined ? undefined : (
            <AgentLink id={entry.parent_agent_id}>{plain(entry.parent_agent_id)}</AgentLink>
          )}
        </Fact>
        <Fact name="Actor">
          {[entry.actor_type, entry.actor_name].map(plain).filter(Boolean).join(' · ')}
        </Fact>
        <Fact name="Actor id">{id(entry.actor_id)}</Fact>
        <Fact name="Caller">{words(entry.caller)}</Fact>
        <Fact name="API key" mono>
          {entry.caller_key_prefix === undefined ? undefined : `${plain(entry.caller_key_prefix)}…`}
        </Fact>
        <Fact name="From" mono>
          {words(entry.source_ip)}
        </Fact>
        <Fact name="User agent">{words(entry.user_agent)}</Fact>
        <Fact name="Said by">
          {entry.source === 'reported'
            ? 'the client (reported)'
            : 'the broker, which saw it (observed)'}
        </Fact>
      </Facts>
    </Part>
  );
}

export function ForWhomSection({ entry }: SectionProps) {
  const { principal_id, principal_type, principal_email, tenant_id } = entry;
  if (!has(principal_id, principal_email, tenant_id)) return null;
  return (
    <Part title="For whom">
      <Facts>
        <Fact name="Person">
          {principal_id === undefined ? undefined : (
            <PersonLink id={principal_id}>{plain(principal_email ?? principal_id)}</PersonLink>
          )}
        </Fact>
        <Fact name="Id">{id(principal_id)}</Fact>
        <Fact name="Kind">{principal_type}</Fact>
        <Fact name="Tenant">{words(tenant_id)}</Fact>
      </Facts>
    </Part>
  );
}

const scopes = (list: readonly string[] | undefined) =>
  list === undefined ? undefined : plain(list.length === 0 ? 'none' : list.join(', '));

export function WhatSection({ entry }: SectionProps) {
  return (
    <Part title="What">
      <Facts>
        <Fact name="Type" mono>
          {words(entry.event_type)}
        </Fact>
        <Fact name="Category">{words(entry.category)}</Fact>
        <Fact name="Verb" mono>
          {words(entry.verb)}
        </Fact>
        <Fact name="Provider">{words(entry.provider)}</Fact>
        <Fact name="Reason">{words(entry.reason)}</Fact>
        <Fact name="Run">
          {entry.run_id === undefined ? undefined : (
            <RunLink id={entry.run_id}>{plain(entry.run_id)}</RunLink>
          )}
        </Fact>
        <Fact name="Task">{words(entry.task_context)}</Fact>
        <Fact name="Execution">
          {entry.execution_id === undefined ? undefined : (
            <ExecutionLink id={entry.execution_id}>{plain(entry.execution_id)}</ExecutionLink>
          )}
        </Fact>
        <Fact name="Grant">
          {entry.grant_id === undefined ? undefined : (
            <GrantLink id={entry.grant_id}>{plain(entry.grant_id)}</GrantLink>
          )}
        </Fact>
        <Fact name="Kind of grant">{words(entry.grant_kind)?.replaceAll('_', ' ')}</Fact>
        <Fact name="Token">
          {entry.token_id === undefined ? undefined : (
            <TrailLink filter={{ token_id: entry.token_id }}>{plain(entry.token_id)}</TrailLink>
          )}
        </Fact>
        <Fact name="Scopes asked">{scopes(entry.scope_requested)}</Fact>
        <Fact name="Scopes given">{scopes(entry.scope_granted)}</Fact>
        <Fact name="Fewer scopes than asked">{yes(entry.scope_downscoped)}</Fact>
        <Fact name="Token lives">
          {entry.ttl_seconds === undefined ? undefined : duration(entry.ttl_seconds * 1000)}
        </Fact>
      </Facts>
    </Part>
  );
}

export function ContextSection({ entry: { context } }: SectionProps) {
  const pairs = Object.entries(context ?? {});
  if (pairs.length === 0) return null;
  return (
    <Part title="Context">
      <Facts>
        {pairs.map(([name, value]) => (
          <Fact key={name} name={plain(name)} mono>
            {plain(value)}
          </Fact>
        ))}
      </Facts>
    </Part>
  );
}

export function TraceSection({ entry }: SectionProps) {
  const { trace_id, span_id, thread_id, retention_until, legal_hold } = entry;
  if (!has(trace_id, span_id, thread_id, retention_until, legal_hold)) return null;
  return (
    <Part title="Trace and keeping">
      <Facts>
        <Fact name="Trace" mono>
          {trace_id === undefined ? undefined : (
            <TrailLink filter={{ trace_id }}>{plain(trace_id)}</TrailLink>
          )}
        </Fact>
        <Fact name="Span" mono>
          {words(span_id)}
        </Fact>
        <Fact name="Conversation">
          {thread_id === undefined ? undefined : (
            <TrailLink filter={{ thread_id }}>{plain(thread_id)}</TrailLink>
          )}
        </Fact>
        <Fact name="Kept until">
          {retention_until === undefined ? undefined : exactTime(retention_until)}
        </Fact>
        <Fact name="Legal hold">{yes(legal_hold)}</Fact>
      </Facts>
    </Part>
  );
}
