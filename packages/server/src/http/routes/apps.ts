import { AffidavitError, AppBody, newId } from '@affidavit/schema';
import type { z } from 'zod';

import { newSigningKey } from '../../sequence/signing-keys.ts';
import type { Effect } from '../../store/port.ts';
import { administer, CHANGE_ERRORS, requestFields } from '../administer.ts';
import { LIST_QUERY, pageOf, present } from '../list.ts';
import { route, type Context, type Route } from '../route.ts';

/** Apps: each has a ledger of its own. */

const admin = { access: 'admin', tag: 'access' } as const;

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

export const appRoutes: readonly Route[] = [
  route({
    ...admin,
    method: 'POST',
    path: '/v1/apps',
    summary: 'Make an app, with a ledger of its own',
    status: 201,
    body: AppBody,
    errors: CHANGE_ERRORS,
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
];
