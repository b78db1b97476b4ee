import { sql, type Kysely } from 'kysely';

import { PRIMARY_KEYS, type Tables } from '../tables.ts';
import { MIGRATIONS } from './schema.ts';

const STEPS = MIGRATIONS.join('\n');

/** The triggers that keep rows as they were written, out of the statements that made them. */
const TRIGGERS = [...STEPS.matchAll(/CREATE TRIGGER (\w+)\s[^;]*? ON (\w+)/g)].map(
  ([, name = '', table = '']) => ({ name, table }),
);
/** Partitions of `parts` are guarded as it is. */
const GUARDED = [...new Set(TRIGGERS.map(({ table }) => table))];

/** The newest body of each function. */
function expectedFunctions(): Map<string, string> {
  const made = STEPS.matchAll(/CREATE (?:OR REPLACE )?FUNCTION (\w+)\(\)[^$]*\$\$([^$]*)\$\$/g);
  return new Map([...made].map(([, name = '', body = '']) => [name, body]));
}

interface TriggerRow {
  readonly table: string;
  readonly name: string;
  readonly enabled: string;
}

/** Where what guards the ledger against changes is missing, off, or not ours. */
export async function schemaTroubles(db: Kysely<Tables>): Promise<string[]> {
  return [
    ...(await tableTroubles(db)),
    ...(await triggerTroubles(db)),
    ...(await functionTroubles(db)),
    ...(await indexTroubles(db)),
  ];
}

async function tableTroubles(db: Kysely<Tables>): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    SELECT relname AS name FROM pg_catalog.pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')`.execute(db);
  const found = new Set(rows.map(({ name }) => name));
  return Object.keys(PRIMARY_KEYS)
    .filter((name) => !found.has(name))
    .map((name) => `the table ${name} is missing`);
}

async function triggerTroubles(db: Kysely<Tables>): Promise<string[]> {
  const { rows } = await sql<TriggerRow>`
    SELECT c.relname AS "table", t.tgname AS name, t.tgenabled AS enabled
    FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
    LEFT JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid
    LEFT JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
    WHERE c.relnamespace = current_schema()::regnamespace
      AND t.tgfoid IS DISTINCT FROM to_regproc('pg_catalog.citus_truncate_trigger')
      AND coalesce(p.relname, c.relname) IN (${sql.join(GUARDED)})`.execute(db);
  const partitions = await sql<{ name: string }>`
    SELECT c.relname AS name FROM pg_catalog.pg_inherits i
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'parts'::regclass`.execute(db);
  const tables = partitions.rows.map(({ name }) => name);
  const expected = new Set([
    ...TRIGGERS.map(({ table, name }) => `${table}.${name}`),
    ...tables.flatMap((name) => [`${name}.parts_guard`, `${name}.parts_truncate`]),
  ]);
  const found = new Map(rows.map((row) => [`${row.table}.${row.name}`, row.enabled]));
  const missing = [...expected].filter((name) => !found.has(name));
  const off = [...found].filter(([name, enabled]) => expected.has(name) && enabled !== 'A');
  const strange = [...found.keys()].filter((name) => !expected.has(name));
  return [
    ...missing.map((name) => `the trigger ${name} is missing`),
    ...off.map(([name]) => `the trigger ${name} is switched off`),
    ...strange.map((name) => `there is a trigger ${name} that is not ours`),
  ];
}

async function functionTroubles(db: Kysely<Tables>): Promise<string[]> {
  const { rows } = await sql<{ name: string; body: string }>`
    SELECT proname AS name, prosrc AS body FROM pg_catalog.pg_proc
    WHERE pronamespace = current_schema()::regnamespace`.execute(db);
  const found = new Map(rows.map(({ name, body }) => [name, body]));
  return [...expectedFunctions()].flatMap(([name, body]) =>
    found.get(name) === body ? [] : [`the function ${name} is missing or was changed`],
  );
}

async function indexTroubles(db: Kysely<Tables>): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    SELECT c.relname AS name FROM pg_catalog.pg_index x
    JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid
    WHERE c.relnamespace = current_schema()::regnamespace
      AND x.indisunique AND x.indisvalid`.execute(db);
  const found = new Set(rows.map(({ name }) => name));
  const expected = [...GUARDED.map((table) => `${table}_pkey`), 'entries_event_id'];
  return expected
    .filter((name) => !found.has(name))
    .map((name) => `the index ${name} is missing or not valid`);
}
