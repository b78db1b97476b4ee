import { LedgerError, parseVerifierKey } from '@affidavit/ledger';
import { sql, type Kysely } from 'kysely';

import { PRIMARY_KEYS, type SigningKeysTable, type Tables } from '../store/tables.ts';

/** Of one kind of trouble no more is told. */
const TOLD_MAX = 20;

/** A trouble of the state, with the app that it is of. */
export interface StateTrouble {
  readonly app: number;
  readonly what: string;
}

type Reference = readonly [table: keyof Tables, column: string, to: keyof Tables, key: string];

/** Columns that name a row of another table of the same app. */
const REFERENCES: readonly Reference[] = [
  ['open_intents', 'event_id', 'entries', 'event_id'],
  ['approvals', 'event_id', 'entries', 'event_id'],
  ['removals', 'event_id', 'entries', 'event_id'],
  ['begun_actions', 'execution_id', 'open_intents', 'execution_id'],
  ['kept', 'event_id', 'entries', 'event_id'],
  ['held', 'event_id', 'entries', 'event_id'],
  ['held', 'hold_id', 'holds', 'hold_id'],
  ['api_keys', 'agent_id', 'agents', 'agent_id'],
  ['grants', 'secret_id', 'secrets', 'secret_id'],
  ['deliveries', 'destination_id', 'destinations', 'destination_id'],
  ['dead_letters', 'destination_id', 'destinations', 'destination_id'],
  ['oauth_tokens', 'grant_id', 'grants', 'grant_id'],
  ['monitor_states', 'monitor_id', 'monitors', 'monitor_id'],
  ['monitor_groups', 'monitor_id', 'monitors', 'monitor_id'],
];

/** Columns that hold JSON. */
const JSON_COLUMNS: readonly (readonly [table: keyof Tables, column: string])[] = [
  ['api_keys', 'scopes'],
  ['grants', 'scopes'],
  ['oauth_tokens', 'scopes'],
  ['connects', 'scopes'],
  ['connects', 'started_by'],
  ['providers', 'auth'],
  ['open_intents', 'intent'],
  ['destinations', 'config'],
  ['destinations', 'filter'],
  ['destinations', 'batch'],
  ['verbs', 'definition'],
  ['monitors', 'rule'],
  ['monitor_groups', 'state'],
  ['tokens', 'scopes'],
  ['identity_providers', 'scopes'],
];

/** What stands beside the ledger and does not fit it, or itself. */
export async function checkState(db: Kysely<Tables>): Promise<StateTrouble[]> {
  const found: StateTrouble[] = [...(await strayApps(db)), ...(await keyTroubles(db))];
  for (const reference of REFERENCES) found.push(...(await dangling(db, reference)));
  for (const [table, column] of JSON_COLUMNS) found.push(...(await notJson(db, table, column)));
  return found;
}

/** Rows of apps that there are not. */
async function strayApps(db: Kysely<Tables>): Promise<StateTrouble[]> {
  const apps = new Set((await db.selectFrom('apps').select('app').execute()).map(({ app }) => app));
  const stray: StateTrouble[] = [];
  for (const [table, [first]] of Object.entries(PRIMARY_KEYS)) {
    if (first !== 'app' || table === 'apps') continue;
    for (const app of await appsIn(db, table)) {
      if (!apps.has(app))
        stray.push({ app, what: `${table} has rows of an app that there is not` });
    }
  }
  return stray;
}

/** Of the integers that a column of PostgreSQL can hold. */
const LOWEST = -(2 ** 31);

/** One look-up for each app, however many rows it has. */
async function appsIn(db: Kysely<Tables>, table: string): Promise<number[]> {
  const apps: number[] = [];
  for (;;) {
    const after = apps.at(-1) ?? LOWEST;
    const { rows } = await sql<{ app: number | null }>`
      SELECT min(app) AS app FROM ${sql.table(table)} WHERE app > ${after}`.execute(db);
    const app = rows[0]?.app ?? null;
    if (app === null) return apps;
    apps.push(app);
  }
}

/** A join and no subquery, which Citus refuses where the first of the tables is on every machine. */
async function dangling(
  db: Kysely<Tables>,
  [table, column, to, key]: Reference,
): Promise<StateTrouble[]> {
  const { rows } = await sql<{ app: number; name: string }>`
    SELECT t.app, t.${sql.ref(column)} AS name FROM ${sql.table(table)} t
    LEFT JOIN ${sql.table(to)} o ON o.app = t.app AND o.${sql.ref(key)} = t.${sql.ref(column)}
    WHERE t.${sql.ref(column)} IS NOT NULL AND o.app IS NULL
    LIMIT ${sql.lit(TOLD_MAX)}`.execute(db);
  return rows.map(({ app, name }) => ({
    app,
    what: `${table} names ${name}, which ${to} has not`,
  }));
}

async function notJson(
  db: Kysely<Tables>,
  table: keyof Tables,
  column: string,
): Promise<StateTrouble[]> {
  const { rows } = await sql<{ app: number; text: string }>`
    SELECT app, ${sql.ref(column)} AS text FROM ${sql.table(table)}`.execute(db);
  return rows
    .filter(({ text }) => !isJson(text))
    .slice(0, TOLD_MAX)
    .map(({ app }) => ({ app, what: `a row of ${table} has ${column} that is not JSON` }));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

async function keyTroubles(db: Kysely<Tables>): Promise<StateTrouble[]> {
  const keys = await db.selectFrom('signing_keys').selectAll().execute();
  const owners = new Map(keys.map(({ origin, app }) => [origin, app]));
  return keys.flatMap((key) => {
    const what = keyTrouble(key) ?? (owners.get(key.origin) === key.app ? null : SHARED);
    return what === null ? [] : [{ app: key.app, what }];
  });
}

const SHARED = 'its ledger has the origin of another one';

function keyTrouble(key: SigningKeysTable): string | null {
  const about = `its signing key from size ${key.from_size}`;
  try {
    const { name, publicKey } = parseVerifierKey(key.verifier_key);
    if (name !== key.origin) return `${about} has another origin than its verifier key`;
    if (Buffer.compare(publicKey, key.public_key) !== 0) return `${about} has another public key`;
  } catch (error) {
    if (!(error instanceof LedgerError || error instanceof TypeError)) throw error;
    return `${about} has a verifier key that is none`;
  }
  const hasEnded = key.to_size !== null;
  const isSealed = key.sealed_private_key !== '';
  return hasEnded === isSealed ? `${about} is destroyed and signs, or has ended and is not` : null;
}
