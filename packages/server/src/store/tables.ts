/**
 * The tables, as Kysely sees them; every store has the same names and columns. Times are epoch
 * milliseconds, hashes and salts raw bytes, lists and objects JSON text. `app` is the short number
 * of an app: every key begins with it, so that the tables can be distributed by it.
 */
import type { Generated } from 'kysely';

export interface AppsTable {
  app: Generated<number>;
  app_id: string;
  name: string;
  created_at: number;
  /** 1 where anyone may read the ledger: headers and hashes, never contents. */
  ledger_public: Generated<number>;
}

export interface SigningKeysTable {
  app: number;
  /** First tree size that this key signs. */
  from_size: number;
  origin: string;
  verifier_key: string;
  public_key: Uint8Array;
  /** PKCS #8, sealed under the master key; empty when the key signs no more. */
  sealed_private_key: string;
  created_at: number;
  /** When a key that has been replaced stops signing beside its successor; else null. */
  retires_at: number | null;
  /** Last tree size that it signed; null as long as it signs. */
  to_size: number | null;
  /**
   * Of a key that replaced another: salt (base64) and canonical text of the part `args` of the
   * entry that says so, which must outlive the part; JSON.
   */
  change: string | null;
  /** Of such a key: the first checkpoint over that entry, signed by both keys. */
  change_checkpoint: string | null;
}

/** One row per log: the tip of the chain and of the tree. Locked by whoever sequences. */
export interface HeadsTable {
  app: number;
  size: number;
  last_created_at: number;
  last_leaf: Uint8Array;
  /** The compact range [0, size): its hashes from left to right. */
  frontier: Uint8Array;
  checkpoint: string;
}

export interface EntriesTable {
  app: number;
  seq: number;
  event_id: string;
  created_at: number;
  header: string;
  leaf_hash: Uint8Array;
  /** Keyed digest of what the client sent, to tell a retry from a clash; absent without a client id. */
  fingerprint: Uint8Array | null;
}

/** What can be erased: the parts of a record, each with its salt. */
export interface PartsTable {
  app: number;
  seq: number;
  part: string;
  salt: Uint8Array;
  body: string;
}

/** Full hash tiles of the tree; partial ones are computed from entries and lower tiles. */
export interface TilesTable {
  app: number;
  level: number;
  tile: number;
  hashes: Uint8Array;
  /** The node above the tile. */
  root: Uint8Array;
}

/** A range of entries whose terms are indexed together. Disjoint; a larger one replaces its parts. */
export interface SegmentsTable {
  app: number;
  first_seq: number;
  /** Exclusive. */
  end_seq: number;
  segment: number;
  /** 0 while its pages are still being written. */
  ready: number;
}

export interface PostingsTable {
  app: number;
  segment: number;
  first_term: number;
  page: Uint8Array;
}

/** The values that a facet field has had, for menus and wildcards. */
export interface FacetValuesTable {
  app: number;
  field: string;
  value: string;
}

export interface ApiKeysTable {
  app: number;
  key_id: string;
  name: string;
  prefix: string;
  hash: string;
  scopes: string;
  agent_id: string | null;
  created_at: number;
  expires_at: number | null;
  revoked_at: number | null;
  /** That it was minted for; null where its scopes were named. */
  role: string | null;
}

export interface AgentsTable {
  app: number;
  agent_id: string;
  name: string;
  parent_agent_id: string | null;
  created_at: number;
  revoked_at: number | null;
}

export interface CallersTable {
  app: number;
  name: string;
  description: string | null;
  created_at: number;
}

export interface ProvidersTable {
  app: number;
  provider_id: string;
  name: string;
  base_url: string;
  auth: string;
  /** Of OAuth, bound to `provider_id`; empty for a public client. */
  sealed_client_secret: string | null;
  timeout_ms: number | null;
  /** JSON object: which methods and paths each scope opens; null where scopes are not mapped. */
  scope_map: string | null;
  created_at: number;
  updated_at: number;
}

export interface SecretsTable {
  app: number;
  secret_id: string;
  provider: string;
  name: string;
  sealed_value: string;
  created_at: number;
  rotated_at: number | null;
  revoked_at: number | null;
}

export interface GrantsTable {
  app: number;
  grant_id: string;
  provider: string;
  provider_id: string;
  /** `managed_secret` or `oauth`. */
  kind: string;
  /** Absent for OAuth: its tokens are in `oauth_tokens`. */
  secret_id: string | null;
  principal_type: string;
  principal_id: string;
  principal_email: string | null;
  /** `"*"` or a JSON list of agent ids. */
  agents: string;
  scopes: string;
  created_at: number;
  updated_at: number;
  expires_at: number | null;
  revoked_at: number | null;
  /** When it was found that its tokens are of no use any more. */
  needs_reauth_at: number | null;
  /** When its expiry was put on the record. */
  expired_at: number | null;
}

