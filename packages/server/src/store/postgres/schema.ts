/**
 * The tables of `store/tables.ts` in PostgreSQL 14 and later. Changed only by adding a step to
 * `MIGRATIONS`.
 *
 * Text is compared byte by byte (collation "C"), as in SQLite: cursors go on where they were
 * whatever the locale of the database, and no update of the system's collations breaks an index.
 * What is committed to is `text`, never `jsonb`, which would reorder it.
 *
 * Every primary key and unique index of a table that grows contains `app`, so that Citus can
 * distribute by it. Tables that are looked up across apps (`apps`, `api_keys`, `installation`) are
 * small: they become reference tables there. `leases` and `processes` stay on the coordinator.
 *
 * `parts` is what a sweep removes. It is cut by ranges of `seq` (`parts.ts`): its key is (app,
 * seq, part), a partition key must be in the key, and `app` alone is what Citus distributes by, so
 * that `seq` is left. A hash of `seq` would spread what expires together over all partitions. Time
 * is no column of the key; but `seq` grows with time within an app, so that what an app must
 * forget is a prefix of it: whole partitions, dropped when every app is past them, and a piece of
 * one, deleted by its key. Every read names app and seq, and so touches one or two partitions.
 */
const TABLES = `
CREATE TABLE installation (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE apps (
  app integer PRIMARY KEY, app_id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, created_at bigint NOT NULL
);
CREATE TABLE signing_keys (
  app integer NOT NULL, from_size bigint NOT NULL, origin TEXT NOT NULL, verifier_key TEXT NOT NULL,
  public_key bytea NOT NULL, sealed_private_key TEXT NOT NULL, created_at bigint NOT NULL,
  PRIMARY KEY (app, from_size)
);
-- A few rows, each replaced at every commit: pages with room for the new version beside the old
-- one, and a vacuum that does not wait for a share of a small table.
CREATE TABLE heads (
  app integer PRIMARY KEY, size bigint NOT NULL, last_created_at bigint NOT NULL,
  last_leaf bytea NOT NULL, frontier bytea NOT NULL, checkpoint TEXT NOT NULL
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
  autovacuum_vacuum_cost_delay = 0);
CREATE TABLE entries (
  app integer NOT NULL, seq bigint NOT NULL, event_id TEXT NOT NULL, created_at bigint NOT NULL,
  header TEXT NOT NULL, leaf_hash bytea NOT NULL, fingerprint bytea,
  PRIMARY KEY (app, seq)
);
CREATE UNIQUE INDEX entries_event_id ON entries (app, event_id);
CREATE TABLE parts (
  app integer NOT NULL, seq bigint NOT NULL, part TEXT NOT NULL, salt bytea NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (app, seq, part)
) PARTITION BY RANGE (seq);
CREATE TABLE tiles (
  app integer NOT NULL, level integer NOT NULL, tile bigint NOT NULL, hashes bytea NOT NULL,
  root bytea NOT NULL,
  PRIMARY KEY (app, level, tile)
);
-- Hashes do not compress.
ALTER TABLE tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;
CREATE TABLE segments (
  app integer NOT NULL, first_seq bigint NOT NULL, end_seq bigint NOT NULL,
  segment bigint NOT NULL, ready integer NOT NULL,
  PRIMARY KEY (app, segment)
);
CREATE TABLE postings (
  app integer NOT NULL, segment bigint NOT NULL, first_term bigint NOT NULL, page bytea NOT NULL,
  PRIMARY KEY (app, segment, first_term)
);
ALTER TABLE postings ALTER COLUMN page SET STORAGE EXTERNAL;
CREATE TABLE facet_values (
  app integer NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (app, field, value)
);
CREATE TABLE api_keys (
  app integer NOT NULL, key_id TEXT NOT NULL, name TEXT NOT NULL, prefix TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL, agent_id TEXT, created_at bigint NOT NULL,
  expires_at bigint, revoked_at bigint,
  PRIMARY KEY (app, key_id)
);
CREATE TABLE agents (
  app integer NOT NULL, agent_id TEXT NOT NULL, name TEXT NOT NULL, parent_agent_id TEXT,
  created_at bigint NOT NULL, revoked_at bigint,
  PRIMARY KEY (app, agent_id)
);
CREATE TABLE callers (
  app integer NOT NULL, name TEXT NOT NULL, description TEXT, created_at bigint NOT NULL,
  PRIMARY KEY (app, name)
);
CREATE TABLE providers (
  app integer NOT NULL, provider_id TEXT NOT NULL, name TEXT NOT NULL, base_url TEXT NOT NULL,
  auth TEXT NOT NULL, timeout_ms bigint, created_at bigint NOT NULL, updated_at bigint NOT NULL,
  PRIMARY KEY (app, provider_id), UNIQUE (app, name)
);
CREATE TABLE secrets (
  app integer NOT NULL, secret_id TEXT NOT NULL, provider TEXT NOT NULL, name TEXT NOT NULL,
  sealed_value TEXT NOT NULL, created_at bigint NOT NULL, rotated_at bigint, revoked_at bigint,
  PRIMARY KEY (app, secret_id)
);
CREATE TABLE grants (
  app integer NOT NULL, grant_id TEXT NOT NULL, provider TEXT NOT NULL, provider_id TEXT NOT NULL,
  kind TEXT NOT NULL, secret_id TEXT NOT NULL, principal_type TEXT NOT NULL,
  principal_id TEXT NOT NULL, principal_email TEXT, agents TEXT NOT NULL, scopes TEXT NOT NULL,
  created_at bigint NOT NULL, updated_at bigint NOT NULL, expires_at bigint, revoked_at bigint,
  PRIMARY KEY (app, grant_id)
);
CREATE INDEX grants_provider ON grants (app, provider);
CREATE TABLE policies (
  app integer NOT NULL, policy_id TEXT NOT NULL, name TEXT NOT NULL, cedar TEXT NOT NULL,
  template TEXT, applies_to TEXT, created_at bigint NOT NULL, updated_at bigint NOT NULL,
  PRIMARY KEY (app, policy_id)
);
-- Rows that live for the length of a call: few at any time, many dead ones behind them.
CREATE TABLE open_intents (
  app integer NOT NULL, execution_id TEXT NOT NULL, event_id TEXT NOT NULL, process_id TEXT NOT NULL,
  intent TEXT NOT NULL, created_at bigint NOT NULL,
  PRIMARY KEY (app, execution_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_cost_delay = 0);
CREATE TABLE idempotency (
  app integer NOT NULL, key_id TEXT NOT NULL, idempotency_key TEXT NOT NULL,
  fingerprint bytea NOT NULL, status integer, sealed_answer TEXT, process_id TEXT NOT NULL,
  created_at bigint NOT NULL,
  PRIMARY KEY (app, key_id, idempotency_key)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX idempotency_age ON idempotency (app, created_at);
CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, expires_at bigint NOT NULL)
  WITH (fillfactor = 20);
CREATE TABLE processes (process_id TEXT PRIMARY KEY, seen_at bigint NOT NULL) WITH (fillfactor = 20);
`;

