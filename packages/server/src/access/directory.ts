import type { Directory, Grant, Provider, Secret, StoredPolicy, Verb } from '@affidavit/vault';
import type { Selectable } from 'kysely';
import { LRUCache } from 'lru-cache';

import type { ReaderPool } from '../query/reader-pool.ts';
import type { RowsRequest } from '../query/reader-thread.ts';
import type { Effect, Row } from '../store/port.ts';
import type {
  AgentsTable,
  ApiKeysTable,
  AppsTable,
  CallersTable,
  GrantsTable,
  PoliciesTable,
  ProvidersTable,
  SecretsTable,
  Tables,
  TokensTable,
  VerbsTable,
} from '../store/tables.ts';

/** The app that exists from the first start. */
export const HOME_APP_ID = 'app_default';

const CACHED_LOOKUPS = 20_000;
const ROWS_MAX = 10_000;
/** Rows that change with calls, or live for a short time: no process tells the others of them. */
const UNCACHED: ReadonlySet<keyof Tables> = new Set([
  'open_intents',
  // What is erased stays nowhere.
  'parts',
  'idempotency',
  'connects',
  'action_keys',
  'begun_actions',
  'tokens',
  'sessions',
  'approvals',
  'rate_slots',
  'deliveries',
  'dead_letters',
  'monitors',
  'monitor_states',
  'monitor_groups',
]);

export type AppRow = Selectable<AppsTable>;

/**
 * What the server knows of apps, keys, agents, grants and policies. Look-ups are cached until a
 * change of their table is committed; what a change affected is never served after its answer.
 */
export class StoredDirectory implements Directory {
  readonly #readers: ReaderPool;
  readonly #cache = new LRUCache<string, readonly object[]>({ max: CACHED_LOOKUPS });
  readonly #underWay = new Map<string, Promise<readonly object[]>>();
  readonly #views = new WeakMap<object, unknown>();
  /** Counts changes by table. It is part of the key: what was read before a change is not found. */
  readonly #changes = new Map<string, number>();
  #revision = 0;
  /** Counts how often it was cut off from the others: as good as a change of every table. */
  #era = 0;
  #hears = true;

  constructor(readers: ReaderPool) {
    this.#readers = readers;
  }

  /**
   * Another number after every change: what was made from look-ups holds as long as it stays the
   * same. Null while this process does not hear of changes.
   */
  get revision(): number | null {
    return this.#hears ? this.#revision : null;
  }

  /** To be called when effects are durable. */
  onEffects(effects: readonly Effect[]): void {
    this.onChanges(effects.map(({ table }) => table));
  }

  /** To be called when another process changed these tables. */
  onChanges(tables: readonly string[]): void {
    for (const table of tables) {
      if (UNCACHED.has(table as keyof Tables)) continue;
      this.#changes.set(table, (this.#changes.get(table) ?? 0) + 1);
      this.#revision++;
    }
  }

  /**
   * Whether this process hears of what others change. As long as it does not, and for what was
   * read before it did, nothing is served from the cache.
   */
  set hearing(hears: boolean) {
    this.#era++;
    this.#revision++;
    this.#hears = hears;
    this.#cache.clear();
  }

  /** Rejects where the database does not answer. */
  async ping(): Promise<void> {
    await this.#readers.run('ping', {});
  }

