/** The tables of `store/tables.ts` in SQLite. Changed only by adding a step to `MIGRATIONS`. */
const FIRST = `
CREATE TABLE installation (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE apps (
  app INTEGER PRIMARY KEY, app_id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE signing_keys (
  app INTEGER NOT NULL, from_size INTEGER NOT NULL, origin TEXT NOT NULL, verifier_key TEXT NOT NULL,
  public_key BLOB NOT NULL, sealed_private_key TEXT NOT NULL, created_at INTEGER NOT NULL,
  PRIMARY KEY (app, from_size)
) STRICT, WITHOUT ROWID;
CREATE TABLE heads (
  app INTEGER PRIMARY KEY, size INTEGER NOT NULL, last_created_at INTEGER NOT NULL,
  last_leaf BLOB NOT NULL, frontier BLOB NOT NULL, checkpoint TEXT NOT NULL
) STRICT;
CREATE TABLE entries (
  app INTEGER NOT NULL, seq INTEGER NOT NULL, event_id TEXT NOT NULL, created_at INTEGER NOT NULL,
  header TEXT NOT NULL, leaf_hash BLOB NOT NULL, fingerprint BLOB,
  PRIMARY KEY (app, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX entries_event_id ON entries (app, event_id);
CREATE TABLE parts (
  app INTEGER NOT NULL, seq INTEGER NOT NULL, part TEXT NOT NULL, salt BLOB NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (app, seq, part)
) STRICT, WITHOUT ROWID;
CREATE TABLE tiles (
  app INTEGER NOT NULL, level INTEGER NOT NULL, tile INTEGER NOT NULL, hashes BLOB NOT NULL,
  root BLOB NOT NULL,
  PRIMARY KEY (app, level, tile)
) STRICT, WITHOUT ROWID;
CREATE TABLE segments (
  app INTEGER NOT NULL, first_seq INTEGER NOT NULL, end_seq INTEGER NOT NULL,
  segment INTEGER NOT NULL, ready INTEGER NOT NULL,
  PRIMARY KEY (app, segment)
) STRICT, WITHOUT ROWID;
CREATE TABLE postings (
  app INTEGER NOT NULL, segment INTEGER NOT NULL, first_term INTEGER NOT NULL, page BLOB NOT NULL,
  PRIMARY KEY (app, segment, first_term)
) STRICT, WITHOUT ROWID;
CREATE TABLE facet_values (
  app INTEGER NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (app, field, value)
) STRICT, WITHOUT ROWID;
CREATE TABLE api_keys (
  app INTEGER NOT NULL, key_id TEXT NOT NULL, name TEXT NOT NULL, prefix TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL, agent_id TEXT, created_at INTEGER NOT NULL,
  expires_at INTEGER, revoked_at INTEGER,
  PRIMARY KEY (app, key_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE agents (
  app INTEGER NOT NULL, agent_id TEXT NOT NULL, name TEXT NOT NULL, parent_agent_id TEXT,
  created_at INTEGER NOT NULL, revoked_at INTEGER,
  PRIMARY KEY (app, agent_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE callers (
  app INTEGER NOT NULL, name TEXT NOT NULL, description TEXT, created_at INTEGER NOT NULL,
  PRIMARY KEY (app, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE providers (
  app INTEGER NOT NULL, provider_id TEXT NOT NULL, name TEXT NOT NULL, base_url TEXT NOT NULL,
  auth TEXT NOT NULL, timeout_ms INTEGER, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  PRIMARY KEY (app, provider_id), UNIQUE (app, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE secrets (
  app INTEGER NOT NULL, secret_id TEXT NOT NULL, provider TEXT NOT NULL, name TEXT NOT NULL,
  sealed_value TEXT NOT NULL, created_at INTEGER NOT NULL, rotated_at INTEGER, revoked_at INTEGER,
  PRIMARY KEY (app, secret_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE grants (
  app INTEGER NOT NULL, grant_id TEXT NOT NULL, provider TEXT NOT NULL, provider_id TEXT NOT NULL,
  kind TEXT NOT NULL, secret_id TEXT NOT NULL, principal_type TEXT NOT NULL,
  principal_id TEXT NOT NULL, principal_email TEXT, agents TEXT NOT NULL, scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, expires_at INTEGER, revoked_at INTEGER,
  PRIMARY KEY (app, grant_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_provider ON grants (app, provider);
CREATE TABLE policies (
  app INTEGER NOT NULL, policy_id TEXT NOT NULL, name TEXT NOT NULL, cedar TEXT NOT NULL,
  template TEXT, applies_to TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  PRIMARY KEY (app, policy_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE open_intents (
  app INTEGER NOT NULL, execution_id TEXT NOT NULL, event_id TEXT NOT NULL, process_id TEXT NOT NULL,
  intent TEXT NOT NULL, created_at INTEGER NOT NULL,
  PRIMARY KEY (app, execution_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE idempotency (
  app INTEGER NOT NULL, key_id TEXT NOT NULL, idempotency_key TEXT NOT NULL,
  fingerprint BLOB NOT NULL, status INTEGER, sealed_answer TEXT, process_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (app, key_id, idempotency_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_age ON idempotency (app, created_at);
`;