/** The tokens of OAuth grants. A row is born with its grant and goes when they are given up. */
export interface OAuthTokensTable {
  app: number;
  grant_id: string;
  /** One more with every change: who changes it names the one that was read. */
  version: number;
  sealed_access_token: string;
  sealed_refresh_token: string | null;
  /** As the server granted them; the grant may allow less. JSON list. */
  scopes: string;
  /** Who consented, as the ID token says it: re-authentication must be by the same. */
  subject: string | null;
  obtained_at: number;
  /** Of the access token; null where the server did not say. */
  expires_at: number | null;
  /** The refresh that is under way, until `refresh_until` at most. */
  refresh_execution_id: string | null;
  refresh_until: number | null;
  /** An earlier refresh that may have reached the server and whose answer was lost. */
  lost_execution_id: string | null;
  /** When the server is told next that the grant was revoked; null while it is not. */
  revoke_due_at: number | null;
  revoke_attempts: number;
}

/** Connects that were begun: a person is on the way to the server and back. */
export interface ConnectsTable {
  app: number;
  connect_id: string;
  state_hash: string;
  /** `pending`, `exchanging`, then `connected` or `failed`. */
  status: string;
  provider: string;
  provider_id: string;
  /** The grant that it made; from the start where it is a re-authentication. */
  grant_id: string | null;
  /** 1 where a grant that is there gets new tokens. */
  reauthenticates: number;
  principal_type: string;
  principal_id: string;
  principal_email: string | null;
  agents: string;
  scopes: string;
  return_url: string | null;
  /** Code verifier and nonce; empty when it has ended. */
  sealed_exchange: string;
  /** Who began it, as the entries say it; JSON. */
  started_by: string;
  error: string | null;
  /** 1 when it is on the record that its state was used again. */
  replayed: number;
  created_at: number;
  expires_at: number;
  ended_at: number | null;
}

export interface PoliciesTable {
  app: number;
  policy_id: string;
  name: string;
  cedar: string;
  template: string | null;
  applies_to: string | null;
  created_at: number;
  updated_at: number;
}

/** Witnesses of an app's ledger. */
export interface WitnessesTable {
  app: number;
  witness_id: string;
  name: string;
  url: string;
  vkey: string;
  created_at: number;
}

/** How it stands with a witness. Born with its row in `witnesses`; kept by whoever asks it. */
export interface WitnessStatesTable {
  app: number;
  witness_id: string;
  /** Size of the newest checkpoint that it has cosigned. */
  cosigned_size: number | null;
  /** When the newest valid cosignature came. */
  answered_at: number | null;
  /** Why there is none for the newest checkpoint. */
  error: string | null;
  /** The conflict that was raised last, as JSON; null when the witness agrees again. */
  conflict: string | null;
}

/** Cosignatures that are served: of each witness the newest, and of all of them the newest in common. */
export interface CosignaturesTable {
  app: number;
  size: number;
  witness_id: string;
  /** The note that was cosigned, as the log signed it. */
  checkpoint: string;
  /** The signature line. */
  line: string;
}

/** What is watched for on the trail. */
export interface MonitorsTable {
  app: number;
  monitor_id: string;
  /** A `MonitorRule` as JSON. */
  rule: string;
  /** 1 while it is watched for. */
  enabled: number;
  /** Entries from before teach, and raise nothing; set anew when what is watched for changes. */
  made_at: number;
  created_at: number;
  updated_at: number;
}

/** How far a monitor is. Born with its row in `monitors`; kept by whoever watches. */
export interface MonitorStatesTable {
  app: number;
  monitor_id: string;
  /** Another number after every change, so that nobody overwrites what another has done. */
  version: number;
  /** The last `seq` that was looked at; -1 for none. */
  looked_seq: number;
}

/** What a monitor remembers of a group. */
export interface MonitorGroupsTable {
  app: number;
  monitor_id: string;
  /** The values that make the group, as JSON. */
  grp: string;
  /** A `Group` as JSON. */
  state: string;
  alarm_id: string | null;
  raised_at: number | null;
}

/** Intents without an outcome. A row is born and dies in the transactions of the two entries. */
export interface OpenIntentsTable {
  app: number;
  execution_id: string;
  event_id: string;
  /** The server process that owes the outcome. */
  process_id: string;
  /** What an `unknown` outcome needs of the intent, should its entry be erased before. */
  intent: string;
  created_at: number;
}

