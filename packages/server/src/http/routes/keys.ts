import { AffidavitError, KeyBody, KeyRotateBody, newId, type Role } from '@affidavit/schema';
import type { z } from 'zod';

import { newApiKey } from '../../access/api-key.ts';
import { INSTALLATION_SCOPE } from '../../access/identity.ts';
import { requireMayManage, SCOPES_OF } from '../../access/roles.ts';
import type { ApiKeysTable } from '../../store/tables.ts';
import { administer, CHANGE_ERRORS } from '../administer.ts';
import { LIST_QUERY, pageOf, present } from '../list.ts';
import { route, type Context, type Route } from '../route.ts';
import { liveAgent } from './agents.ts';

/** API keys: shown once, kept as hashes. */

const admin = { access: 'admin', tag: 'access' } as const;

async function mintKey(context: Context<z.infer<typeof KeyBody>>) {
  const { services, body, app, identity } = context;
  const { name, role, agent_id, expires_at } = body;
  const scopes = role === undefined ? (body.scopes ?? []) : SCOPES_OF[role];
  requireMayManage(identity, { role: role ?? null, scopes }, 'such a key');
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
    keyEvent('api_key.minted', { key_id, name, prefix, scopes, role, agent_id }),
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
          role: role ?? null,
        },
      },
    ],
  );
  const named = { ...(role && { role }), ...(agent_id === undefined ? {} : { agent_id }) };
  return { key_id, key, prefix, name, scopes, ...named };
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

/** A key that may be changed: what holds for the whole installation only by its like. */
async function liveKey(context: Context, key_id: string): Promise<ApiKeysTable> {
  const { services, app, identity } = context;
  const [row] = await services.directory.rows('api_keys', { app: app.app, key_id });
  if (!row) {
    throw new AffidavitError('not_found', `there is no key ${key_id}`, { field: 'key_id' });
  }
  const scopes = JSON.parse(row.scopes) as string[];
  if (scopes.includes(INSTALLATION_SCOPE) && !identity.installation) {
    throw new AffidavitError('forbidden', 'only a key of the installation changes such a key');
  }
  const standing = { role: row.role as Role | null, scopes };
  if (key_id !== identity.key_id) requireMayManage(identity, standing, 'such a key');
  if (row.revoked_at === null || row.revoked_at > services.now()) return row;
  throw new AffidavitError('conflict', `key ${key_id} has been revoked`, { field: 'key_id' });
}

async function rotateKey(context: Context<z.infer<typeof KeyRotateBody>>) {
  const { services, body, app } = context;
  const old = await liveKey(context, context.params.key_id as string);
  const now = services.now();
  const revoked_at = Math.min(now + body.overlap_seconds * 1000, old.revoked_at ?? Infinity);
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

export const keyRoutes: readonly Route[] = [
  route({
    ...admin,
    method: 'POST',
    path: '/v1/keys',
    summary: 'Mint an API key; it is shown once',
    status: 201,
    body: KeyBody,
    errors: CHANGE_ERRORS,
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
    errors: CHANGE_ERRORS,
    handler: rotateKey,
  }),
  route({
    ...admin,
    method: 'DELETE',
    path: '/v1/keys/:key_id',
    summary: 'Revoke a key at once',
    errors: CHANGE_ERRORS,
    handler: revokeKey,
  }),
];
