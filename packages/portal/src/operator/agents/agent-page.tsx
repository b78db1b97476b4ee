import { plain } from '@affidavit/schema/plain';
import { useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { call } from '../../shared/api/client.ts';
import { useChange, useGet } from '../../shared/api/queries.ts';
import type { Page as PageOf } from '../../shared/api/types.ts';
import { Badge } from '../../shared/ui/badge.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { Confirm } from '../../shared/ui/confirm.tsx';
import { Id } from '../../shared/ui/copy.tsx';
import { Page } from '../../shared/ui/page.tsx';
import { Tabs } from '../../shared/ui/tabs.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { AgentLink } from '../links.tsx';
import { Breakdown } from '../overview/breakdown.tsx';
import { OverTime } from '../overview/over-time.tsx';
import { PeopleList } from '../people/people-list.tsx';
import { RangePicker, usePeriod } from '../range/range-picker.tsx';
import { RunList } from '../runs/runs-page.tsx';
import { useMayChange } from '../session.ts';
import { KeySettings } from '../settings/keys.tsx';
import { useParam } from '../use-param.ts';
import { AgentGrants } from './agent-grants.tsx';
import { RenameAgent } from './agent-forms.tsx';
import { WHOLE, type Agent } from './agent.ts';
import { AgentTimeline } from './timeline.tsx';

const PRESET = '7d';

/** One agent: what it did between two moments, for whom, with what, and how well. */
export function AgentPage() {
  const { agentId = '' } = useParams({ strict: false });
  const agents = useGet<PageOf<Agent>>('/v1/agents', WHOLE);
  const agent = agents.data?.data.find(({ agent_id }) => agent_id === agentId);
  const [tab = 'timeline', setTab] = useParam('tab');
  return (
    <Page
      title={agent ? plain(agent.name) : `Agent ${plain(agentId)}`}
      about={<About agentId={agentId} agent={agent} />}
      actions={agent && !agent.revoked_at ? <Actions agent={agent} /> : null}
    >
      <Tabs tabs={tabsOf(agentId, agent, tab)} value={tab} onChange={setTab} />
    </Page>
  );
}

interface AboutProps {
  readonly agentId: string;
  readonly agent: Agent | undefined;
}

function About({ agentId, agent }: AboutProps) {
  return (
    <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <Id value={agentId} />
      {agent ? (
        <span>
          made <Time at={agent.created_at} />
        </span>
      ) : null}
      {agent?.parent_agent_id ? (
        <span>
          below <AgentLink id={agent.parent_agent_id} />
        </span>
      ) : null}
      {agent?.revoked_at ? <Badge tone="refused">revoked</Badge> : null}
    </span>
  );
}

/** Only what is looked at asks the API. */
function tabsOf(agentId: string, agent: Agent | undefined, open: string) {
  const tab = (value: string, label: string, content: () => ReactNode) => ({
    value,
    label,
    content: value === open ? content() : null,
  });
  return [
    tab('timeline', 'Timeline', () => <AgentTimeline agentId={agentId} />),
    tab('figures', 'Figures', () => <AgentFigures agentId={agentId} />),
    tab('runs', 'Runs', () => <AgentRuns agentId={agentId} />),
    tab('people', 'People', () => <AgentPeople agentId={agentId} />),
    tab('grants', 'Grants', () => <AgentGrants agentId={agentId} />),
    ...(agent ? [tab('keys', 'Keys', () => <KeySettings agent={agent} />)] : []),
  ];
}

const picker = (
  <div className="mb-3">
    <RangePicker preset={PRESET} />
  </div>
);

function AgentFigures({ agentId }: { readonly agentId: string }) {
  const filter = { agent: agentId };
  return (
    <>
      {picker}
      <OverTime preset={PRESET} filter={filter} />
      <Breakdown preset={PRESET} filter={filter} />
    </>
  );
}

function AgentRuns({ agentId }: { readonly agentId: string }) {
  const period = usePeriod(PRESET);
  return (
    <>
      {picker}
      <RunList filter={{ agent: agentId, ...period }} ofAgent />
    </>
  );
}

function AgentPeople({ agentId }: { readonly agentId: string }) {
  const period = usePeriod(PRESET);
  return (
    <>
      {picker}
      <PeopleList filter={{ agent: agentId, ...period }} ofAgent />
    </>
  );
}

function Actions({ agent }: { readonly agent: Agent }) {
  const [dialog, setDialog] = useParam('dialog');
  const mayChange = useMayChange();
  const close = () => setDialog(undefined);
  const revoking = useChange<void>({
    mutationFn: () => call('DELETE', `/v1/agents/${agent.agent_id}`),
    changes: ['/v1/agents', '/v1/keys'],
    done: `${plain(agent.name)} is revoked`,
    onSuccess: close,
  });
  if (!mayChange) return null;
  return (
    <>
      <Button onClick={() => setDialog('rename')}>Rename</Button>
      <Button look="danger" onClick={() => setDialog('revoke')}>
        Revoke
      </Button>
      {dialog === 'rename' ? <RenameAgent agent={agent} onClose={close} /> : null}
      <Confirm
        open={dialog === 'revoke'}
        onClose={close}
        onConfirm={() => revoking.mutate()}
        title={`Revoke ${plain(agent.name)}?`}
        action="Revoke the agent"
        busy={revoking.isPending}
      >
        Its keys and the tokens made with them stop working at once. This cannot be undone. What it
        did stays on the trail.
      </Confirm>
    </>
  );
}