/**
 * What is written stays as it was written, whoever is connected. Row triggers, because Citus
 * takes no others on a distributed table, and one for TRUNCATE, which has no rows. They fire in
 * replicas' sessions too (ALWAYS). `affidavit.sweep` opens `parts` for removal alone.
 */
const GUARDS = `
CREATE FUNCTION affidavit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% of % is refused: the ledger is only added to', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE FUNCTION affidavit_sweep_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' OR current_setting('affidavit.sweep', true) IS DISTINCT FROM 'on' THEN
    RAISE EXCEPTION '% of % is refused: parts are removed by the sweep alone', TG_OP, TG_TABLE_NAME
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER entries_guard BEFORE UPDATE OR DELETE ON entries
  FOR EACH ROW EXECUTE FUNCTION affidavit_refuse();
CREATE TRIGGER entries_truncate BEFORE TRUNCATE ON entries
  FOR EACH STATEMENT EXECUTE FUNCTION affidavit_refuse();
CREATE TRIGGER tiles_guard BEFORE UPDATE OR DELETE ON tiles
  FOR EACH ROW EXECUTE FUNCTION affidavit_refuse();
CREATE TRIGGER tiles_truncate BEFORE TRUNCATE ON tiles
  FOR EACH STATEMENT EXECUTE FUNCTION affidavit_refuse();
CREATE TRIGGER parts_guard BEFORE UPDATE OR DELETE ON parts
  FOR EACH ROW EXECUTE FUNCTION affidavit_sweep_only();
CREATE TRIGGER parts_truncate BEFORE TRUNCATE ON parts
  FOR EACH STATEMENT EXECUTE FUNCTION affidavit_sweep_only();
CREATE TRIGGER heads_guard BEFORE DELETE ON heads
  FOR EACH ROW EXECUTE FUNCTION affidavit_refuse();
CREATE TRIGGER heads_back BEFORE UPDATE ON heads
  FOR EACH ROW WHEN (NEW.size < OLD.size OR NEW.app <> OLD.app)
  EXECUTE FUNCTION affidavit_refuse();
CREATE TRIGGER heads_truncate BEFORE TRUNCATE ON heads
  FOR EACH STATEMENT EXECUTE FUNCTION affidavit_refuse();
ALTER TABLE entries ENABLE ALWAYS TRIGGER entries_guard;
ALTER TABLE entries ENABLE ALWAYS TRIGGER entries_truncate;
ALTER TABLE tiles ENABLE ALWAYS TRIGGER tiles_guard;
ALTER TABLE tiles ENABLE ALWAYS TRIGGER tiles_truncate;
ALTER TABLE parts ENABLE ALWAYS TRIGGER parts_guard;
ALTER TABLE parts ENABLE ALWAYS TRIGGER parts_truncate;
ALTER TABLE heads ENABLE ALWAYS TRIGGER heads_guard;
ALTER TABLE heads ENABLE ALWAYS TRIGGER heads_back;
ALTER TABLE heads ENABLE ALWAYS TRIGGER heads_truncate;
`;

