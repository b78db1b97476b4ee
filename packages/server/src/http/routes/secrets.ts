import { AffidavitError, SecretBody, SecretRotateBody, newId } from '@affidavit/schema';
import { secretPurpose } from '@affidavit/vault';
import type { z } from 'zod';

import type { SecretsTable } from '../../store/tables.ts';
import { administer, CHANGE_ERRORS } from '../administer.ts';
import { LIST_QUERY, pageOf, present } from '../list.ts';
import { missing } from '../refusals.ts';
import { route, type Context, type Route } from '../route.ts';

/** Managed secrets: stored sealed, never shown again. */

const admin = { access: 'admin', tag: 'vault' } as const;

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

export async function liveSecret(
  { services, app }: Context,
  secretId: string,
): Promise<SecretsTable> {
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

export const secretRoutes: readonly Route[] = [
  route({
    ...admin,
    method: 'POST',
    path: '/v1/secrets',
    summary: 'Store a secret; it is never shown again',
    status: 201,
    body: SecretBody,
    errors: CHANGE_ERRORS,
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
    errors: CHANGE_ERRORS,
    handler: rotateSecret,
  }),
  route({
    ...admin,
    method: 'DELETE',
    path: '/v1/secrets/:secret_id',
    summary: 'Revoke a secret and forget its value',
    errors: CHANGE_ERRORS,
    handler: revokeSecret,
  }),
];
