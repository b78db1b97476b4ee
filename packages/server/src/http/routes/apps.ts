import { AffidavitError, AppBody, AppPatch, newId } from '@affidavit/schema';
import type { z } from 'zod';

import type { AppRow } from '../../access/directory.ts';
import { newRetention } from '../../retain/decision.ts';
import { newSigningKey } from '../../sequence/signing-keys.ts';
import type { Effect } from '../../store/port.ts';
import { administer, CHANGE_ERRORS, requestFields } from '../administer.ts';
import { LIST_QUERY, pageOf, present } from '../list.ts';
import { route, type Context, type Route } from '../route.ts';

/** Apps: each has a ledger of its own. */

const admin = { access: 'admin', tag: 'access' } as const;

/** Apps that may be made at once, so that each still finds a number of its own. */
const ATTEMPTS_MAX = 100;

async function createApp(context: Context<z.infer<typeof AppBody>>) {
  const { services, body } = context;
  if (!context.identity.installation) {
    throw new AffidavitError('forbidden', 'only a key of the installation makes apps');
  }
  const app_id = newId('app');
  const origin = `${services.config.origin}/${app_id}`;
  const app = await numberApp(context, { app_id, name: body.name, origin });
  const opened = { event_type: 'ledger.opened', ...requestFields(context) };
  await services.trail.record({ app, app_id, events: [opened] });
  return { app_id, name: body.name, origin };
}

interface NewApp {
  readonly app_id: string;
  readonly name: string;
  readonly origin: string;
}

/** Takes the next number, and where another app was faster, the one after. */
async function numberApp(context: Context, made: NewApp): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const known = await context.services.directory.apps();
    const app = Math.max(...known.map((row) => row.app)) + 1;
    try {
      await insertApp(context, app, made);
      return app;
    } catch (error) {
      const taken = error instanceof AffidavitError && error.code === 'conflict';
      if (!taken || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}

async function insertApp(context: Context, app: number, { app_id, name, origin }: NewApp) {
  const { keyring, now } = context.services;
  const created_at = now();
  const effects: Effect[] = [
    { op: 'insert', table: 'apps', row: { app, app_id, name, created_at } },
    newRetention(app, created_at),
    {
      op: 'insert',
      table: 'signing_keys',
      row: newSigningKey(keyring, app, origin, created_at),
    },
  ];
  await administer(context, { event_type: 'app.created', args: { app_id, name } }, effects);
}

async function updateApp(context: Context<z.infer<typeof AppPatch>>) {
  const { services, body, app } = context;
  const { name, ledger_public } = body;
  const named = name === undefined ? {} : { name };
  const opened = ledger_public === undefined ? {} : { ledger_public };
  const set = {
    ...named,
    ...(ledger_public === undefined ? {} : { ledger_public: +ledger_public }),
  };
  await administer(
    context,
    { event_type: 'app.updated', args: { app_id: app.app_id, ...named, ...opened } },
    [{ op: 'update', table: 'apps', where: { app: app.app }, set }],
  );
  return showApp((await services.directory.appByNumber(app.app)) as AppRow);
}

function showApp(row: AppRow) {
  return { ...present(row), app_id: row.app_id, ledger_public: row.ledger_public === 1 };
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
      return pageOf(seen.map(showApp), (row) => row.app_id, query);
    },
  }),
  route({
    ...admin,
    method: 'PATCH',
    path: '/v1/apps/:app_id',
    summary: 'Rename an app, or open or close its ledger to the public',
    body: AppPatch,
    errors: CHANGE_ERRORS,
    handler: updateApp,
  }),
];