/** Keys that are replaced: when they stop signing, and how the next one came in. */
const KEY_ROTATION = `
ALTER TABLE signing_keys ADD COLUMN retires_at bigint, ADD COLUMN to_size bigint,
  ADD COLUMN change TEXT, ADD COLUMN change_checkpoint TEXT;
`;

/** What is kept how long, what is on hold, and what was removed. A year unless an app says else. */
const RETENTION = `
CREATE TABLE retention (
  app integer PRIMARY KEY, window_ms bigint, revision TEXT NOT NULL, updated_at bigint NOT NULL
);
INSERT INTO retention SELECT app, 31536000000, 'first', created_at FROM apps;
CREATE TABLE kept (
  app integer NOT NULL, event_id TEXT NOT NULL, until bigint NOT NULL,
  PRIMARY KEY (app, event_id)
);
CREATE TABLE holds (
  app integer NOT NULL, hold_id TEXT NOT NULL, reason TEXT NOT NULL, filter TEXT,
  placed_at bigint NOT NULL,
  PRIMARY KEY (app, hold_id)
);
CREATE TABLE held (
  app integer NOT NULL, event_id TEXT NOT NULL, hold_id TEXT NOT NULL,
  PRIMARY KEY (app, event_id, hold_id)
);
CREATE TABLE removals (
  app integer NOT NULL, first_seq bigint NOT NULL, end_seq bigint NOT NULL, part TEXT NOT NULL,
  event_id TEXT NOT NULL, index_pending integer NOT NULL,
  PRIMARY KEY (app, first_seq, part, event_id)
);
CREATE INDEX removals_pending ON removals (app, first_seq) WHERE index_pending = 1;
CREATE INDEX removals_event ON removals (app, event_id);
CREATE TRIGGER removals_guard BEFORE DELETE ON removals
  FOR EACH ROW EXECUTE FUNCTION affidavit_refuse();
CREATE TRIGGER removals_truncate BEFORE TRUNCATE ON removals
  FOR EACH STATEMENT EXECUTE FUNCTION affidavit_refuse();
ALTER TABLE removals ENABLE ALWAYS TRIGGER removals_guard;
ALTER TABLE removals ENABLE ALWAYS TRIGGER removals_truncate;
`;

/** Erasures: what was asked for, and how far it is. */
const ERASURES = `
CREATE TABLE erasures (
  app integer NOT NULL, erasure_id TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
  principal_digest TEXT, principal_id TEXT, event_ids TEXT, parts TEXT, requested_by TEXT,
  after_seq bigint NOT NULL, erased bigint NOT NULL, created_at bigint NOT NULL,
  touched_at bigint NOT NULL, ended_at bigint,
  PRIMARY KEY (app, erasure_id)
);
CREATE INDEX erasures_open ON erasures (app, erasure_id) WHERE ended_at IS NULL;
`;