export interface IdempotencyTable {
  app: number;
  key_id: string;
  idempotency_key: string;
  fingerprint: Uint8Array;
  /** Absent while the first request is under way. */
  status: number | null;
  /** Absent too where it was erased: its status is 410 then. */
  sealed_answer: string | null;
  process_id: string;
  created_at: number;
  /** The execution that the answer tells of. */
  execution_id: string | null;
}

/** What agents can do by name. */
export interface VerbsTable {
  app: number;
  verb: string;
  provider: string;
  /** The rest of the definition, as JSON. */
  definition: string;
  created_at: number;
  updated_at: number;
}

/** The fence of actions: an `Idempotency-Key` belongs to the execution that took it first. */
export interface ActionKeysTable {
  app: number;
  actor_id: string;
  verb: string;
  idempotency_key: string;
  fingerprint: Uint8Array;
  execution_id: string;
  /** What repeats are answered; absent until it ended, and where nobody knows how. */
  sealed_result: string | null;
  /** 1 where it was erased. */
  erased: number;
  created_at: number;
}

/** Actions that clients carry out themselves, as long as their outcome is waited for. */
export interface BegunActionsTable {
  app: number;
  execution_id: string;
  actor_id: string;
  verb: string;
  idempotency_key: string | null;
  expires_at: number;
}

/** How long an app keeps what can be removed. Every app has a row. */
export interface RetentionTable {
  app: number;
  /** Null: for ever. */
  window_ms: number | null;
  /**
   * Another text whenever holds, extensions or the window change. A removal that was decided on
   * under one revision is refused under another.
   */
  revision: string;
  updated_at: number;
  /** The last removal whose space is not given back yet; another text with each. */
  unfreed: string | null;
}

/** Entries that are kept longer than the window of their app. */
export interface KeptTable {
  app: number;
  event_id: string;
  until: number;
}

/** Legal holds that stand. One with a filter covers whatever matches it, now or later. */
export interface HoldsTable {
  app: number;
  hold_id: string;
  reason: string;
  /** As it was given: names and values of `GET /v1/events`. Absent: the hold is on `held`. */
  filter: string | null;
  placed_at: number;
}

/** Entries that are on hold by their ids. */
export interface HeldTable {
  app: number;
  event_id: string;
  hold_id: string;
}

/**
 * What was removed, and which entry says so: how a check tells what was swept or erased from what
 * was stolen. Never removed itself.
 */
export interface RemovalsTable {
  app: number;
  first_seq: number;
  /** Exclusive. */
  end_seq: number;
  /** Name of the part, or `*` for all that the entries had. */
  part: string;
  event_id: string;
  /** 1 until the index has forgotten what it knew of these entries. */
  index_pending: number;
}

/** Erasures, asked for and done. What names those concerned goes when one has ended. */
export interface ErasuresTable {
  app: number;
  erasure_id: string;
  /** `checking`, `erasing`, for a principal `naming`, then `done`, `refused` or `stopped`. */
  state: string;
  reason: string;
  /** Keyed digest of the principal, to find the erasure by; absent for one by event ids. */
  principal_digest: string | null;
  principal_id: string | null;
  /** JSON list. */
  event_ids: string | null;
  /** JSON list; absent for all parts. */
  parts: string | null;
  /** JSON object: who asked, as the entries say it. */
  requested_by: string | null;
  /** Entries up to here are done with; -1 at first. */
  after_seq: number;
  erased: number;
  created_at: number;
  touched_at: number;
  ended_at: number | null;
}

/**
 * Minted tokens. A row stays for a day after its end, so that a late use can be told from an unknown
 * bearer.
 */
export interface TokensTable {
  app: number;
  token_id: string;
  hash: string;
  /** The key that minted it, and that it dies with; one of the installation is of another app. */
  key_id: string;
  key_app: number;
  agent_id: string | null;
  grant_id: string;
  provider: string;
  scopes: string;
  run_id: string | null;
  task_context: string | null;
  /** `live`, `revoked` or `expired`: what the record says of it. */
  state: string;
  created_at: number;
  expires_at: number;
  ended_at: number | null;
}

