import { setTimeout as sleep } from 'node:timers/promises';

import { AffidavitError, type DelegationBody } from '@affidavit/schema';
import type { z } from 'zod';

import { administer } from '../http/administer.ts';
import { pageOf, present } from '../http/list.ts';
import { missing } from '../http/refusals.ts';
import type { Context } from '../http/route.ts';
import type { AgentsTable, GrantsTable } from '../store/tables.ts';
import { isConflict } from './conflict.ts';
import { grantEvent, showGrant } from './entry.ts';

/** Delegation: which agents may use a grant. Each change of the list is made on what was read. */

const AGENTS_MAX = 1000;
/** Changes by other processes that one may have to give way to. */
const TRIES_MAX = 50;
const PAUSE_MS = 20;

/** The list after a change; null where there is nothing to change. */
type Change = (agents: readonly string[] | '*') => readonly string[] | null;

export async function delegate(context: Context<z.infer<typeof DelegationBody>>) {
  const { services, app, body } = context;
  const agent = await services.directory.agent(app.app, body.agent_id);
  if (!agent) throw missing('agent_id', body.agent_id);
  if (agent.revoked_at !== null) throw conflict(`agent ${agent.agent_id} has been revoked`);
  await change(context, 'grant.delegated', agent, (agents) => {
    if (agents === '*' || agents.includes(agent.agent_id)) return null;
    if (agents.length >= AGENTS_MAX) throw conflict(`${AGENTS_MAX} agents have the grant`);
    return [...agents, agent.agent_id];
  });
  return { grant_id: context.params.grant_id, ...delegation(agent.agent_id, agent) };
}

export async function revokeDelegation(context: Context) {
  const { services, app, params } = context;
  const agent_id = params.agent_id as string;
  const agent = await services.directory.agent(app.app, agent_id);
  await change(context, 'grant.delegation_revoked', agent ?? { agent_id }, (agents) => {
    if (agents === '*') {
      throw conflict('the grant is delegated to every agent, and cannot lose one', {
        advice: 'Name the agents that keep it: PATCH /v1/grants/{grant_id} with agents.',
      });
    }
    if (!agents.includes(agent_id)) throw missing('agent_id', agent_id);
    return agents.filter((one) => one !== agent_id);
  });
  return { grant_id: params.grant_id, agent_id, status: 'revoked' };
}

function conflict(message: string, details: { advice?: string } = {}): AffidavitError {
  return new AffidavitError('conflict', message, { field: 'agent_id', ...details });
}

async function change(
  context: Context,
  event_type: string,
  agent: Pick<AgentsTable, 'agent_id'> & Partial<AgentsTable>,
  make: Change,
): Promise<void> {
  const done = await context.services.delegationTurns.take();
  try {
    for (let tries = 1; ; tries++) {
      try {
        return await changeOnce(context, event_type, agent, make);
      } catch (error) {
        if (!(error instanceof Outrun) || tries === TRIES_MAX) throw error;
        await sleep(PAUSE_MS);
      }
    }
  } finally {
    done();
  }
}

/** The list was changed by another process in between. */
class Outrun extends AffidavitError {}

async function changeOnce(
  context: Context,
  event_type: string,
  { agent_id, name }: Pick<AgentsTable, 'agent_id'> & Partial<AgentsTable>,
  make: Change,
): Promise<void> {
  const { services, app } = context;
  const old = await grantOf(context);
  if (old.revoked_at !== null) throw conflict(`grant ${old.grant_id} has been revoked`);
  const next = make(JSON.parse(old.agents) as string[] | '*');
  if (next === null) return;
  const set = { agents: JSON.stringify(next), updated_at: services.now() };
  const { grant_id, agents } = old;
  const where = { app: app.app, grant_id, agents, revoked_at: null };
  const event = {
    ...grantEvent(event_type, { ...old, ...set }),
    agent_id,
    ...(name === undefined ? {} : { agent_name: name }),
  };
  try {
    await administer(context, event, [{ op: 'update', table: 'grants', where, set }]);
  } catch (error) {
    if (!isConflict(error)) throw error;
    throw new Outrun('conflict', 'the delegations of the grant keep changing', { cause: error });
  }
}

async function grantOf({ services, app, params }: Context): Promise<GrantsTable> {
  const grant_id = params.grant_id as string;
  const row = await services.directory.grantRow(app.app, grant_id);
  if (!row) throw missing('grant_id', grant_id);
  return row;
}

function delegation(agent_id: string, agent: AgentsTable | null) {
  return present({
    agent_id,
    agent_name: agent?.name ?? null,
    parent_agent_id: agent?.parent_agent_id ?? null,
    status: agent?.revoked_at === null ? 'active' : 'agent_revoked',
  });
}

/** One row for each agent, or one for all of them (`*`). */
export async function listDelegations(context: Context) {
  const { services, app, query } = context;
  const agents = JSON.parse((await grantOf(context)).agents) as string[] | '*';
  if (agents === '*') return pageOf([{ agent_id: '*', status: 'active' }], () => '*', query);
  const rows = await Promise.all(
    [...agents]
      .sort()
      .map(async (one) => delegation(one, await services.directory.agent(app.app, one))),
  );
  return pageOf(rows, (row) => String(row.agent_id), query);
}

/** The grants that an agent may use. */
export async function listGrantsOf({ services, app, params, query }: Context) {
  const agent_id = params.agent_id as string;
  if (!(await services.directory.agent(app.app, agent_id))) throw missing('agent_id', agent_id);
  const rows = await services.directory.rows('grants', { app: app.app }, 'grant_id');
  const usable = rows.filter(({ agents, revoked_at }) => {
    const list = JSON.parse(agents) as string[] | '*';
    return revoked_at === null && (list === '*' || list.includes(agent_id));
  });
  const shown = usable.map((row) => showGrant(row, services.now()));
  return pageOf(shown, (row) => String(row.grant_id), query);
}