/**
 * Partitions of `parts` are made by whoever writes, which need not be the owner of the tables: an
 * owner could also take the guards away. The function runs as the owner, finds nothing but in this
 * schema, and is for roles that were granted it.
 *
 * A partition is made apart and attached: that locks out neither readers nor writers. The settings
 * are for Citus (`citus.ts`), and mean nothing elsewhere.
 */
const MAKING_PARTS = `
DO $do$ BEGIN
EXECUTE format($create$
CREATE FUNCTION affidavit_make_parts(number bigint, entries bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = %I, pg_temp AS $$
DECLARE
  name text := 'parts_p' || number;
BEGIN
  PERFORM pg_advisory_xact_lock(1095125043, 0);
  IF EXISTS (SELECT 1 FROM pg_catalog.pg_class WHERE relname = name
    AND relnamespace = current_schema()::regnamespace) THEN RETURN; END IF;
  PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true),
    set_config('citus.enable_unsafe_triggers', 'on', true);
  EXECUTE format('CREATE TABLE %%I (LIKE parts INCLUDING STORAGE)', name);
  EXECUTE format('ALTER TABLE parts ATTACH PARTITION %%I FOR VALUES FROM (%%s) TO (%%s)',
    name, number * entries, (number + 1) * entries);
  EXECUTE format('ALTER TABLE %%I ENABLE ALWAYS TRIGGER parts_guard', name);
  EXECUTE format('CREATE TRIGGER parts_truncate BEFORE TRUNCATE ON %%I
    FOR EACH STATEMENT EXECUTE FUNCTION affidavit_sweep_only()', name);
  EXECUTE format('ALTER TABLE %%I ENABLE ALWAYS TRIGGER parts_truncate', name);
END $$
$create$, current_schema());
END $do$;
REVOKE EXECUTE ON FUNCTION affidavit_make_parts(bigint, bigint) FROM PUBLIC;
`;

/**
 * What was removed and still takes space; and how whoever does not own the tables drops a partition
 * that is empty and that every app is past. It locks out all others while it looks and drops.
 */
const UNFREED = `
ALTER TABLE retention ADD COLUMN unfreed TEXT;
DO $do$ BEGIN
EXECUTE format($create$
CREATE FUNCTION affidavit_drop_parts(number bigint, entries bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = %I, pg_temp AS $$
DECLARE
  name text := 'parts_p' || number;
  past bigint;
  filled boolean;
BEGIN
  PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
  LOCK TABLE parts IN ACCESS EXCLUSIVE MODE;
  SELECT min(size) INTO past FROM heads;
  IF number < 1 OR past IS NULL OR past < (number + 1) * entries THEN RETURN false; END IF;
  EXECUTE format('SELECT EXISTS (SELECT 1 FROM %%I)', name) INTO filled;
  IF filled THEN RETURN false; END IF;
  EXECUTE format('DROP TABLE %%I', name);
  RETURN true;
END $$
$create$, current_schema());
END $do$;
REVOKE EXECUTE ON FUNCTION affidavit_drop_parts(bigint, bigint) FROM PUBLIC;
`;

/** Which execution a kept answer tells of, so that it goes with it. */
const ANSWERED = `
ALTER TABLE idempotency ADD COLUMN execution_id TEXT;
CREATE INDEX idempotency_execution ON idempotency (execution_id) WHERE execution_id IS NOT NULL;
`;

const collated = (step: string) => step.replaceAll(/\bTEXT\b/g, 'text COLLATE "C"');

/** Whether anyone may read the ledger of an app. */
const PUBLIC_LEDGERS = `
ALTER TABLE apps ADD COLUMN ledger_public integer NOT NULL DEFAULT 0;
`;

const WITNESSES = `
CREATE TABLE witnesses (
  app integer NOT NULL, witness_id TEXT NOT NULL, name TEXT NOT NULL, url TEXT NOT NULL,
  vkey TEXT NOT NULL, created_at bigint NOT NULL,
  PRIMARY KEY (app, witness_id), UNIQUE (app, vkey)
);
CREATE TABLE witness_states (
  app integer NOT NULL, witness_id TEXT NOT NULL, cosigned_size bigint, answered_at bigint,
  error TEXT, conflict TEXT,
  PRIMARY KEY (app, witness_id)
) WITH (fillfactor = 20);
CREATE TABLE cosignatures (
  app integer NOT NULL, size bigint NOT NULL, witness_id TEXT NOT NULL, checkpoint TEXT NOT NULL,
  line TEXT NOT NULL,
  PRIMARY KEY (app, size, witness_id)
);
`;