  async rows<T extends keyof Tables>(
    table: T,
    where: Row,
    order?: string,
  ): Promise<readonly Tables[T][]> {
    const key = JSON.stringify([this.#era, table, this.#changes.get(table), where, order]);
    const cached = this.#cache.get(key);
    if (cached) return cached as readonly Tables[T][];
    const request: RowsRequest = { table, where, limit: ROWS_MAX, ...(order ? { order } : {}) };
    if (!this.#hears || UNCACHED.has(table)) return this.#readers.run<Tables[T][]>('rows', request);
    return (await this.#shared(key, request)) as readonly Tables[T][];
  }

  /** All rows of a table, however many, by a column of texts that no two rows share. */
  async *everyRow<T extends keyof Tables>(
    table: T,
    column: keyof Tables[T] & string,
  ): AsyncGenerator<Tables[T]> {
    const request: RowsRequest = { table, where: {}, limit: ROWS_MAX, order: column };
    for (let after = ''; ;) {
      const rows = await this.#readers.run<Tables[T][]>('rows', { ...request, after });
      yield* rows;
      if (rows.length < ROWS_MAX) return;
      after = String(rows.at(-1)?.[column]);
    }
  }

  /** After a change many ask for the same at once: one look-up answers them all. */
  #shared(key: string, request: RowsRequest): Promise<readonly object[]> {
    const underWay = this.#underWay.get(key);
    if (underWay) return underWay;
    const lookup = this.#readers
      .run<object[]>('rows', request)
      .then((rows) => {
        if (this.#hears) this.#cache.set(key, rows);
        return rows;
      })
      .finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, lookup);
    return lookup;
  }

  async #row<T extends keyof Tables>(table: T, where: Row): Promise<Tables[T] | null> {
    return (await this.rows(table, where))[0] ?? null;
  }

  /** A converted list, the same one as long as the rows behind it are. */
  #view<R extends object, V>(rows: readonly R[], convert: (row: R) => V): readonly V[] {
    const known = this.#views.get(rows) as readonly V[] | undefined;
    if (known) return known;
    const view = rows.map(convert);
    this.#views.set(rows, view);
    return view;
  }

  keyByHash(hash: string): Promise<ApiKeysTable | null> {
    return this.#row('api_keys', { hash });
  }

  /** As it is in the database now: a token that was revoked anywhere is so here. */
  tokenByHash(app: number, hash: string): Promise<TokensTable | null> {
    return this.#row('tokens', { app, hash });
  }

  keyById(app: number, keyId: string): Promise<ApiKeysTable | null> {
    return this.#row('api_keys', { app, key_id: keyId });
  }

  async apps(): Promise<readonly AppRow[]> {
    return (await this.rows('apps', {}, 'app')) as unknown as readonly AppRow[];
  }

  async appById(appId: string): Promise<AppRow | null> {
    return (await this.apps()).find((row) => row.app_id === appId) ?? null;
  }

  async appByNumber(app: number): Promise<AppRow | null> {
    return (await this.apps()).find((row) => row.app === app) ?? null;
  }

  agent(app: number, agentId: string): Promise<AgentsTable | null> {
    return this.#row('agents', { app, agent_id: agentId });
  }

  async parentAgent(app: number, agentId: string): Promise<string | null> {
    return (await this.agent(app, agentId))?.parent_agent_id ?? null;
  }

  caller(app: number, name: string): Promise<CallersTable | null> {
    return this.#row('callers', { app, name });
  }

  secretRow(app: number, secretId: string): Promise<SecretsTable | null> {
    return this.#row('secrets', { app, secret_id: secretId });
  }

  providerRow(app: number, name: string): Promise<ProvidersTable | null> {
    return this.#row('providers', { app, name });
  }

  grantRow(app: number, grantId: string): Promise<GrantsTable | null> {
    return this.#row('grants', { app, grant_id: grantId });
  }

  policyRow(app: number, policyId: string): Promise<PoliciesTable | null> {
    return this.#row('policies', { app, policy_id: policyId });
  }

  async grant(app: number, grantId: string): Promise<Grant | null> {
    const rows = await this.rows('grants', { app, grant_id: grantId });
    return this.#view(rows, toGrant)[0] ?? null;
  }

  async grantsOn(app: number, provider: string): Promise<readonly Grant[]> {
    const rows = await this.rows('grants', { app, provider });
    return this.#view(rows, toGrant).filter((grant) => grant.revoked_at === null);
  }

  async provider(app: number, name: string): Promise<Provider | null> {
    const rows = await this.rows('providers', { app, name });
    return this.#view(rows, toProvider)[0] ?? null;
  }

  secret(app: number, secretId: string): Promise<Secret | null> {
    return this.secretRow(app, secretId);
  }

  async policies(app: number): Promise<readonly StoredPolicy[]> {
    return this.#view(await this.rows('policies', { app }, 'policy_id'), toPolicy);
  }

  async verb(app: number, verb: string): Promise<Verb | null> {
    const rows = await this.rows('verbs', { app, verb });
    return this.#view(rows, toVerb)[0] ?? null;
  }
}

function toGrant(row: GrantsTable): Grant {
  const { principal_email: email } = row;
  return {
    grant_id: row.grant_id,
    provider: row.provider,
    kind: row.kind as Grant['kind'],
    secret_id: row.secret_id,
    principal: {
      type: row.principal_type as Grant['principal']['type'],
      id: row.principal_id,
      ...(email === null ? {} : { email }),
    },
    agents: JSON.parse(row.agents) as Grant['agents'],
    scopes: JSON.parse(row.scopes) as string[],
    created_at: row.created_at,
    expires_at: row.expires_at,
    revoked_at: row.revoked_at,
    needs_reauth_at: row.needs_reauth_at,
  };
}

function toProvider(row: ProvidersTable): Provider {
  const { auth, scope_map, ...rest } = row;
  return {
    ...rest,
    auth: JSON.parse(auth) as Provider['auth'],
    scope_map: scope_map === null ? null : (JSON.parse(scope_map) as Provider['scope_map']),
  };
}

function toVerb({ verb, provider, definition }: VerbsTable): Verb {
  return { verb, provider, ...(JSON.parse(definition) as object) } as Verb;
}

export function toPolicy(row: PoliciesTable): StoredPolicy {
  const { policy_id, name, cedar, template, applies_to, updated_at } = row;
  return {
    policy_id,
    name,
    cedar,
    updated_at,
    ...(template === null ? {} : { template: JSON.parse(template) as object }),
    ...(applies_to === null ? {} : { applies_to: JSON.parse(applies_to) as object }),
  } as StoredPolicy;
}
