import {
  AffidavitError,
  AgentBody,
  AgentPatch,
  AppBody,
  CallerBody,
  KeyBody,
  KeyRotateBody,
  newId,
} from '@affidavit/schema';
import type { z } from 'zod';

import { newApiKey } from '../../access/api-key.ts';
import { actorFields } from '../../access/identity.ts';
import { newSigningKey } from '../../sequence/signing-keys.ts';
import type { Effect } from '../../store/port.ts';
import type { ApiKeysTable } from '../../store/tables.ts';
import { administer, requestFields } from '../administer.ts';
import { LIST_QUERY, pageOf, present } from '../list.ts';
import { route, type Context, type Route } from '../route.ts';

/** Apps, agents, keys and callers. */

const tag = 'access';

async function createApp(context: Context<z.infer<typeof AppBody>>) {
  const { services, body } = context;
  if (!context.identity.installation) {
    throw new AffidavitError('forbidden', 'only a key of the installation makes apps');
  }
  const app_id = newId('app');
  const known = await services.directory.apps();
  const app = Math.max(...known.map((row) => row.app)) + 1;
  const created_at = services.now();
  const origin = `${services.config.origin}/${app_id}`;
  const effects: Effect[] = [
    { op: 'insert', table: 'apps', row: { app, app_id, name: body.name, created_at } },
    {
      op: 'insert',
      table: 'signing_keys',
      row: newSigningKey(services.keyring, app, origin, created_at),
    },
  ];
  await administer(
    context,
    { event_type: 'app.created', args: { app_id, name: body.name } },
    effects,
  );
  const opened = { event_type: 'ledger.opened', ...requestFields(context) };
  await services.trail.record({ app, app_id, events: [opened] });
  return { app_id, name: body.name, origin };
}

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

