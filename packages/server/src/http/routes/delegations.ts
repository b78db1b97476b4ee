import { DelegationBody } from '@affidavit/schema';

import {
  delegate,
  listDelegations,
  listGrantsOf,
  revokeDelegation,
} from '../../grants/delegations.ts';
import { CHANGE_ERRORS } from '../administer.ts';
import { LIST_QUERY } from '../list.ts';
import { route, type Route } from '../route.ts';

/** Which agents may use a grant. */

const admin = { access: 'admin', tag: 'vault' } as const;
const path = '/v1/grants/:grant_id/delegations';

export const delegationRoutes: readonly Route[] = [
  route({
    ...admin,
    method: 'GET',
    path,
    summary: 'List the agents that may use a grant',
    query: LIST_QUERY,
    errors: ['not_found'],
    handler: listDelegations,
  }),
  route({
    ...admin,
    method: 'POST',
    path,
    summary: 'Let one more agent use a grant',
    status: 201,
    body: DelegationBody,
    errors: CHANGE_ERRORS,
    handler: delegate,
  }),
  route({
    ...admin,
    method: 'DELETE',
    path: `${path}/:agent_id`,
    summary: 'Take a grant from one agent',
    errors: CHANGE_ERRORS,
    handler: revokeDelegation,
  }),
  route({
    ...admin,
    method: 'GET',
    path: '/v1/agents/:agent_id/grants',
    summary: 'List the grants that an agent may use',
    query: LIST_QUERY,
    errors: ['not_found'],
    handler: listGrantsOf,
  }),
];
