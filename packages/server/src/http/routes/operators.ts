import { AffidavitError, newId, OperatorBody, OperatorPatch, type Role } from '@affidavit/schema';
import type { z } from 'zod';

import { requireMayManage, SCOPES_OF } from '../../access/roles.ts';
import type { Effect } from '../../store/port.ts';
import type { OperatorsTable } from '../../store/tables.ts';
import { administer, CHANGE_ERRORS } from '../administer.ts';
import { LIST_QUERY, pageOf, present } from '../list.ts';
import { missing } from '../refusals.ts';
import { route, type Context, type Route } from '../route.ts';

/** Operators: the people who may work with an app, and in which role. */

const admin = { access: 'admin', tag: 'access' } as const;

const standingOf = (role: Role) => ({ role, scopes: SCOPES_OF[role] });

async function addOperator(context: Context<z.infer<typeof OperatorBody>>) {
  const { services, app, body, identity } = context;
  const { role, email = null, subject = null, name = null } = body;
  requireMayManage(identity, standingOf(role), `making an ${role}`);
  const now = services.now();
  const operator_id = newId('operator');
  const row: OperatorsTable = {
    app: app.app,
    operator_id,
    email,
    subject,
    name,
    role,
    created_at: now,
    updated_at: now,
  };
  await administer(context, operatorEvent('operator.added', row), [
    { op: 'insert', table: 'operators', row: { ...row } },
  ]);
  return present(row);
}

function operatorEvent(event_type: string, row: OperatorsTable, before?: OperatorsTable) {
  const { operator_id, email, subject, name, role } = row;
  const known = Object.entries({ operator_id, email, subject, name, role });
  const was = before && before.role !== role ? { role_before: before.role } : {};
  const args = { ...Object.fromEntries(known.filter(([, value]) => value !== null)), ...was };
  return { event_type, args: args as Record<string, string> };
}

async function knownOperator({ services, app, params }: Context): Promise<OperatorsTable> {
  const operator_id = params.operator_id as string;
  const [row] = await services.directory.rows('operators', { app: app.app, operator_id });
  if (!row) throw missing('operator_id', operator_id);
  return row;
}

/**
 * That somebody else stays owner: touches the row of one, so that of two who go at once the second
 * is refused, whichever processes they ask.
 */
async function anotherOwner(
  { services, app }: Context,
  { operator_id }: OperatorsTable,
): Promise<Effect> {
  const owners = await services.directory.rows('operators', { app: app.app, role: 'owner' });
  const other = owners.find((one) => one.operator_id !== operator_id);
  if (!other) {
    throw new AffidavitError('conflict', 'the last owner stays', {
      field: 'role',
      advice: 'Make another operator an owner first.',
    });
  }
  const where = { app: app.app, operator_id: other.operator_id, role: 'owner' };
  return { op: 'update', table: 'operators', where, set: { role: 'owner' } };
}

/** The row as it was read: who changed it meanwhile wins. */
const asRead = ({ app, operator_id, role, updated_at }: OperatorsTable) => ({
  app,
  operator_id,
  role,
  updated_at,
});

async function updateOperator(context: Context<z.infer<typeof OperatorPatch>>) {
  const { services, body, identity } = context;
  const old = await knownOperator(context);
  const role = body.role ?? (old.role as Role);
  requireMayManage(identity, standingOf(old.role as Role), `changing an ${old.role}`);
  requireMayManage(identity, standingOf(role), `making an ${role}`);
  const leaves = old.role === 'owner' && role !== 'owner';
  // Always another time than before: it tells whether the row was changed since it was read.
  const updated_at = Math.max(services.now(), old.updated_at + 1);
  const set = { role, name: body.name ?? old.name, updated_at };
  const row = { ...old, ...set };
  await administer(context, operatorEvent('operator.updated', row, old), [
    ...(leaves ? [await anotherOwner(context, old)] : []),
    { op: 'update', table: 'operators', where: asRead(old), set },
  ]);
  return present(row);
}

async function removeOperator(context: Context) {
  const old = await knownOperator(context);
  const { operator_id } = old;
  requireMayManage(context.identity, standingOf(old.role as Role), `removing an ${old.role}`);
  await administer(context, operatorEvent('operator.removed', old), [
    ...(old.role === 'owner' ? [await anotherOwner(context, old)] : []),
    { op: 'delete', table: 'operators', where: asRead(old) },
  ]);
  return { operator_id };
}

export const operatorRoutes: readonly Route[] = [
  route({
    ...admin,
    method: 'POST',
    path: '/v1/operators',
    summary: 'Let a person work with the app, in a role',
    status: 201,
    body: OperatorBody,
    errors: CHANGE_ERRORS,
    handler: addOperator,
  }),
  route({
    ...admin,
    method: 'GET',
    path: '/v1/operators',
    summary: 'List operators',
    query: LIST_QUERY,
    handler: async ({ services, app, query }) => {
      const rows = await services.directory.rows('operators', { app: app.app }, 'operator_id');
      return pageOf(rows.map(present), (row) => String(row.operator_id), query);
    },
  }),
  route({
    ...admin,
    method: 'PATCH',
    path: '/v1/operators/:operator_id',
    summary: 'Give an operator another role or name',
    body: OperatorPatch,
    errors: CHANGE_ERRORS,
    handler: updateOperator,
  }),
  route({
    ...admin,
    method: 'DELETE',
    path: '/v1/operators/:operator_id',
    summary: 'Remove an operator; the last owner stays',
    errors: CHANGE_ERRORS,
    handler: removeOperator,
  }),
];