/** Keys that are replaced: when they stop signing, and how the next one came in. */
const KEY_ROTATION = `
ALTER TABLE signing_keys ADD COLUMN retires_at INTEGER;
ALTER TABLE signing_keys ADD COLUMN to_size INTEGER;
ALTER TABLE signing_keys ADD COLUMN change TEXT;
ALTER TABLE signing_keys ADD COLUMN change_checkpoint TEXT;
`;

/** Whether anyone may read the ledger of an app. */
const PUBLIC_LEDGERS = `
ALTER TABLE apps ADD COLUMN ledger_public INTEGER NOT NULL DEFAULT 0;
`;

/** What is kept how long, what is on hold, and what was removed. A year unless an app says else. */
const RETENTION = `
CREATE TABLE retention (
  app INTEGER PRIMARY KEY, window_ms INTEGER, revision TEXT NOT NULL, updated_at INTEGER NOT NULL
) STRICT;
INSERT INTO retention SELECT app, 31536000000, 'first', created_at FROM apps;
CREATE TABLE kept (
  app INTEGER NOT NULL, event_id TEXT NOT NULL, until INTEGER NOT NULL,
  PRIMARY KEY (app, event_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE holds (
  app INTEGER NOT NULL, hold_id TEXT NOT NULL, reason TEXT NOT NULL, filter TEXT,
  placed_at INTEGER NOT NULL,
  PRIMARY KEY (app, hold_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE held (
  app INTEGER NOT NULL, event_id TEXT NOT NULL, hold_id TEXT NOT NULL,
  PRIMARY KEY (app, event_id, hold_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE removals (
  app INTEGER NOT NULL, first_seq INTEGER NOT NULL, end_seq INTEGER NOT NULL, part TEXT NOT NULL,
  event_id TEXT NOT NULL, index_pending INTEGER NOT NULL,
  PRIMARY KEY (app, first_seq, part, event_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX removals_pending ON removals (app, first_seq) WHERE index_pending = 1;
CREATE INDEX removals_event ON removals (app, event_id);
`;

/** Erasures: what was asked for, and how far it is. */
const ERASURES = `
CREATE TABLE erasures (
  app INTEGER NOT NULL, erasure_id TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
  principal_digest TEXT, principal_id TEXT, event_ids TEXT, parts TEXT, requested_by TEXT,
  after_seq INTEGER NOT NULL, erased INTEGER NOT NULL, created_at INTEGER NOT NULL,
  touched_at INTEGER NOT NULL, ended_at INTEGER,
  PRIMARY KEY (app, erasure_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX erasures_open ON erasures (app, erasure_id) WHERE ended_at IS NULL;
`;

/** What was removed and still takes space. */
const UNFREED = `
ALTER TABLE retention ADD COLUMN unfreed TEXT;
`;