/** Minted tokens, and which methods and paths the scopes of a provider open. */
const MINTED = `
CREATE TABLE tokens (
  app integer NOT NULL, token_id TEXT NOT NULL, hash TEXT NOT NULL, key_id TEXT NOT NULL,
  key_app bigint NOT NULL, agent_id TEXT, grant_id TEXT NOT NULL, provider TEXT NOT NULL, scopes TEXT NOT NULL, run_id TEXT,
  task_context TEXT, state TEXT NOT NULL, created_at bigint NOT NULL, expires_at bigint NOT NULL,
  ended_at bigint,
  PRIMARY KEY (app, token_id), UNIQUE (app, hash)
);
CREATE INDEX tokens_live ON tokens (app, expires_at) WHERE state = 'live';
CREATE INDEX tokens_ended ON tokens (app, ended_at) WHERE state <> 'live';
ALTER TABLE providers ADD COLUMN scope_map TEXT;
`;

/** What waits for a person, and how that ended. */
const APPROVALS = `
CREATE TABLE approvals (
  app integer NOT NULL, approval_id TEXT NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL,
  execution_id TEXT NOT NULL, event_id TEXT NOT NULL, key_id TEXT NOT NULL, agent_id TEXT,
  token_id TEXT, policy_id TEXT NOT NULL, sealed_request TEXT NOT NULL, sealed_decision TEXT, sealed_result TEXT,
  outcome TEXT, created_at bigint NOT NULL, expires_at bigint NOT NULL, decided_at bigint,
  ended_at bigint,
  PRIMARY KEY (app, approval_id)
);
CREATE INDEX approvals_execution ON approvals (app, execution_id);
CREATE INDEX approvals_open ON approvals (app, approval_id) WHERE ended_at IS NULL;
CREATE INDEX approvals_ended ON approvals (ended_at) WHERE ended_at IS NOT NULL;
`;

/** The people who may work with an app, and keys that were minted for a role. */
const OPERATORS = `
CREATE TABLE operators (
  app integer NOT NULL, operator_id TEXT NOT NULL, email TEXT, subject TEXT, name TEXT,
  role TEXT NOT NULL, created_at bigint NOT NULL, updated_at bigint NOT NULL,
  PRIMARY KEY (app, operator_id), UNIQUE (app, email), UNIQUE (app, subject)
);
ALTER TABLE api_keys ADD COLUMN role TEXT;
`;

/** Grants by OAuth: they have tokens instead of a secret. */
const OAUTH = `
ALTER TABLE providers ADD COLUMN sealed_client_secret TEXT;
ALTER TABLE grants ALTER COLUMN secret_id DROP NOT NULL;
ALTER TABLE grants ADD COLUMN needs_reauth_at bigint;
ALTER TABLE grants ADD COLUMN expired_at bigint;
CREATE TABLE oauth_tokens (
  app integer NOT NULL, grant_id TEXT NOT NULL, version bigint NOT NULL,
  sealed_access_token TEXT NOT NULL, sealed_refresh_token TEXT, scopes TEXT NOT NULL,
  subject TEXT,  obtained_at bigint NOT NULL, expires_at bigint, refresh_execution_id TEXT,
  refresh_until bigint, lost_execution_id TEXT, revoke_due_at bigint,
  revoke_attempts bigint NOT NULL,
  PRIMARY KEY (app, grant_id)
);
CREATE TABLE connects (
  app integer NOT NULL, connect_id TEXT NOT NULL, state_hash TEXT NOT NULL, status TEXT NOT NULL,
  provider TEXT NOT NULL, provider_id TEXT NOT NULL, grant_id TEXT,
  reauthenticates bigint NOT NULL, principal_type TEXT NOT NULL, principal_id TEXT NOT NULL,
  principal_email TEXT, agents TEXT NOT NULL, scopes TEXT NOT NULL, return_url TEXT,
  sealed_exchange TEXT NOT NULL, started_by TEXT NOT NULL, error TEXT, replayed bigint NOT NULL,
  created_at bigint NOT NULL, expires_at bigint NOT NULL, ended_at bigint,
  PRIMARY KEY (app, connect_id)
);
CREATE UNIQUE INDEX connects_state ON connects (app, state_hash);
`;