/** What agents asked for and a person must decide. Gone a week after it ended. */
export interface ApprovalsTable {
  app: number;
  approval_id: string;
  /** `call` or `action`: who carries it out. */
  kind: string;
  /** `pending`, then `rejected`, `expired`, or `approved`, `running`, then `done` or `failed`. */
  status: string;
  execution_id: string;
  /** Its entry `approval.requested`. */
  event_id: string;
  /** Who asked. */
  key_id: string;
  agent_id: string | null;
  /** The token that they asked with. */
  token_id: string | null;
  policy_id: string;
  /** The request, and what of it is shown; empty where it was erased. */
  sealed_request: string;
  /** Who decided and why; null until then. */
  sealed_decision: string | null;
  /** The answer for who asked; null where there is none, or it was erased. */
  sealed_result: string | null;
  outcome: string | null;
  created_at: number;
  /** Until when it can be decided. */
  expires_at: number;
  decided_at: number | null;
  ended_at: number | null;
}

/** The people who may work with an app. */
export interface OperatorsTable {
  app: number;
  operator_id: string;
  /** In lower case. One of `email` and `subject` is there. */
  email: string | null;
  /** Who they are at the identity provider. */
  subject: string | null;
  name: string | null;
  role: string;
  created_at: number;
  updated_at: number;
}

/**
 * Browsers that people are signed in with, operators and wallet users, and the one-time links that
 * lead there. Secrets are there as hashes alone. A row stays for a day after its time is over.
 */
export interface SessionsTable {
  app: number;
  session_id: string;
  /** `operator` or `wallet`. */
  kind: string;
  /** `link`, `key` or `oidc`. */
  how: string;
  /** Of the link that opens it, or has opened it. */
  link_hash: string | null;
  /** Of what its browser carries; null until it is opened. */
  hash: string | null;
  /** Of an operator whom neither a row of `operators` nor a key gives one. */
  role: string | null;
  /** 1 where it may act in every app. */
  installation: number;
  operator_id: string | null;
  /** Who they are at the identity provider, and which that is. */
  subject: string | null;
  issuer: string | null;
  email: string | null;
  name: string | null;
  /** The key that signed in, or made the link; the session ends with it. */
  key_app: number | null;
  key_id: string | null;
  /** Of a wallet: whose it is. */
  principal_type: string | null;
  principal_id: string | null;
  created_at: number;
  opened_at: number | null;
  /** Of the link until it is opened, then of the session. */
  expires_at: number;
  ended_at: number | null;
}

/** Places in the sliding windows of rates: one for each call that a window holds at once. */
export interface RateSlotsTable {
  app: number;
  policy_id: string;
  /** Digest of what is counted under. */
  counter: string;
  slot: number;
  used_at: number;
  /** When it can be taken again, and need not be kept any more. */
  free_at: number;
}

/** Who says who people are. */
export interface IdentityProvidersTable {
  app: number;
  /** `operators` or `wallet`. */
  audience: string;
  issuer: string;
  client_id: string;
  sealed_client_secret: string | null;
  scopes: string;
  role_claim: string | null;
  /** JSON object: roles by values of that claim. */
  roles: string | null;
  /** JSON list, in lower case. */
  email_domains: string | null;
  /** Of wallet users: the claim that names their principal. */
  principal_claim: string | null;
  created_at: number;
  updated_at: number;
}

/** Where entries are delivered to. */
export interface DestinationsTable {
  app: number;
  destination_id: string;
  type: string;
  name: string;
  /** JSON object, without its secrets. */
  config: string;
  /** JSON object, whole. */
  sealed_config: string;
  /** JSON object: names and values of `GET /v1/events`. */
  filter: string;
  /** JSON object: how much is sent at once. */
  batch: string;
  /** 1 while nothing is sent. */
  paused: number;
  /** Why the server paused it; null where a person did. */
  paused_reason: string | null;
  created_at: number;
  /** Moves with every change: whoever delivers looks again. */
  updated_at: number;
}

/**
 * How far a destination is: one row for what comes live, one for each backfill or replay. Kept by
 * whoever delivers; each step expects the `next_seq` before it.
 */
export interface DeliveriesTable {
  app: number;
  destination_id: string;
  /** `live`, or the id of the replay. */
  lane: string;
  first_seq: number;
  /** Everything before it is accepted, in the dead letters, or not of the filter. */
  next_seq: number;
  /** Exclusive; null of the live one, which has no end. */
  end_seq: number | null;
  /** Entries accepted, and entries put to the dead letters. */
  delivered: number;
  dead: number;
  /** Entries accepted in the minute before `delivered_at`. */
  delivered_last_minute: number;
  delivered_at: number | null;
  /** Why the last try failed; null when the last one did not. */
  error: string | null;
  error_at: number | null;
  /** Tries that failed since one did not. */
  failures: number;
  /** When the next try is due. */
  retry_at: number | null;
  created_at: number;
  ended_at: number | null;
}

