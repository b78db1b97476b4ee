import {
  AffidavitError,
  CallBody,
  GrantBody,
  GrantPatch,
  newId,
  PolicyAppliesTo,
  PolicyTemplate,
  ProviderBody,
  ProviderPatch,
  SecretBody,
  SecretRotateBody,
  type AuditEvent,
} from '@affidavit/schema';
import { compilePolicy, secretPurpose, type CallActor } from '@affidavit/vault';
import { z } from 'zod';

import type {
  GrantsTable,
  PoliciesTable,
  ProvidersTable,
  SecretsTable,
} from '../../store/tables.ts';
import { administer, requestFields } from '../administer.ts';
import { LIST_QUERY, pageOf, present } from '../list.ts';
import { route, type Context, type Route } from '../route.ts';

/** Providers, secrets, grants, policies, and the call itself. */

const tag = 'vault';

const missing = (field: string, id: string) =>
  new AffidavitError('not_found', `there is no ${field.replace('_id', '')} ${id}`, { field });

// providers

async function createProvider(context: Context<z.infer<typeof ProviderBody>>) {
  const { services, app, body } = context;
  const provider_id = newId('provider');
  const { name, base_url, auth, timeout_ms } = body;
  const now = services.now();
  const args = { provider_id, name, base_url, auth: { ...auth } as Record<string, string> };
  await administer(context, { event_type: 'provider.created', provider: name, provider_id, args }, [
    {
      op: 'insert',
      table: 'providers',
      row: {
        app: app.app,
        provider_id,
        name,
        base_url,
        auth: JSON.stringify(auth),
        timeout_ms: timeout_ms ?? null,
        created_at: now,
        updated_at: now,
      },
    },
  ]);
  return { provider_id, name, base_url, auth };
}

async function providerById(
  { services, app }: Context,
  provider_id: string,
): Promise<ProvidersTable> {
  const [row] = await services.directory.rows('providers', { app: app.app, provider_id });
  if (!row) throw missing('provider_id', provider_id);
  return row;
}

async function updateProvider(context: Context<z.infer<typeof ProviderPatch>>) {
  const { services, app, body } = context;
  const { provider_id, name, ...old } = await providerById(
    context,
    context.params.provider_id as string,
  );
  const set = {
    base_url: body.base_url ?? old.base_url,
    auth: body.auth ? JSON.stringify(body.auth) : old.auth,
    timeout_ms: body.timeout_ms ?? old.timeout_ms,
    updated_at: services.now(),
  };
  const args = { provider_id, name, base_url: set.base_url, auth: JSON.parse(set.auth) as string };
  await administer(context, { event_type: 'provider.updated', provider: name, provider_id, args }, [
    { op: 'update', table: 'providers', where: { app: app.app, provider_id }, set },
  ]);
  return showProvider({ ...old, provider_id, name, ...set });
}

async function deleteProvider(context: Context) {
  const { services, app } = context;
  const { provider_id, name } = await providerById(context, context.params.provider_id as string);
  const grants = await services.directory.grantsOn(app.app, name);
  if (grants.length > 0) {
    throw new AffidavitError('conflict', `${grants.length} grants still use ${name}`, {
      advice: 'Revoke the grants on the provider first.',
    });
  }
  const args = { provider_id, name };
  await administer(context, { event_type: 'provider.deleted', provider: name, provider_id, args }, [
    { op: 'delete', table: 'providers', where: { app: app.app, provider_id } },
  ]);
  return { provider_id };
}

const showProvider = (row: ProvidersTable) =>
  present({ ...row, auth: JSON.parse(row.auth) as object });

// secrets

async function createSecret(context: Context<z.infer<typeof SecretBody>>) {
  const { services, app, body } = context;
  const { provider, name, value } = body;
  if (!(await services.directory.provider(app.app, provider))) throw missing('provider', provider);
  const secret_id = newId('secret');
  const args = { secret_id, name };
  await administer(context, { event_type: 'secret.created', provider, args }, [
    {
      op: 'insert',
      table: 'secrets',
      row: {
        app: app.app,
        secret_id,
        provider,
        name,
        sealed_value: services.keyring.seal(value, secretPurpose(secret_id)),
        created_at: services.now(),
        rotated_at: null,
        revoked_at: null,
      },
    },
  ]);
  return { secret_id, provider, name };
}