/** Places in the sliding windows of rates. */
const RATES = `
CREATE TABLE rate_slots (
  app integer NOT NULL, policy_id TEXT NOT NULL, counter TEXT NOT NULL, slot bigint NOT NULL,
  used_at bigint NOT NULL, free_at bigint NOT NULL,
  PRIMARY KEY (app, policy_id, counter, slot)
);
CREATE INDEX rate_slots_free ON rate_slots (free_at);
`;

/** Who says who people are. */
const IDENTITY_PROVIDERS = `
CREATE TABLE identity_providers (
  app integer NOT NULL, audience TEXT NOT NULL, issuer TEXT NOT NULL, client_id TEXT NOT NULL,
  sealed_client_secret TEXT, scopes TEXT NOT NULL, role_claim TEXT, roles TEXT, email_domains TEXT,
  principal_claim TEXT, created_at bigint NOT NULL, updated_at bigint NOT NULL,
  PRIMARY KEY (app, audience)
);
`;

/** What agents can do by name, and which of it was done under a key. */
const VERBS = `
CREATE TABLE verbs (
  app integer NOT NULL, verb TEXT NOT NULL, provider TEXT NOT NULL, definition TEXT NOT NULL,
  created_at bigint NOT NULL, updated_at bigint NOT NULL,
  PRIMARY KEY (app, verb)
);
CREATE TABLE action_keys (
  app integer NOT NULL, actor_id TEXT NOT NULL, verb TEXT NOT NULL, idempotency_key TEXT NOT NULL,
  fingerprint bytea NOT NULL, execution_id TEXT NOT NULL, sealed_result TEXT,
  erased bigint NOT NULL, created_at bigint NOT NULL,
  PRIMARY KEY (app, actor_id, verb, idempotency_key)
);
CREATE INDEX action_keys_age ON action_keys (app, created_at);
CREATE INDEX action_keys_execution ON action_keys (app, execution_id);
`;

/** What clients carry out themselves, and how long their word is waited for. */
const BEGUN = `
CREATE TABLE begun_actions (
  app integer NOT NULL, execution_id TEXT NOT NULL, actor_id TEXT NOT NULL, verb TEXT NOT NULL,
  idempotency_key TEXT, expires_at bigint NOT NULL,
  PRIMARY KEY (app, execution_id)
);
CREATE INDEX begun_actions_end ON begun_actions (expires_at);
`;

/** Where entries are delivered to, how far each is, and what it refused. */
const DESTINATIONS = `
CREATE TABLE destinations (
  app integer NOT NULL, destination_id TEXT NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL,
  config TEXT NOT NULL, sealed_config TEXT NOT NULL, filter TEXT NOT NULL, batch TEXT NOT NULL,
  paused bigint NOT NULL, paused_reason TEXT, created_at bigint NOT NULL, updated_at bigint NOT NULL,
  PRIMARY KEY (app, destination_id)
);
CREATE TABLE deliveries (
  app integer NOT NULL, destination_id TEXT NOT NULL, lane TEXT NOT NULL, first_seq bigint NOT NULL,
  next_seq bigint NOT NULL, end_seq bigint, delivered bigint NOT NULL, dead bigint NOT NULL,
  delivered_last_minute bigint NOT NULL, delivered_at bigint, error TEXT, error_at bigint,
  failures bigint NOT NULL, retry_at bigint, created_at bigint NOT NULL, ended_at bigint,
  PRIMARY KEY (app, destination_id, lane)
) WITH (fillfactor = 20);
CREATE TABLE dead_letters (
  app integer NOT NULL, dead_letter_id TEXT NOT NULL, destination_id TEXT NOT NULL,
  first_seq bigint NOT NULL, last_seq bigint NOT NULL, entries bigint NOT NULL, reason TEXT NOT NULL,
  created_at bigint NOT NULL,
  PRIMARY KEY (app, dead_letter_id)
);
CREATE INDEX dead_letters_of ON dead_letters (app, destination_id, dead_letter_id);
`;

