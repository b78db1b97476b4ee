import type { AuditRecord } from '../record.ts';
import { activityOf, nounOf, type Activity } from './activity.ts';

/**
 * Which class of OCSF 1.9.0 an entry is, and which activity of it (ocsf/ocsf-schema, `events/`):
 * API Activity for tool and credential use, Entity Management for changes of grants, policies and
 * keys, User Management for operators, Authentication for sign-in, Detection Finding for alarms.
 */

interface OcsfClass {
  readonly uid: number;
  readonly name: string;
  readonly category_uid: number;
  readonly category_name: string;
  /** Id and caption; 99 is Other, whose name is the event type. */
  readonly activities: Readonly<Partial<Record<Activity, readonly [id: number, name: string]>>>;
}

const CRUD = {
  create: [1, 'Create'],
  read: [2, 'Read'],
  update: [3, 'Update'],
  delete: [4, 'Delete'],
} as const;

export const OCSF_CLASSES = {
  api: {
    uid: 6003,
    name: 'API Activity',
    category_uid: 6,
    category_name: 'Application Activity',
    activities: CRUD,
  },
  entity: {
    uid: 3004,
    name: 'Entity Management',
    category_uid: 3,
    category_name: 'Identity & Access Management',
    activities: CRUD,
  },
  user: {
    uid: 3007,
    name: 'User Management',
    category_uid: 3,
    category_name: 'Identity & Access Management',
    activities: { create: [1, 'Create'], update: [2, 'Update'], delete: [3, 'Delete'] },
  },
  authentication: {
    uid: 3002,
    name: 'Authentication',
    category_uid: 3,
    category_name: 'Identity & Access Management',
    activities: { start: [1, 'Logon'], end: [2, 'Logoff'] },
  },
  finding: {
    uid: 2004,
    name: 'Detection Finding',
    category_uid: 2,
    category_name: 'Findings',
    activities: { create: [1, 'Create'], update: [2, 'Update'], delete: [3, 'Close'] },
  },
} as const satisfies Record<string, OcsfClass>;

export type OcsfClassName = keyof typeof OCSF_CLASSES;

/** Alarms, and what is one by itself: type, and what it does to its finding. */
const FINDINGS: Readonly<Record<string, Activity>> = {
  'monitor.raised': 'create',
  'monitor.updated': 'update',
  'monitor.resolved': 'delete',
  'witness.conflict': 'create',
  'token.reuse_detected': 'create',
  'grant.policy_violated': 'create',
};

const TYPES: Readonly<Record<string, OcsfClassName>> = {
  'token.revoked': 'entity',
  'token.expired': 'entity',
  'user.signed_in': 'authentication',
  'user.signed_out': 'authentication',
  'user.sign_in_refused': 'authentication',
  'session.started': 'authentication',
  'session.refused': 'authentication',
  'session.ended': 'authentication',
  'wallet.grant_revoked': 'entity',
  'wallet.agent_removed': 'entity',
};

const NOUNS: Readonly<Record<string, OcsfClassName>> = {
  secret: 'entity',
  operator: 'user',
  trail: 'api',
};

const CATEGORIES: Readonly<Record<AuditRecord['category'], OcsfClassName>> = {
  credential: 'api',
  grant: 'entity',
  api: 'api',
  admin: 'entity',
  end_user: 'api',
  action: 'api',
  system: 'entity',
};

const find = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

export interface Classified {
  readonly kind: OcsfClassName;
  readonly class: OcsfClass;
  readonly activity_id: number;
  readonly activity_name: string;
}

/** By the whole type, else by its noun, else by the category of the entry. */
export function classify(record: AuditRecord): Classified {
  const { event_type, category } = record;
  const finding = find(FINDINGS, event_type);
  const kind = finding
    ? 'finding'
    : (find(TYPES, event_type) ?? find(NOUNS, nounOf(event_type)) ?? CATEGORIES[category]);
  const found: OcsfClass = OCSF_CLASSES[kind];
  const [id, name] = found.activities[finding ?? activityOf(record)] ?? [99, event_type];
  return { kind, class: found, activity_id: id, activity_name: name };
}