async function liveSecret({ services, app }: Context, secretId: string): Promise<SecretsTable> {
  const row = await services.directory.secretRow(app.app, secretId);
  if (!row) throw missing('secret_id', secretId);
  if (row.revoked_at === null) return row;
  throw new AffidavitError('conflict', `secret ${secretId} has been revoked`, {
    field: 'secret_id',
  });
}

async function rotateSecret(context: Context<z.infer<typeof SecretRotateBody>>) {
  const { services, app, body } = context;
  const { secret_id, provider, name } = await liveSecret(
    context,
    context.params.secret_id as string,
  );
  const rotated_at = services.now();
  const sealed_value = services.keyring.seal(body.value, secretPurpose(secret_id));
  const args = { secret_id, name };
  await administer(context, { event_type: 'secret.rotated', provider, args }, [
    {
      op: 'update',
      table: 'secrets',
      where: { app: app.app, secret_id },
      set: { sealed_value, rotated_at },
    },
  ]);
  return { secret_id, rotated_at: new Date(rotated_at).toISOString() };
}

async function revokeSecret(context: Context) {
  const { services, app } = context;
  const { secret_id, provider, name } = await liveSecret(
    context,
    context.params.secret_id as string,
  );
  const revoked_at = services.now();
  const args = { secret_id, name };
  await administer(context, { event_type: 'secret.revoked', provider, args }, [
    {
      op: 'update',
      table: 'secrets',
      where: { app: app.app, secret_id },
      // The value goes with it: what is revoked cannot be opened again.
      set: { revoked_at, sealed_value: '' },
    },
  ]);
  return { secret_id, revoked_at: new Date(revoked_at).toISOString() };
}

const showSecret = (row: SecretsTable) => present({ ...row, sealed_value: null });

// grants

async function createGrant(context: Context<z.infer<typeof GrantBody>>) {
  const { services, app, body } = context;
  const provider = await services.directory.provider(app.app, body.provider);
  if (!provider) throw missing('provider', body.provider);
  const secret = await liveSecret(context, body.secret_id);
  if (secret.provider !== body.provider) {
    throw new AffidavitError('invalid_request', `the secret is for ${secret.provider}`, {
      field: 'secret_id',
      expected: `a secret of ${body.provider}`,
    });
  }
  await checkAgents(context, body.agents);
  const grant_id = newId('grant');
  const now = services.now();
  const row: GrantsTable = {
    app: app.app,
    grant_id,
    provider: provider.name,
    provider_id: provider.provider_id,
    kind: body.kind,
    secret_id: body.secret_id,
    principal_type: body.principal.type,
    principal_id: body.principal.id,
    principal_email: body.principal.email ?? null,
    agents: JSON.stringify(body.agents),
    scopes: JSON.stringify(body.scopes ?? []),
    created_at: now,
    updated_at: now,
    expires_at: body.expires_at === undefined ? null : Date.parse(body.expires_at),
    revoked_at: null,
  };
  await administer(context, grantEvent('grant.created', row), [
    { op: 'insert', table: 'grants', row: { ...row } },
  ]);
  return showGrant(row);
}

async function checkAgents({ services, app }: Context, agents: readonly string[] | '*') {
  if (agents === '*') return;
  for (const agent of agents) {
    if (!(await services.directory.agent(app.app, agent))) throw missing('agents', agent);
  }
}