/** What is watched for, how far each monitor is, and what it remembers. */
const MONITORS = `
CREATE TABLE monitors (
  app integer NOT NULL, monitor_id TEXT NOT NULL, rule TEXT NOT NULL, enabled bigint NOT NULL,
  made_at bigint NOT NULL, created_at bigint NOT NULL, updated_at bigint NOT NULL,
  PRIMARY KEY (app, monitor_id)
);
CREATE TABLE monitor_states (
  app integer NOT NULL, monitor_id TEXT NOT NULL, version bigint NOT NULL, looked_seq bigint NOT NULL,
  PRIMARY KEY (app, monitor_id)
);
CREATE TABLE monitor_groups (
  app integer NOT NULL, monitor_id TEXT NOT NULL, grp TEXT NOT NULL, state TEXT NOT NULL,
  alarm_id TEXT, raised_at bigint,
  PRIMARY KEY (app, monitor_id, grp)
);
`;

/** Who is signed in, and the links that lead there. */
const SESSIONS = `
CREATE TABLE sessions (
  app integer NOT NULL, session_id TEXT NOT NULL, kind TEXT NOT NULL, how TEXT NOT NULL,
  link_hash TEXT, hash TEXT, role TEXT, installation bigint NOT NULL, operator_id TEXT,
  subject TEXT, issuer TEXT, email TEXT, name TEXT, key_app bigint, key_id TEXT,
  principal_type TEXT, principal_id TEXT, created_at bigint NOT NULL, opened_at bigint,
  expires_at bigint NOT NULL, ended_at bigint,
  PRIMARY KEY (app, session_id), UNIQUE (app, hash), UNIQUE (app, link_hash)
);
CREATE INDEX sessions_age ON sessions (app, expires_at);
`;

/**
 * The two functions, so that Citus takes them. It calls the guard of a partition by another name on
 * the machine that has it, so that it must not be named: it fires always as that of `parts` does,
 * which PostgreSQL carries over. And a subquery that stands alone is asked as a query.
 */
const PARTS_ON_CITUS = `
DO $do$ BEGIN
EXECUTE format($create$
CREATE OR REPLACE FUNCTION affidavit_make_parts(number bigint, entries bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = %I, pg_temp AS $$
DECLARE
  name text := 'parts_p' || number;
BEGIN
  PERFORM pg_advisory_xact_lock(1095125043, 0);
  IF EXISTS (SELECT 1 FROM pg_catalog.pg_class WHERE relname = name
    AND relnamespace = current_schema()::regnamespace) THEN RETURN; END IF;
  PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true),
    set_config('citus.enable_unsafe_triggers', 'on', true);
  EXECUTE format('CREATE TABLE %%I (LIKE parts INCLUDING STORAGE)', name);
  EXECUTE format('ALTER TABLE parts ATTACH PARTITION %%I FOR VALUES FROM (%%s) TO (%%s)',
    name, number * entries, (number + 1) * entries);
  EXECUTE format('CREATE TRIGGER parts_truncate BEFORE TRUNCATE ON %%I
    FOR EACH STATEMENT EXECUTE FUNCTION affidavit_sweep_only()', name);
  EXECUTE format('ALTER TABLE %%I ENABLE ALWAYS TRIGGER parts_truncate', name);
END $$
$create$, current_schema());
EXECUTE format($create$
CREATE OR REPLACE FUNCTION affidavit_drop_parts(number bigint, entries bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = %I, pg_temp AS $$
DECLARE
  name text := 'parts_p' || number;
  past bigint;
  filled boolean;
BEGIN
  PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
  LOCK TABLE parts IN ACCESS EXCLUSIVE MODE;
  SELECT min(size) INTO past FROM heads;
  IF number < 1 OR past IS NULL OR past < (number + 1) * entries THEN RETURN false; END IF;
  EXECUTE format('SELECT true FROM %%I LIMIT 1', name) INTO filled;
  IF filled THEN RETURN false; END IF;
  EXECUTE format('DROP TABLE %%I', name);
  RETURN true;
END $$
$create$, current_schema());
END $do$;
`;

export const MIGRATIONS: readonly string[] = [
  collated(TABLES) + GUARDS,
  collated(KEY_ROTATION),
  PUBLIC_LEDGERS,
  collated(RETENTION),
  collated(ERASURES),
  MAKING_PARTS,
  collated(UNFREED),
  collated(WITNESSES),
  collated(ANSWERED),
  collated(MINTED),
  collated(APPROVALS),
  collated(OPERATORS),
  collated(OAUTH),
  collated(RATES),
  collated(IDENTITY_PROVIDERS),
  collated(VERBS),
  collated(BEGUN),
  collated(DESTINATIONS),
  collated(MONITORS),
  collated(SESSIONS),
  PARTS_ON_CITUS,
];