async function liveAgent({ services, app }: Context, agentId: string, field: string) {
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

async function mintKey(context: Context<z.infer<typeof KeyBody>>) {
  const { services, body, app } = context;
  const { name, scopes, agent_id, expires_at } = body;
  const agent = agent_id === undefined ? null : await liveAgent(context, agent_id, 'agent_id');
  if (agent && scopes.includes('admin')) {
    throw new AffidavitError('invalid_request', 'an agent cannot administer', {
      field: 'scopes',
      expected: 'scopes other than admin for the key of an agent',
    });
  }
  const { key, prefix, hash } = newApiKey();
  const key_id = newId('key');
  await administer(
    context,
    keyEvent('api_key.minted', { key_id, name, prefix, scopes, agent_id }),
    [
      {
        op: 'insert',
        table: 'api_keys',
        row: {
          app: app.app,
          key_id,
          name,
          prefix,
          hash,
          scopes: JSON.stringify(scopes),
          agent_id: agent_id ?? null,
          created_at: services.now(),
          expires_at: expires_at === undefined ? null : Date.parse(expires_at),
          revoked_at: null,
        },
      },
    ],
  );
  return { key_id, key, prefix, name, scopes, ...(agent_id === undefined ? {} : { agent_id }) };
}

function keyEvent(event_type: string, about: Record<string, unknown>) {
  const args = Object.fromEntries(Object.entries(about).filter(([, value]) => value !== undefined));
  const { agent_id } = args;
  return {
    event_type,
    ...(typeof agent_id === 'string' ? { agent_id } : {}),
    args: args as Record<string, string>,
  };
}

async function liveKey({ services, app }: Context, key_id: string): Promise<ApiKeysTable> {
  const [row] = await services.directory.rows('api_keys', { app: app.app, key_id });
  if (!row) {
    throw new AffidavitError('not_found', `there is no key ${key_id}`, { field: 'key_id' });
  }
  if (row.revoked_at === null || row.revoked_at > services.now()) return row;
  throw new AffidavitError('conflict', `key ${key_id} has been revoked`, { field: 'key_id' });
}

async function rotateKey(context: Context<z.infer<typeof KeyRotateBody>>) {
  const { services, body, app } = context;
  const old = await liveKey(context, context.params.key_id as string);
  const now = services.now();
  const revoked_at = now + body.overlap_seconds * 1000;
  const { key, prefix, hash } = newApiKey();
  const key_id = newId('key');
  const about = {
    key_id,
    prefix,
    replaces: old.key_id,
    overlap_seconds: body.overlap_seconds,
    agent_id: old.agent_id ?? undefined,
  };
  await administer(context, keyEvent('api_key.rotated', about), [
    {
      op: 'insert',
      table: 'api_keys',
      row: { ...old, key_id, prefix, hash, created_at: now, revoked_at: null },
    },
    {
      op: 'update',
      table: 'api_keys',
      where: { app: app.app, key_id: old.key_id },
      set: { revoked_at },
    },
  ]);
  return {
    key_id,
    key,
    prefix,
    replaces: old.key_id,
    old_key_ends_at: new Date(revoked_at).toISOString(),
  };
}

async function revokeKey(context: Context) {
  const { services, app } = context;
  const { key_id, prefix, agent_id } = await liveKey(context, context.params.key_id as string);
  const revoked_at = services.now();
  const about = { key_id, prefix, agent_id: agent_id ?? undefined };
  await administer(context, keyEvent('api_key.revoked', about), [
    { op: 'update', table: 'api_keys', where: { app: app.app, key_id }, set: { revoked_at } },
  ]);
  return { key_id, revoked_at: new Date(revoked_at).toISOString() };
}

function showKey(row: ApiKeysTable) {
  return present({ ...row, hash: null, scopes: JSON.parse(row.scopes) as string[] });
}

async function registerCaller(context: Context<z.infer<typeof CallerBody>>) {
  const { services, body, app } = context;
  const { name, description } = body;
  const created_at = services.now();
  await administer(context, { event_type: 'caller.registered', caller: name, args: { name } }, [
    {
      op: 'insert',
      table: 'callers',
      row: { app: app.app, name, description: description ?? null, created_at },
    },
  ]);
  return { name, ...(description === undefined ? {} : { description }) };
}

async function removeCaller(context: Context) {
  const { app, services } = context;
  const name = context.params.name as string;
  if (!(await services.directory.caller(app.app, name))) {
    throw new AffidavitError('not_found', `there is no caller ${name}`, { field: 'name' });
  }
  await administer(context, { event_type: 'caller.removed', caller: name, args: { name } }, [
    { op: 'delete', table: 'callers', where: { app: app.app, name } },
  ]);
  return { name };
}

/** The key that asks, as the server sees it. */
async function whoAmI(context: Context) {
  const { identity, app } = context;
  const { installation } = identity;
  const scopes = [...identity.scopes].filter((scope) => scope !== 'installation');
  return {
    app_id: app.app_id,
    key_id: identity.key_id,
    scopes,
    installation,
    ...actorFields(identity),
  };
}

const admin = { access: 'admin', tag } as const;
const changes = ['conflict', 'not_found', 'audit_unavailable', 'overloaded'] as const;

export const accessRoutes: readonly Route[] = [
  route({
    ...admin,
    method: 'POST',
    path: '/v1/apps',
    summary: 'Make an app, with a ledger of its own',
    status: 201,
    body: AppBody,
    errors: changes,
    handler: createApp,
  }),
  route({
    ...admin,
    method: 'GET',
    path: '/v1/apps',
    summary: 'List apps',
    query: LIST_QUERY,
    handler: async ({ services, identity, query, app }) => {
      const all = await services.directory.apps();
      const seen = identity.installation ? all : all.filter((row) => row.app === app.app);
      return pageOf(seen.map(present), (row) => String(row.app_id), query);
    },
  }),
  route({
    ...admin,
    method: 'POST',
    path: '/v1/agents',
    summary: 'Make an agent',
    status: 201,
    body: AgentBody,
    errors: changes,
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
    errors: changes,
    handler: updateAgent,
  }),
  route({
    ...admin,
    method: 'DELETE',
    path: '/v1/agents/:agent_id',
    summary: 'Revoke an agent and so its keys',
    errors: changes,
    handler: revokeAgent,
  }),
  route({
    ...admin,
    method: 'POST',
    path: '/v1/keys',
    summary: 'Mint an API key; it is shown once',
    status: 201,
    body: KeyBody,
    errors: changes,
    handler: mintKey,
  }),
  route({
    ...admin,
    method: 'GET',
    path: '/v1/keys',
    summary: 'List API keys by their prefixes',
    query: LIST_QUERY,
    handler: async ({ services, app, query }) => {
      const rows = await services.directory.rows('api_keys', { app: app.app }, 'key_id');
      return pageOf(rows.map(showKey), (row) => String(row.key_id), query);
    },
  }),
  route({
    ...admin,
    method: 'POST',
    path: '/v1/keys/:key_id/rotate',
    summary: 'Replace a key; both work during the overlap',
    status: 201,
    body: KeyRotateBody,
    errors: changes,
    handler: rotateKey,
  }),
  route({
    ...admin,
    method: 'DELETE',
    path: '/v1/keys/:key_id',
    summary: 'Revoke a key at once',
    errors: changes,
    handler: revokeKey,
  }),
  route({
    ...admin,
    method: 'POST',
    path: '/v1/callers',
    summary: 'Register a caller',
    status: 201,
    body: CallerBody,
    errors: changes,
    handler: registerCaller,
  }),
  route({
    ...admin,
    method: 'GET',
    path: '/v1/callers',
    summary: 'List registered callers',
    query: LIST_QUERY,
    handler: async ({ services, app, query }) => {
      const rows = await services.directory.rows('callers', { app: app.app }, 'name');
      return pageOf(rows.map(present), (row) => String(row.name), query);
    },
  }),
  route({
    ...admin,
    method: 'DELETE',
    path: '/v1/callers/:name',
    summary: 'Remove a caller from the registry',
    errors: changes,
    handler: removeCaller,
  }),
  route({
    access: 'any_key',
    tag,
    method: 'GET',
    path: '/v1/whoami',
    summary: 'What the server knows of the key that asks',
    handler: whoAmI,
  }),
];