function grantEvent(event_type: string, row: GrantsTable): AuditEvent {
  const { provider, provider_id, grant_id, secret_id, principal_email, expires_at } = row;
  return {
    event_type,
    provider,
    provider_id,
    grant_id,
    grant_kind: row.kind as 'managed_secret',
    principal_type: row.principal_type as 'user',
    principal_id: row.principal_id,
    ...(principal_email === null ? {} : { principal_email }),
    scope_granted: JSON.parse(row.scopes) as string[],
    args: {
      secret_id,
      agents: JSON.parse(row.agents) as string[],
      ...(expires_at === null ? {} : { expires_at: new Date(expires_at).toISOString() }),
    },
  };
}

async function liveGrant({ services, app }: Context, grantId: string): Promise<GrantsTable> {
  const row = await services.directory.grantRow(app.app, grantId);
  if (!row) throw missing('grant_id', grantId);
  if (row.revoked_at === null) return row;
  throw new AffidavitError('conflict', `grant ${grantId} has been revoked`, { field: 'grant_id' });
}

async function updateGrant(context: Context<z.infer<typeof GrantPatch>>) {
  const { services, app, body } = context;
  const old = await liveGrant(context, context.params.grant_id as string);
  if (body.agents) await checkAgents(context, body.agents);
  const set = {
    agents: body.agents ? JSON.stringify(body.agents) : old.agents,
    scopes: body.scopes ? JSON.stringify(body.scopes) : old.scopes,
    expires_at: body.expires_at ? Date.parse(body.expires_at) : old.expires_at,
    updated_at: services.now(),
  };
  const row = { ...old, ...set };
  await administer(context, grantEvent('grant.updated', row), [
    { op: 'update', table: 'grants', where: { app: app.app, grant_id: old.grant_id }, set },
  ]);
  return showGrant(row);
}

async function revokeGrant(context: Context) {
  const { services, app } = context;
  const row = await liveGrant(context, context.params.grant_id as string);
  const revoked_at = services.now();
  await administer(context, grantEvent('grant.revoked', row), [
    {
      op: 'update',
      table: 'grants',
      where: { app: app.app, grant_id: row.grant_id },
      set: { revoked_at },
    },
  ]);
  return showGrant({ ...row, revoked_at });
}

function showGrant(row: GrantsTable) {
  const { principal_type: type, principal_id: id, principal_email: email, ...rest } = row;
  return present({
    ...rest,
    principal: { type, id, ...(email === null ? {} : { email }) },
    agents: JSON.parse(row.agents) as string[],
    scopes: JSON.parse(row.scopes) as string[],
    status: row.revoked_at === null ? 'active' : 'revoked',
  });
}

// policies

const PolicyBody = z
  .strictObject({
    name: z.string().trim().min(1).max(128),
    cedar: z.string().optional(),
    template: PolicyTemplate.optional(),
    applies_to: PolicyAppliesTo.optional(),
    app_id: z.string().optional(),
  })
  .refine((body) => (body.cedar === undefined) !== (body.template === undefined), {
    error: 'either cedar or template',
    path: ['template'],
  });
type PolicyBody = z.infer<typeof PolicyBody>;

function compile({ name, cedar, template, applies_to }: PolicyBody) {
  if (template === undefined) return compilePolicy({ name, cedar: cedar as string });
  return compilePolicy({ name, template, ...(applies_to === undefined ? {} : { applies_to }) });
}

function policyRow(body: PolicyBody) {
  const { cedar, template, applies_to, warnings } = compile(body);
  const row = {
    name: body.name,
    cedar,
    template: template === undefined ? null : JSON.stringify(template),
    applies_to: applies_to === undefined ? null : JSON.stringify(applies_to),
  };
  return { row, warnings };
}

async function createPolicy(context: Context<PolicyBody>) {
  const { services, app, body } = context;
  const { row, warnings } = policyRow(body);
  const policy_id = newId('policy');
  const now = services.now();
  const whole = { app: app.app, policy_id, ...row, created_at: now, updated_at: now };
  await administer(context, policyEvent('policy.created', whole), [
    { op: 'insert', table: 'policies', row: whole },
  ]);
  return { ...showPolicy(whole), warnings };
}

const policyEvent = (event_type: string, row: PoliciesTable): AuditEvent => ({
  event_type,
  policy_id: row.policy_id,
  args: showPolicy(row) as Record<string, string>,
});

