import { AffidavitError, CallerBody } from '@affidavit/schema';
import type { z } from 'zod';

import { administer, CHANGE_ERRORS } from '../administer.ts';
import { LIST_QUERY, pageOf, present } from '../list.ts';
import { route, type Context, type Route } from '../route.ts';

/** The registry of callers. */

const admin = { access: 'admin', tag: 'access' } as const;

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

export const callerRoutes: readonly Route[] = [
  route({
    ...admin,
    method: 'POST',
    path: '/v1/callers',
    summary: 'Register a caller',
    status: 201,
    body: CallerBody,
    errors: CHANGE_ERRORS,
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
    errors: CHANGE_ERRORS,
    handler: removeCaller,
  }),
];
