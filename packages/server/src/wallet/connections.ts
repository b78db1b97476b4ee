import { AffidavitError } from '@affidavit/schema';

import { revokeDelegation } from '../grants/delegations.ts';
import { revokeGrant } from '../grants/end.ts';
import { statusOf } from '../grants/entry.ts';
import { lastUseOf } from '../grants/last-use.ts';
import { pageOf, present, readLimit } from '../http/list.ts';
import { missing } from '../http/refusals.ts';
import type { Context } from '../http/route.ts';
import type { GrantsTable } from '../store/tables.ts';
import { isTheirs, principalOf, recordView, theirs } from './principal.ts';

/** Connections of a person: the grants on their behalf, and how they end. */

const PAGE_MAX = 100;
export async function listConnections(context: Context) {
  const { services, app, query } = context;
  readLimit(query, PAGE_MAX);
  await recordView(context, 'connections', {});
  const where = { app: app.app, ...principalOf(context) };
  const rows = await services.directory.rows('grants', where, 'grant_id');
  const newest = [...rows].reverse();
  const page = pageOf(newest, ({ grant_id }) => grant_id, query);
  return { ...page, data: await Promise.all(page.data.map((row) => show(context, row))) };
}

async function show(context: Context, row: GrantsTable) {
  const { grant_id, provider, kind, scopes, created_at, revoked_at, expires_at } = row;
  const shown = present({
    grant_id,
    provider,
    kind,
    scopes: JSON.parse(scopes) as string[],
    agents: await agentsOf(context, row),
    status: statusOf(row, context.services.now()),
    created_at,
    revoked_at,
    expires_at,
  });
  return { ...shown, last_used_at: await lastUse(context, grant_id) };
}

async function agentsOf({ services, app }: Context, { agents }: GrantsTable) {
  const list = JSON.parse(agents) as string[] | '*';
  if (list === '*') return list;
  const named = list.map(async (agent_id) => {
    const agent = await services.directory.agent(app.app, agent_id);
    return { agent_id, name: agent?.name ?? agent_id };
  });
  return Promise.all(named);
}

/** Of this person alone. */
const lastUse = (context: Context, grant_id: string) =>
  lastUseOf(context, grant_id, (filter) => theirs(principalOf(context), filter));

/** A grant of this person. What is another's looks the same as what is not there. */
async function ownGrant(context: Context): Promise<GrantsTable> {
  const { services, app, params } = context;
  const grant_id = params.grant_id as string;
  const row = await services.directory.grantRow(app.app, grant_id);
  if (row && isTheirs(principalOf(context), row)) return row;
  throw missing('grant_id', grant_id);
}

export async function endConnection(context: Context) {
  const grant = await ownGrant(context);
  if (grant.revoked_at !== null) {
    throw new AffidavitError('conflict', 'the connection has ended already', {
      field: 'grant_id',
      advice: 'Nothing is left to do.',
    });
  }
  const { row, ...about } = await revokeGrant(context, grant);
  return { ...(await show(context, row)), ...about };
}

export async function removeAgent(context: Context) {
  const grant = await ownGrant(context);
  if (grant.agents === '"*"') {
    throw new AffidavitError(
      'conflict',
      'every agent may use the connection: none can be taken off',
      {
        field: 'agent_id',
        advice: 'End the whole connection, or ask those who run the app to name its agents.',
      },
    );
  }
  return revokeDelegation(context);
}