/** Entries that a destination refused for good, by ranges. */
export interface DeadLettersTable {
  app: number;
  dead_letter_id: string;
  destination_id: string;
  first_seq: number;
  last_seq: number;
  entries: number;
  reason: string;
  created_at: number;
}

export interface InstallationTable {
  name: string;
  value: string;
}

export interface Tables {
  apps: AppsTable;
  signing_keys: SigningKeysTable;
  heads: HeadsTable;
  entries: EntriesTable;
  parts: PartsTable;
  tiles: TilesTable;
  segments: SegmentsTable;
  postings: PostingsTable;
  facet_values: FacetValuesTable;
  api_keys: ApiKeysTable;
  agents: AgentsTable;
  callers: CallersTable;
  providers: ProvidersTable;
  secrets: SecretsTable;
  grants: GrantsTable;
  oauth_tokens: OAuthTokensTable;
  connects: ConnectsTable;
  policies: PoliciesTable;
  witnesses: WitnessesTable;
  witness_states: WitnessStatesTable;
  cosignatures: CosignaturesTable;
  open_intents: OpenIntentsTable;
  idempotency: IdempotencyTable;
  verbs: VerbsTable;
  action_keys: ActionKeysTable;
  begun_actions: BegunActionsTable;
  installation: InstallationTable;
  retention: RetentionTable;
  kept: KeptTable;
  holds: HoldsTable;
  held: HeldTable;
  removals: RemovalsTable;
  erasures: ErasuresTable;
  tokens: TokensTable;
  approvals: ApprovalsTable;
  operators: OperatorsTable;
  sessions: SessionsTable;
  identity_providers: IdentityProvidersTable;
  rate_slots: RateSlotsTable;
  destinations: DestinationsTable;
  deliveries: DeliveriesTable;
  dead_letters: DeadLettersTable;
  monitors: MonitorsTable;
  monitor_states: MonitorStatesTable;
  monitor_groups: MonitorGroupsTable;
}

/**
 * The primary key of each table, in its order. It is the table of tables: what must see all of
 * them, such as the copy of a ledger, goes by it.
 */
export const PRIMARY_KEYS: {
  readonly [T in keyof Tables]: readonly (keyof Tables[T] & string)[];
} = {
  installation: ['name'],
  apps: ['app'],
  signing_keys: ['app', 'from_size'],
  heads: ['app'],
  entries: ['app', 'seq'],
  parts: ['app', 'seq', 'part'],
  tiles: ['app', 'level', 'tile'],
  segments: ['app', 'segment'],
  postings: ['app', 'segment', 'first_term'],
  facet_values: ['app', 'field', 'value'],
  api_keys: ['app', 'key_id'],
  agents: ['app', 'agent_id'],
  callers: ['app', 'name'],
  providers: ['app', 'provider_id'],
  secrets: ['app', 'secret_id'],
  grants: ['app', 'grant_id'],
  oauth_tokens: ['app', 'grant_id'],
  connects: ['app', 'connect_id'],
  policies: ['app', 'policy_id'],
  witnesses: ['app', 'witness_id'],
  witness_states: ['app', 'witness_id'],
  cosignatures: ['app', 'size', 'witness_id'],
  open_intents: ['app', 'execution_id'],
  idempotency: ['app', 'key_id', 'idempotency_key'],
  verbs: ['app', 'verb'],
  action_keys: ['app', 'actor_id', 'verb', 'idempotency_key'],
  begun_actions: ['app', 'execution_id'],
  retention: ['app'],
  kept: ['app', 'event_id'],
  holds: ['app', 'hold_id'],
  held: ['app', 'event_id', 'hold_id'],
  removals: ['app', 'first_seq', 'part', 'event_id'],
  erasures: ['app', 'erasure_id'],
  tokens: ['app', 'token_id'],
  approvals: ['app', 'approval_id'],
  operators: ['app', 'operator_id'],
  sessions: ['app', 'session_id'],
  identity_providers: ['app', 'audience'],
  rate_slots: ['app', 'policy_id', 'counter', 'slot'],
  destinations: ['app', 'destination_id'],
  deliveries: ['app', 'destination_id', 'lane'],
  dead_letters: ['app', 'dead_letter_id'],
  monitors: ['app', 'monitor_id'],
  monitor_states: ['app', 'monitor_id'],
  monitor_groups: ['app', 'monitor_id', 'grp'],
};

/** The tables that administration changes, always together with an entry that says so. */
export type EffectTable = Exclude<
  keyof Tables,
  'heads' | 'entries' | 'parts' | 'tiles' | 'segments' | 'postings' | 'facet_values'
>;
