import { useState } from 'react';

import { call, post } from '../../shared/api/client.ts';
import { useChange, useList } from '../../shared/api/queries.ts';
import { faultOf, Form } from '../../shared/ui/form.tsx';
import { Badge } from '../../shared/ui/badge.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { Confirm } from '../../shared/ui/confirm.tsx';
import { SelectField } from '../../shared/ui/field.tsx';
import { Card } from '../../shared/ui/page.tsx';
import { Failed, Loading } from '../../shared/ui/states.tsx';
import { useAgents, type GrantRow } from '../directory.ts';
import { AgentLink } from '../links.tsx';

interface Delegation {
  readonly agent_id: string;
  readonly agent_name?: string;
  readonly status: 'active' | 'agent_revoked';
}

interface DelegationsProps {
  readonly grant: GrantRow;
  readonly may: boolean;
}

const CHANGES = ['/v1/grants', '/v1/agents', '/v1/events'];

/** The agents that may use a grant. */
export function Delegations({ grant, may }: DelegationsProps) {
  const { grant_id, status } = grant;
  const list = useList<Delegation>(`/v1/grants/${grant_id}/delegations`, { limit: 1000 });
  const [taking, take] = useState<Delegation | null>(null);
  const mayEdit = may && status !== 'revoked';
  const isAll = grant.agents === '*';
  return (
    <Card>
      <h2 className="mb-2 text-base font-semibold">Who may use it</h2>
      {list.isPending ? <Loading /> : null}
      {list.error ? <Failed error={list.error} retry={() => void list.refetch()} /> : null}
      {isAll ? (
        <p>All agents and services of the app.</p>
      ) : (
        <ul className="divide-y divide-line">
          {list.rows.map((row) => (
            <li key={row.agent_id} className="flex items-center gap-2 py-1.5">
              <span className="min-w-0 grow break-words">
                <AgentLink id={row.agent_id}>{row.agent_name}</AgentLink>
              </span>
              {row.status === 'active' ? null : <Badge>agent revoked</Badge>}
              {mayEdit ? (
                <Button look="danger" onClick={() => take(row)}>
                  Take away
                </Button>
              ) : null}
            </li>
          ))}
        </ul>
      )}
      {list.isSuccess && list.rows.length === 0 ? (
        <p className="text-ink-2">No agent may use it.</p>
      ) : null}
      {mayEdit && !isAll ? <Add grant={grant} /> : null}
      <Take grantId={grant_id} row={taking} onClose={() => take(null)} />
    </Card>
  );
}

function Add({ grant: { grant_id, agents } }: { readonly grant: GrantRow }) {
  const [agent_id, setAgent] = useState('');
  const others = useAgents().rows.filter(
    ({ agent_id: id, revoked_at }) => revoked_at === undefined && !agents.includes(id),
  );
  const add = useChange({
    mutationFn: () => post(`/v1/grants/${grant_id}/delegations`, { agent_id }),
    changes: CHANGES,
    done: 'The agent may use the grant',
    onSuccess: () => setAgent(''),
  });
  if (others.length === 0) return null;
  return (
    <div className="mt-4 border-t border-line pt-4">
      <Form
        action="Let it use the grant"
        busy={add.isPending}
        error={add.error}
        disabled={agent_id === ''}
        onSubmit={() => add.mutate(undefined)}
      >
        <SelectField
          label="One more agent"
          value={agent_id}
          onChange={setAgent}
          options={[
            { value: '', label: 'Choose' },
            ...others.map((one) => ({ value: one.agent_id, label: one.name })),
          ]}
          error={faultOf(add.error, 'agent_id')}
        />
      </Form>
    </div>
  );
}

interface TakeProps {
  readonly grantId: string;
  readonly row: Delegation | null;
  readonly onClose: () => void;
}

function Take({ grantId, row, onClose }: TakeProps) {
  const take = useChange({
    mutationFn: (agentId: string) =>
      call('DELETE', `/v1/grants/${grantId}/delegations/${encodeURIComponent(agentId)}`),
    changes: CHANGES,
    done: 'The agent cannot use the grant any more',
    onSuccess: onClose,
  });
  return (
    <Confirm
      open={row !== null}
      onClose={onClose}
      onConfirm={() => row && take.mutate(row.agent_id)}
      title={`Take the grant from ${row?.agent_name ?? row?.agent_id ?? 'the agent'}?`}
      action="Take it away"
      busy={take.isPending}
    >
      Its next call with this grant is refused. Other agents keep it.
    </Confirm>
  );
}