function showPolicy(row: PoliciesTable) {
  return present({
    ...row,
    template: row.template === null ? null : (JSON.parse(row.template) as object),
    applies_to: row.applies_to === null ? null : (JSON.parse(row.applies_to) as object),
  });
}

async function knownPolicy({ services, app, params }: Context): Promise<PoliciesTable> {
  const row = await services.directory.policyRow(app.app, params.policy_id as string);
  if (!row) throw missing('policy_id', params.policy_id as string);
  return row;
}

async function updatePolicy(context: Context<PolicyBody>) {
  const { services, app, body } = context;
  const old = await knownPolicy(context);
  const { row, warnings } = policyRow(body);
  const set = { ...row, updated_at: services.now() };
  const whole = { ...old, ...set };
  await administer(context, policyEvent('policy.updated', whole), [
    { op: 'update', table: 'policies', where: { app: app.app, policy_id: old.policy_id }, set },
  ]);
  return { ...showPolicy(whole), warnings };
}

async function deletePolicy(context: Context) {
  const { app } = context;
  const row = await knownPolicy(context);
  await administer(context, policyEvent('policy.deleted', row), [
    { op: 'delete', table: 'policies', where: { app: app.app, policy_id: row.policy_id } },
  ]);
  return { policy_id: row.policy_id };
}

// calls