const WITNESSES = `
CREATE TABLE witnesses (
  app INTEGER NOT NULL, witness_id TEXT NOT NULL, name TEXT NOT NULL, url TEXT NOT NULL,
  vkey TEXT NOT NULL, created_at INTEGER NOT NULL,
  PRIMARY KEY (app, witness_id), UNIQUE (app, vkey)
) STRICT, WITHOUT ROWID;
CREATE TABLE witness_states (
  app INTEGER NOT NULL, witness_id TEXT NOT NULL, cosigned_size INTEGER, answered_at INTEGER,
  error TEXT, conflict TEXT,
  PRIMARY KEY (app, witness_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE cosignatures (
  app INTEGER NOT NULL, size INTEGER NOT NULL, witness_id TEXT NOT NULL, checkpoint TEXT NOT NULL,
  line TEXT NOT NULL,
  PRIMARY KEY (app, size, witness_id)
) STRICT, WITHOUT ROWID;
`;

/** Which execution a kept answer tells of, so that it goes with it. */
const ANSWERED = `
ALTER TABLE idempotency ADD COLUMN execution_id TEXT;
CREATE INDEX idempotency_execution ON idempotency (execution_id) WHERE execution_id IS NOT NULL;
`;

/** Minted tokens, and which methods and paths the scopes of a provider open. */
const MINTED = `
CREATE TABLE tokens (
  app INTEGER NOT NULL, token_id TEXT NOT NULL, hash TEXT NOT NULL, key_id TEXT NOT NULL,
  key_app INTEGER NOT NULL, agent_id TEXT, grant_id TEXT NOT NULL, provider TEXT NOT NULL, scopes TEXT NOT NULL, run_id TEXT,
  task_context TEXT, state TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
  ended_at INTEGER,
  PRIMARY KEY (app, token_id), UNIQUE (app, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_live ON tokens (app, expires_at) WHERE state = 'live';
CREATE INDEX tokens_ended ON tokens (app, ended_at) WHERE state <> 'live';
ALTER TABLE providers ADD COLUMN scope_map TEXT;
`;

/** What waits for a person, and how that ended. */
const APPROVALS = `
CREATE TABLE approvals (
  app INTEGER NOT NULL, approval_id TEXT NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL,
  execution_id TEXT NOT NULL, event_id TEXT NOT NULL, key_id TEXT NOT NULL, agent_id TEXT,
  token_id TEXT, policy_id TEXT NOT NULL, sealed_request TEXT NOT NULL, sealed_decision TEXT, sealed_result TEXT,
  outcome TEXT, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, decided_at INTEGER,
  ended_at INTEGER,
  PRIMARY KEY (app, approval_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX approvals_execution ON approvals (app, execution_id);
CREATE INDEX approvals_open ON approvals (app, approval_id) WHERE ended_at IS NULL;
CREATE INDEX approvals_ended ON approvals (ended_at) WHERE ended_at IS NOT NULL;
`;

/** The people who may work with an app, and keys that were minted for a role. */
const OPERATORS = `
CREATE TABLE operators (
  app INTEGER NOT NULL, operator_id TEXT NOT NULL, email TEXT, subject TEXT, name TEXT,
  role TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  PRIMARY KEY (app, operator_id), UNIQUE (app, email), UNIQUE (app, subject)
) STRICT, WITHOUT ROWID;
ALTER TABLE api_keys ADD COLUMN role TEXT;
`;

