import { AffidavitError, AgentBody, AgentPatch, newId } from '@affidavit/schema';
import type { z } from 'zod';

import { administer, CHANGE_ERRORS } from '../administer.ts';
import { LIST_QUERY, pageOf, present } from '../list.ts';
import { route, type Context, type Route } from '../route.ts';

/** Agents: each has its own name and keys. */

const admin = { access: 'admin', tag: 'access' } as const;

async function createAgent(context: Context<z.infer<typeof AgentBody>>) {
  const { services, body, app } = context;
  const agent_id = newId('agent');
  const { name, parent_agent_id } = body;
  if (parent_agent_id !== undefined) await liveAgent(context, parent_agent_id, 'parent_agent_id');
  await administer(
    context,
    { event_type: 'agent.created', agent_id, agent_name: name, args: { agent_id, name } },
    [
      {
        op: 'insert',
        table: 'agents',
        row: {
          app: app.app,
          agent_id,
          name,
          parent_agent_id: parent_agent_id ?? null,
          created_at: services.now(),
          revoked_at: null,
        },
      },
    ],
  );
  return { agent_id, name, ...(parent_agent_id === undefined ? {} : { parent_agent_id }) };
}

export async function liveAgent({ services, app }: Context, agentId: string, field: string) {
  const agent = await services.directory.agent(app.app, agentId);
  if (!agent) throw new AffidavitError('not_found', `there is no agent ${agentId}`, { field });
  if (agent.revoked_at === null) return agent;
  throw new AffidavitError('conflict', `agent ${agentId} has been revoked`, { field });
}

async function updateAgent(context: Context<z.infer<typeof AgentPatch>>) {
  const { app, body } = context;
  const agent_id = context.params.agent_id as string;
  const agent = await liveAgent(context, agent_id, 'agent_id');
  const name = body.name ?? agent.name;
  await administer(
    context,
    { event_type: 'agent.updated', agent_id, agent_name: name, args: { agent_id, name } },
    [{ op: 'update', table: 'agents', where: { app: app.app, agent_id }, set: { name } }],
  );
  return present({ ...agent, name });
}

async function revokeAgent(context: Context) {
  const { app, services } = context;
  const agent_id = context.params.agent_id as string;
  const agent = await liveAgent(context, agent_id, 'agent_id');
  const revoked_at = services.now();
  await administer(
    context,
    { event_type: 'agent.revoked', agent_id, agent_name: agent.name, args: { agent_id } },
    [{ op: 'update', table: 'agents', where: { app: app.app, agent_id }, set: { revoked_at } }],
  );
  return present({ ...agent, revoked_at });
}

export const agentRoutes: readonly Route[] = [
  route({
    ...admin,
    method: 'POST',
    path: '/v1/agents',
    summary: 'Make an agent',
    status: 201,
    body: AgentBody,
    errors: CHANGE_ERRORS,
    handler: createAgent,
  }),
  route({
    ...admin,
    method: 'GET',
    path: '/v1/agents',
    summary: 'List agents',
    query: LIST_QUERY,
    handler: async ({ services, app, query }) => {
      const rows = await services.directory.rows('agents', { app: app.app }, 'agent_id');
      return pageOf(rows.map(present), (row) => String(row.agent_id), query);
    },
  }),
  route({
    ...admin,
    method: 'PATCH',
    path: '/v1/agents/:agent_id',
    summary: 'Rename an agent',
    body: AgentPatch,
    errors: CHANGE_ERRORS,
    handler: updateAgent,
  }),
  route({
    ...admin,
    method: 'DELETE',
    path: '/v1/agents/:agent_id',
    summary: 'Revoke an agent and so its keys',
    errors: CHANGE_ERRORS,
    handler: revokeAgent,
  }),
];