function callActor(context: Context): CallActor {
  const { identity, sourceIp, traceparent } = context;
  const { agent, key_id } = identity;
  return {
    type: agent ? 'agent' : 'service',
    id: agent ? agent.agent_id : key_id,
    identity: requestFields(context),
    source_ip: sourceIp,
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}

async function call(context: Context<CallBody>) {
  const { services, app, body } = context;
  return services.broker.call({ app, actor: callActor(context), body });
}

/** A sample call, by whom and when may be chosen. */
const PolicyTestBody = CallBody.extend({
  agent_id: z.string().optional(),
  source_ip: z.string().optional(),
});

async function testPolicy(context: Context<z.infer<typeof PolicyTestBody>>) {
  const { services, app } = context;
  const { agent_id, source_ip, ...body } = context.body;
  const own = callActor(context);
  const actor: CallActor = {
    ...own,
    ...(agent_id === undefined ? {} : { type: 'agent', id: agent_id }),
    ...(source_ip === undefined ? {} : { source_ip }),
  };
  return services.broker.test({ app, actor, body });
}

const admin = { access: 'admin', tag } as const;
const changes = ['conflict', 'not_found', 'audit_unavailable', 'overloaded'] as const;

export const vaultRoutes: readonly Route[] = [
  route({
    ...admin,
    method: 'POST',
    path: '/v1/providers',
    summary: 'Say where a service is and how its credential is attached',
    status: 201,
    body: ProviderBody,
    errors: changes,
    handler: createProvider,
  }),
  route({
    ...admin,
    method: 'GET',
    path: '/v1/providers',
    summary: 'List providers',
    query: LIST_QUERY,
    handler: async ({ services, app, query }) => {
      const rows = await services.directory.rows('providers', { app: app.app }, 'provider_id');
      return pageOf(rows.map(showProvider), (row) => String(row.provider_id), query);
    },
  }),
  route({
    ...admin,
    method: 'PATCH',
    path: '/v1/providers/:provider_id',
    summary: 'Change a provider',
    body: ProviderPatch,
    errors: changes,
    handler: updateProvider,
  }),
  route({
    ...admin,
    method: 'DELETE',
    path: '/v1/providers/:provider_id',
    summary: 'Delete a provider without grants',
    errors: changes,
    handler: deleteProvider,
  }),
  route({
    ...admin,
    method: 'POST',
    path: '/v1/secrets',
    summary: 'Store a secret; it is never shown again',
    status: 201,
    body: SecretBody,
    errors: changes,
    handler: createSecret,
  }),
  route({
    ...admin,
    method: 'GET',
    path: '/v1/secrets',
    summary: 'List secrets without their values',
    query: LIST_QUERY,
    handler: async ({ services, app, query }) => {
      const rows = await services.directory.rows('secrets', { app: app.app }, 'secret_id');
      return pageOf(rows.map(showSecret), (row) => String(row.secret_id), query);
    },
  }),
  route({
    ...admin,
    method: 'POST',
    path: '/v1/secrets/:secret_id/rotate',
    summary: 'Replace the value of a secret',
    body: SecretRotateBody,
    errors: changes,
    handler: rotateSecret,
  }),
  route({
    ...admin,
    method: 'DELETE',
    path: '/v1/secrets/:secret_id',
    summary: 'Revoke a secret and forget its value',
    errors: changes,
    handler: revokeSecret,
  }),
  route({
    ...admin,
    method: 'POST',
    path: '/v1/grants',
    summary: 'Let agents use a secret on behalf of a principal',
    status: 201,
    body: GrantBody,
    errors: changes,
    handler: createGrant,
  }),
  route({
    ...admin,
    method: 'GET',
    path: '/v1/grants',
    summary: 'List grants',
    query: LIST_QUERY,
    handler: async ({ services, app, query }) => {
      const rows = await services.directory.rows('grants', { app: app.app }, 'grant_id');
      return pageOf(rows.map(showGrant), (row) => String(row.grant_id), query);
    },
  }),
  route({
    ...admin,
    method: 'GET',
    path: '/v1/grants/:grant_id',
    summary: 'Show a grant',
    errors: ['not_found'],
    handler: async ({ services, app, params }) => {
      const row = await services.directory.grantRow(app.app, params.grant_id as string);
      if (!row) throw missing('grant_id', params.grant_id as string);
      return showGrant(row);
    },
  }),
  route({
    ...admin,
    method: 'PATCH',
    path: '/v1/grants/:grant_id',
    summary: 'Change agents, scopes or expiry of a grant',
    body: GrantPatch,
    errors: changes,
    handler: updateGrant,
  }),
  route({
    ...admin,
    method: 'DELETE',
    path: '/v1/grants/:grant_id',
    summary: 'Revoke a grant at once',
    errors: changes,
    handler: revokeGrant,
  }),
  route({
    ...admin,
    method: 'POST',
    path: '/v1/policies',
    summary: 'Save a policy, as Cedar or from a template',
    status: 201,
    body: PolicyBody,
    errors: changes,
    handler: createPolicy,
  }),
  route({
    ...admin,
    method: 'GET',
    path: '/v1/policies',
    summary: 'List policies',
    query: LIST_QUERY,
    handler: async ({ services, app, query }) => {
      const rows = await services.directory.rows('policies', { app: app.app }, 'policy_id');
      return pageOf(rows.map(showPolicy), (row) => String(row.policy_id), query);
    },
  }),
  route({
    ...admin,
    method: 'PUT',
    path: '/v1/policies/:policy_id',
    summary: 'Replace a policy',
    body: PolicyBody,
    errors: changes,
    handler: updatePolicy,
  }),
  route({
    ...admin,
    method: 'DELETE',
    path: '/v1/policies/:policy_id',
    summary: 'Delete a policy',
    errors: changes,
    handler: deletePolicy,
  }),
  route({
    ...admin,
    method: 'POST',
    path: '/v1/policies/test',
    summary: 'Ask what policy says to a sample call, without making it',
    body: PolicyTestBody,
    errors: ['not_found', 'egress_blocked'],
    handler: testPolicy,
  }),
  route({
    access: 'calls:execute',
    tag: 'calls',
    method: 'POST',
    path: '/v1/request',
    summary: 'Call a provider with a credential the caller never sees',
    body: CallBody,
    errors: [
      'policy_denied',
      'egress_blocked',
      'not_found',
      'conflict',
      'invalid_context',
      'idempotency_mismatch',
      'provider_unreachable',
      'overloaded',
      'audit_unavailable',
    ],
    handler: call,
  }),
];