/** Grants by OAuth: they have tokens instead of a secret. */
const OAUTH = `
ALTER TABLE providers ADD COLUMN sealed_client_secret TEXT;
CREATE TABLE grants_by_oauth_too (
  app INTEGER NOT NULL, grant_id TEXT NOT NULL, provider TEXT NOT NULL, provider_id TEXT NOT NULL,
  kind TEXT NOT NULL, secret_id TEXT, principal_type TEXT NOT NULL,
  principal_id TEXT NOT NULL, principal_email TEXT, agents TEXT NOT NULL, scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, expires_at INTEGER, revoked_at INTEGER,
  needs_reauth_at INTEGER, expired_at INTEGER,
  PRIMARY KEY (app, grant_id)
) STRICT, WITHOUT ROWID;
INSERT INTO grants_by_oauth_too SELECT app, grant_id, provider, provider_id, kind, secret_id,
  principal_type, principal_id, principal_email, agents, scopes, created_at, updated_at, expires_at,
  revoked_at, NULL, NULL FROM grants;
DROP TABLE grants;
ALTER TABLE grants_by_oauth_too RENAME TO grants;
CREATE INDEX grants_provider ON grants (app, provider);
CREATE TABLE oauth_tokens (
  app INTEGER NOT NULL, grant_id TEXT NOT NULL, version INTEGER NOT NULL,
  sealed_access_token TEXT NOT NULL, sealed_refresh_token TEXT, scopes TEXT NOT NULL,
  subject TEXT,  obtained_at INTEGER NOT NULL, expires_at INTEGER, refresh_execution_id TEXT,
  refresh_until INTEGER, lost_execution_id TEXT, revoke_due_at INTEGER,
  revoke_attempts INTEGER NOT NULL,
  PRIMARY KEY (app, grant_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE connects (
  app INTEGER NOT NULL, connect_id TEXT NOT NULL, state_hash TEXT NOT NULL, status TEXT NOT NULL,
  provider TEXT NOT NULL, provider_id TEXT NOT NULL, grant_id TEXT,
  reauthenticates INTEGER NOT NULL, principal_type TEXT NOT NULL, principal_id TEXT NOT NULL,
  principal_email TEXT, agents TEXT NOT NULL, scopes TEXT NOT NULL, return_url TEXT,
  sealed_exchange TEXT NOT NULL, started_by TEXT NOT NULL, error TEXT, replayed INTEGER NOT NULL,
  created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, ended_at INTEGER,
  PRIMARY KEY (app, connect_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX connects_state ON connects (app, state_hash);
`;

/** Places in the sliding windows of rates. */
const RATES = `
CREATE TABLE rate_slots (
  app INTEGER NOT NULL, policy_id TEXT NOT NULL, counter TEXT NOT NULL, slot INTEGER NOT NULL,
  used_at INTEGER NOT NULL, free_at INTEGER NOT NULL,
  PRIMARY KEY (app, policy_id, counter, slot)
) STRICT, WITHOUT ROWID;
CREATE INDEX rate_slots_free ON rate_slots (free_at);
`;

/** Who says who people are. */
const IDENTITY_PROVIDERS = `
CREATE TABLE identity_providers (
  app INTEGER NOT NULL, audience TEXT NOT NULL, issuer TEXT NOT NULL, client_id TEXT NOT NULL,
  sealed_client_secret TEXT, scopes TEXT NOT NULL, role_claim TEXT, roles TEXT, email_domains TEXT,
  principal_claim TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  PRIMARY KEY (app, audience)
) STRICT, WITHOUT ROWID;
`;

/** What agents can do by name, and which of it was done under a key. */
const VERBS = `
CREATE TABLE verbs (
  app INTEGER NOT NULL, verb TEXT NOT NULL, provider TEXT NOT NULL, definition TEXT NOT NULL,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  PRIMARY KEY (app, verb)
) STRICT, WITHOUT ROWID;
CREATE TABLE action_keys (
  app INTEGER NOT NULL, actor_id TEXT NOT NULL, verb TEXT NOT NULL, idempotency_key TEXT NOT NULL,
  fingerprint BLOB NOT NULL, execution_id TEXT NOT NULL, sealed_result TEXT,
  erased INTEGER NOT NULL, created_at INTEGER NOT NULL,
  PRIMARY KEY (app, actor_id, verb, idempotency_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX action_keys_age ON action_keys (app, created_at);
CREATE INDEX action_keys_execution ON action_keys (app, execution_id);
`;

