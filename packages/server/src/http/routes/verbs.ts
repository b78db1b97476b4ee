import { VerbBody, VerbReplacement, type AuditEvent } from '@affidavit/schema';
import { checkVerb } from '@affidavit/vault';
import type { z } from 'zod';

import type { VerbsTable } from '../../store/tables.ts';
import { administer, CHANGE_ERRORS } from '../administer.ts';
import { LIST_QUERY, pageOf, present } from '../list.ts';
import { missing } from '../refusals.ts';
import { route, type Context, type Route } from '../route.ts';

/** Verbs: what agents can do by name, and under which rules. */

const tag = 'actions';
type Replacement = z.infer<typeof VerbReplacement>;

async function createVerb(context: Context<z.infer<typeof VerbBody>>) {
  const { verb, ...definition } = context.body;
  const now = context.services.now();
  const row = { ...(await verbRow(context, verb, definition)), created_at: now, updated_at: now };
  await administer(context, verbEvent('verb.created', row), [
    { op: 'insert', table: 'verbs', row: { ...row } },
  ]);
  return showVerb(row);
}

/** The row of a definition that works: its provider is there, its templates and schema are sound. */
async function verbRow({ services, app }: Context, verb: string, body: Replacement) {
  const { provider: name, app_id: _, ...definition } = body;
  const provider = await services.directory.provider(app.app, name);
  if (!provider) throw missing('provider', name);
  checkVerb({ ...definition, provider: name }, provider);
  return { app: app.app, verb, provider: name, definition: JSON.stringify(definition) };
}

function verbEvent(event_type: string, row: VerbsTable): AuditEvent {
  const { verb, provider, definition } = row;
  const { risk_level, ...args } = JSON.parse(definition) as Pick<AuditEvent, 'risk_level'> & object;
  return { event_type, verb, provider, ...(risk_level ? { risk_level } : {}), args };
}

function showVerb({ definition, ...row }: VerbsTable) {
  return present({ ...row, ...(JSON.parse(definition) as object) });
}

async function knownVerb({ services, app, params }: Context): Promise<VerbsTable> {
  const verb = params.verb as string;
  const [row] = await services.directory.rows('verbs', { app: app.app, verb });
  if (!row) throw missing('verb', verb);
  return row;
}

async function replaceVerb(context: Context<Replacement>) {
  const { services, app, body } = context;
  const old = await knownVerb(context);
  const { provider, definition } = await verbRow(context, old.verb, body);
  const set = { provider, definition, updated_at: services.now() };
  const row = { ...old, ...set };
  const where = { app: app.app, verb: old.verb, updated_at: old.updated_at };
  await administer(context, verbEvent('verb.updated', row), [
    { op: 'update', table: 'verbs', where, set },
  ]);
  return showVerb(row);
}

async function deleteVerb(context: Context) {
  const row = await knownVerb(context);
  const where = { app: context.app.app, verb: row.verb };
  await administer(context, verbEvent('verb.deleted', row), [
    { op: 'delete', table: 'verbs', where },
  ]);
  return { verb: row.verb };
}

export const verbRoutes: readonly Route[] = [
  route({
    access: 'admin',
    tag,
    method: 'POST',
    path: '/v1/verbs',
    summary: 'Define what agents can do by name',
    status: 201,
    body: VerbBody,
    errors: CHANGE_ERRORS,
    handler: createVerb,
  }),
  route({
    access: 'calls:execute',
    tag,
    method: 'GET',
    path: '/v1/verbs',
    summary: 'List verbs',
    query: LIST_QUERY,
    handler: async ({ services, app, query }) => {
      const rows = await services.directory.rows('verbs', { app: app.app }, 'verb');
      return pageOf(rows.map(showVerb), (row) => String(row.verb), query);
    },
  }),
  route({
    access: 'calls:execute',
    tag,
    method: 'GET',
    path: '/v1/verbs/:verb',
    summary: 'Show a verb',
    errors: ['not_found'],
    handler: async (context) => showVerb(await knownVerb(context)),
  }),
  route({
    access: 'admin',
    tag,
    method: 'PUT',
    path: '/v1/verbs/:verb',
    summary: 'Replace a verb',
    body: VerbReplacement,
    errors: CHANGE_ERRORS,
    handler: replaceVerb,
  }),
  route({
    access: 'admin',
    tag,
    method: 'DELETE',
    path: '/v1/verbs/:verb',
    summary: 'Delete a verb',
    errors: CHANGE_ERRORS,
    handler: deleteVerb,
  }),
];
