import type { AuditRecord } from '../record.ts';

/** What an entry did to its object: both mappings ask for it. */
export type Activity = 'create' | 'read' | 'update' | 'delete' | 'start' | 'end' | 'other';

/** By the last part of the event type: the past verb. */
const VERBS: Readonly<Record<string, Activity>> = {
  added: 'create',
  created: 'create',
  connect_started: 'create',
  minted: 'create',
  opened: 'create',
  placed: 'create',
  registered: 'create',
  requested: 'create',
  called: 'read',
  export_completed: 'read',
  exported: 'read',
  read: 'read',
  retrieved: 'read',
  viewed: 'read',
  approved: 'update',
  changed: 'update',
  delegated: 'update',
  extended: 'update',
  paused: 'update',
  reauthenticated: 'update',
  refreshed: 'update',
  rejected: 'update',
  resumed: 'update',
  rollback_accepted: 'update',
  rotated: 'update',
  scope_drifted: 'update',
  updated: 'update',
  delegation_revoked: 'delete',
  deleted: 'delete',
  expired: 'delete',
  grant_revoked: 'delete',
  agent_removed: 'delete',
  released: 'delete',
  removed: 'delete',
  retired: 'delete',
  revoked: 'delete',
  swept: 'delete',
  sign_in_refused: 'start',
  signed_in: 'start',
  started: 'start',
  ended: 'end',
  signed_out: 'end',
};

/** By the HTTP method of a call, where there is one. */
const METHODS: Readonly<Record<string, Activity>> = {
  GET: 'read',
  HEAD: 'read',
  OPTIONS: 'read',
  POST: 'create',
  PUT: 'update',
  PATCH: 'update',
  DELETE: 'delete',
};

export const nounOf = (eventType: string): string => eventType.slice(0, eventType.indexOf('.'));

/** By the verb of the type; a call is what its method says. */
export function activityOf({ event_type, method, action_type }: AuditRecord): Activity {
  if (event_type === 'api.called' && method !== undefined) {
    const byMethod = METHODS[method.toUpperCase()];
    if (byMethod) return byMethod;
  }
  const verb = event_type.slice(event_type.lastIndexOf('.') + 1);
  const byVerb = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  return byVerb ?? (action_type === 'read' ? 'read' : 'other');
}
