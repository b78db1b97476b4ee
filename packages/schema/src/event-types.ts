/** The event types Affidavit itself writes, and how any event type finds its category. */

export const CATEGORIES = [
  'credential',
  'grant',
  'api',
  'admin',
  'end_user',
  'action',
  'system',
] as const;
export type Category = (typeof CATEGORIES)[number];

/** `noun.past_verb`; further dotted parts are allowed for clients' own types. */
export const EVENT_TYPE_PATTERN = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/;
export const EVENT_TYPE_MAX_LENGTH = 64;

export const EVENT_TYPES = {
  'credential.retrieved': 'credential',
  'credential.denied': 'credential',
  'token.minted': 'credential',
  'token.denied': 'credential',
  'token.revoked': 'credential',
  'token.expired': 'credential',
  'token.refresh_started': 'credential',
  'token.exchanged': 'credential',
  'token.refreshed': 'credential',
  'token.reuse_detected': 'credential',
  'secret.created': 'credential',
  'secret.rotated': 'credential',
  'secret.revoked': 'credential',
  'grant.created': 'grant',
  'grant.updated': 'grant',
  'grant.reauthenticated': 'grant',
  'grant.expired': 'grant',
  'grant.revoked': 'grant',
  'grant.deleted': 'grant',
  'grant.scope_drifted': 'grant',
  'grant.policy_violated': 'grant',
  'grant.connect_started': 'grant',
  'grant.connect_failed': 'grant',
  'grant.delegated': 'grant',
  'grant.delegation_revoked': 'grant',
  'api.called': 'api',
  'app.created': 'admin',
  'app.updated': 'admin',
  'agent.created': 'admin',
  'agent.updated': 'admin',
  'agent.revoked': 'admin',
  'api_key.minted': 'admin',
  'api_key.rotated': 'admin',
  'api_key.revoked': 'admin',
  'caller.registered': 'admin',
  'caller.updated': 'admin',
  'caller.removed': 'admin',
  'provider.created': 'admin',
  'provider.updated': 'admin',
  'provider.deleted': 'admin',
  'verb.created': 'admin',
  'verb.updated': 'admin',
  'verb.deleted': 'admin',
  'policy.created': 'admin',
  'policy.updated': 'admin',
  'policy.deleted': 'admin',
  'master_key.rotated': 'admin',
  'signing_key.rotated': 'admin',
  'signing_key.retired': 'admin',
  'identity_provider.created': 'admin',
  'identity_provider.updated': 'admin',
  'identity_provider.deleted': 'admin',
  'operator.added': 'admin',
  'operator.updated': 'admin',
  'operator.removed': 'admin',
  'retention.updated': 'admin',
  'retention.extended': 'admin',
  'retention.swept': 'admin',
  'hold.placed': 'admin',
  'hold.released': 'admin',
  'erasure.requested': 'admin',
  'erasure.executed': 'admin',
  'erasure.refused': 'admin',
  'erasure.stopped': 'admin',
  'destination.created': 'admin',
  'destination.updated': 'admin',
  'destination.deleted': 'admin',
  'destination.tested': 'admin',
  'destination.paused': 'admin',
  'destination.resumed': 'admin',
  'destination.replayed': 'admin',
  'destination.dead_lettered': 'admin',
  'monitor.created': 'admin',
  'monitor.changed': 'admin',
  'monitor.deleted': 'admin',
  'monitor.raised': 'system',
  'monitor.updated': 'system',
  'monitor.resolved': 'system',
  'witness.added': 'admin',
  'witness.removed': 'admin',
  'trail.read': 'admin',
  'trail.exported': 'admin',
  'trail.export_completed': 'admin',
  'user.signed_in': 'end_user',
  'user.signed_out': 'end_user',
  'wallet.viewed': 'end_user',
  'wallet.grant_revoked': 'end_user',
  'action.started': 'action',
  'action.executed': 'action',
  'action.blocked': 'action',
  'approval.requested': 'action',
  'approval.approved': 'action',
  'approval.rejected': 'action',
  'approval.expired': 'action',
  'approval.refused': 'action',
  'ledger.opened': 'system',
  'ledger.rollback_accepted': 'system',
  'witness.conflict': 'system',
} as const satisfies Record<string, Category>;

export type EventType = keyof typeof EVENT_TYPES;

/** Nouns of types that clients bring; a noun nobody knows is something an agent did. */
const NOUN_CATEGORIES: Readonly<Record<string, Category>> = {
  credential: 'credential',
  token: 'credential',
  secret: 'credential',
  grant: 'grant',
  connection: 'grant',
  api: 'api',
  http: 'api',
  app: 'admin',
  agent: 'admin',
  api_key: 'admin',
  signing_key: 'admin',
  key: 'admin',
  caller: 'admin',
  provider: 'admin',
  policy: 'admin',
  verb: 'admin',
  operator: 'admin',
  identity_provider: 'admin',
  admin: 'admin',
  retention: 'admin',
  hold: 'admin',
  erasure: 'admin',
  destination: 'admin',
  monitor: 'admin',
  trail: 'admin',
  user: 'end_user',
  wallet: 'end_user',
  end_user: 'end_user',
  system: 'system',
  ledger: 'system',
  witness: 'system',
};

/** The category an event type fixes by itself, or undefined when the client may choose. */
export function fixedCategory(eventType: string): Category | undefined {
  return lookUp(EVENT_TYPES, eventType);
}

/** The category of any event type: the catalogue's, else the noun's, else `action`. */
export function categoryOf(eventType: string): Category {
  const noun = eventType.slice(0, eventType.indexOf('.'));
  return fixedCategory(eventType) ?? lookUp(NOUN_CATEGORIES, noun) ?? 'action';
}

/** Only what the table itself has: a client may name a type `constructor.called`. */
function lookUp(table: Readonly<Record<string, Category>>, name: string): Category | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
