import { plain } from '@affidavit/schema/plain';
import { Plus } from 'lucide-react';
import { useMemo } from 'react';

import { Sparkline } from '../../shared/charts/sparkline.tsx';
import { useGet, useList } from '../../shared/api/queries.ts';
import type { Page as PageOf } from '../../shared/api/types.ts';
import { count } from '../../shared/format/number.ts';
import { Badge } from '../../shared/ui/badge.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { CsvButton } from '../../shared/ui/csv-button.tsx';
import { Page } from '../../shared/ui/page.tsx';
import { Listed, type Column } from '../../shared/ui/table.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { AgentLink } from '../links.tsx';
import type { Stats } from '../overview/stats.ts';
import { periodOf } from '../range/range.ts';
import { useMayChange } from '../session.ts';
import { useParam } from '../use-param.ts';
import { NewAgent } from './agent-forms.tsx';
import { keyState, type Key } from '../settings/key.ts';
import { WHOLE, type Agent } from './agent.ts';
import { hoursOf, type Hours } from './hours.ts';

const NEW = 'new';

/** Who acts: each agent with its keys, and how busy it was. */
export function AgentsPage() {
  const list = useList<Agent>('/v1/agents', WHOLE);
  const keys = useGet<PageOf<Key>>('/v1/keys', WHOLE);
  const calls = useCalls();
  const [dialog, setDialog] = useParam('dialog');
  const columns = useMemo(() => columnsOf(keys.data?.data, calls), [keys.data, calls]);
  const mayMake = useMayChange();
  const make = (
    <Button look="primary" onClick={() => setDialog(NEW)}>
      <Plus /> New agent
    </Button>
  );
  return (
    <Page
      title="Agents"
      about="Each agent acts under a name and with keys of its own."
      actions={
        <>
          <CsvButton name="agents" rows={list.rows} columns={CSV} />
          {mayMake ? make : null}
        </>
      }
    >
      <Listed
        label="Agents"
        list={list}
        columns={columns}
        rows={list.rows}
        rowKey={({ agent_id }) => agent_id}
        empty={{
          title: 'No agents yet',
          children: mayMake ? make : 'Somebody with the role admin can make one.',
        }}
      />
      {dialog === NEW && mayMake ? <NewAgent onClose={() => setDialog(undefined)} /> : null}
    </Page>
  );
}

const CSV = {
  agent_id: (agent: Agent) => agent.agent_id,
  name: (agent: Agent) => agent.name,
  parent_agent_id: (agent: Agent) => agent.parent_agent_id,
  created_at: (agent: Agent) => agent.created_at,
  revoked_at: (agent: Agent) => agent.revoked_at,
};

interface Calls {
  readonly hours: ReadonlyMap<string, Hours>;
  /** What is said of an agent that has none. */
  readonly none: string;
}

/** The calls of the last day, by the name of the agent. */
function useCalls(): Calls | undefined {
  const query = { ...periodOf({}, '24h'), group_by: 'agent', interval: 'hour' };
  const { data, dataUpdatedAt } = useGet<Stats>('/v1/stats', query);
  return useMemo(
    () =>
      data && {
        hours: hoursOf(data.groups, dataUpdatedAt),
        none: data.complete ? 'none' : `none of the newest ${count(data.total.count)}`,
      },
    [data, dataUpdatedAt],
  );
}

function columnsOf(
  keys: readonly Key[] | undefined,
  calls: Calls | undefined,
): readonly Column<Agent>[] {
  const live = (agent: Agent) =>
    keys?.filter((key) => key.agent_id === agent.agent_id && keyState(key) === 'active').length;
  return [
    {
      name: 'Name',
      cell: ({ agent_id, name, revoked_at }) => (
        <span className="flex items-center gap-2">
          <AgentLink id={agent_id}>{plain(name)}</AgentLink>
          {revoked_at ? <Badge tone="refused">revoked</Badge> : null}
        </span>
      ),
    },
    {
      name: 'Calls in 24 hours',
      cell: ({ name }) => (calls ? <Busy calls={calls} name={name} /> : null),
    },
    { name: 'Keys', cell: (agent) => live(agent) ?? '', minor: true },
    { name: 'Made', cell: ({ created_at }) => <Time at={created_at} />, minor: true },
  ];
}

function Busy({ calls, name }: { readonly calls: Calls; readonly name: string }) {
  const hours = calls.hours.get(name);
  if (!hours) return <span className="text-ink-3">{calls.none}</span>;
  return (
    <span className="flex items-center gap-3">
      <span className="w-12 text-right tabular-nums">{count(hours.total)}</span>
      <Sparkline
        wide
        label={`Calls of ${plain(name)} in each of the last 24 hours`}
        values={hours.values}
      />
    </span>
  );
}