/** What clients carry out themselves, and how long their word is waited for. */
const BEGUN = `
CREATE TABLE begun_actions (
  app INTEGER NOT NULL, execution_id TEXT NOT NULL, actor_id TEXT NOT NULL, verb TEXT NOT NULL,
  idempotency_key TEXT, expires_at INTEGER NOT NULL,
  PRIMARY KEY (app, execution_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX begun_actions_end ON begun_actions (expires_at);
`;

/** Where entries are delivered to, how far each is, and what it refused. */
const DESTINATIONS = `
CREATE TABLE destinations (
  app INTEGER NOT NULL, destination_id TEXT NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL,
  config TEXT NOT NULL, sealed_config TEXT NOT NULL, filter TEXT NOT NULL, batch TEXT NOT NULL,
  paused INTEGER NOT NULL, paused_reason TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  PRIMARY KEY (app, destination_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE deliveries (
  app INTEGER NOT NULL, destination_id TEXT NOT NULL, lane TEXT NOT NULL, first_seq INTEGER NOT NULL,
  next_seq INTEGER NOT NULL, end_seq INTEGER, delivered INTEGER NOT NULL, dead INTEGER NOT NULL,
  delivered_last_minute INTEGER NOT NULL, delivered_at INTEGER, error TEXT, error_at INTEGER,
  failures INTEGER NOT NULL, retry_at INTEGER, created_at INTEGER NOT NULL, ended_at INTEGER,
  PRIMARY KEY (app, destination_id, lane)
) STRICT, WITHOUT ROWID;
CREATE TABLE dead_letters (
  app INTEGER NOT NULL, dead_letter_id TEXT NOT NULL, destination_id TEXT NOT NULL,
  first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, entries INTEGER NOT NULL, reason TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (app, dead_letter_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX dead_letters_of ON dead_letters (app, destination_id, dead_letter_id);
`;

/** What is watched for, how far each monitor is, and what it remembers. */
const MONITORS = `
CREATE TABLE monitors (
  app INTEGER NOT NULL, monitor_id TEXT NOT NULL, rule TEXT NOT NULL, enabled INTEGER NOT NULL,
  made_at INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  PRIMARY KEY (app, monitor_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE monitor_states (
  app INTEGER NOT NULL, monitor_id TEXT NOT NULL, version INTEGER NOT NULL, looked_seq INTEGER NOT NULL,
  PRIMARY KEY (app, monitor_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE monitor_groups (
  app INTEGER NOT NULL, monitor_id TEXT NOT NULL, grp TEXT NOT NULL, state TEXT NOT NULL,
  alarm_id TEXT, raised_at INTEGER,
  PRIMARY KEY (app, monitor_id, grp)
) STRICT, WITHOUT ROWID;
`;

/** Who is signed in, and the links that lead there. */
const SESSIONS = `
CREATE TABLE sessions (
  app INTEGER NOT NULL, session_id TEXT NOT NULL, kind TEXT NOT NULL, how TEXT NOT NULL,
  link_hash TEXT, hash TEXT, role TEXT, installation INTEGER NOT NULL, operator_id TEXT,
  subject TEXT, issuer TEXT, email TEXT, name TEXT, key_app INTEGER, key_id TEXT,
  principal_type TEXT, principal_id TEXT, created_at INTEGER NOT NULL, opened_at INTEGER,
  expires_at INTEGER NOT NULL, ended_at INTEGER,
  PRIMARY KEY (app, session_id), UNIQUE (app, hash), UNIQUE (app, link_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_age ON sessions (app, expires_at);
`;

export const MIGRATIONS: readonly string[] = [
  FIRST,
  KEY_ROTATION,
  PUBLIC_LEDGERS,
  RETENTION,
  ERASURES,
  UNFREED,
  WITNESSES,
  ANSWERED,
  MINTED,
  APPROVALS,
  OPERATORS,
  OAUTH,
  RATES,
  IDENTITY_PROVIDERS,
  VERBS,
  BEGUN,
  DESTINATIONS,
  MONITORS,
  SESSIONS,
];
