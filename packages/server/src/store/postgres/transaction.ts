import type { QueryConfig, QueryResult } from 'pg';

import { compileEffect, isApplied } from '../effects.ts';
import {
  StoreFailure,
  type Effect,
  type Head,
  type KnownEntry,
  type NewEntry,
  type NewTile,
  type SigningKey,
  type StoreTransaction,
} from '../port.ts';
import { PRIMARY_KEYS } from '../tables.ts';
import { texts } from './arrays.ts';
import { insertsOf } from './inserts.ts';
import { kyselyOn } from './kysely.ts';
import { parameter, type Link } from './link.ts';
import { LOCKS } from './migrate.ts';
import type { News } from './news.ts';
import { removeParts, type Partitions } from './parts.ts';
import * as statements from './statements.ts';

const HASH_BYTES = 32;
/** Different texts of effects that are kept prepared on a connection. */
const EFFECT_TEXTS_MAX = 200;

/** Only to compile with: it has no connection. */
const compiler = kyselyOn(() => Promise.reject(new Error('this Kysely only compiles')));

/** What a connection has learnt, for all its transactions. */
export interface Learnt {
  readonly partitions: Partitions;
  /** Names of the prepared statements of effects, by text. */
  readonly effects: Map<string, string>;
}

/** What no process caches: none is told. */
const UNTOLD: ReadonlySet<string> = new Set([
  'open_intents',
  'idempotency',
  'approvals',
  'connects',
  'rate_slots',
  'action_keys',
  'begun_actions',
  'witness_states',
  'cosignatures',
  'tokens',
  'sessions',
  'deliveries',
  'dead_letters',
]);

/** One open transaction of `PostgresStore`. */
export class PostgresTransaction implements StoreTransaction {
  /** Sizes of the logs that grew, and tables that changed, by app: what the others must hear. */
  readonly grown = new Map<number, number>();
  readonly changed = new Map<number, Set<string>>();
  /** What is on its way and has not been waited for: the commit goes right behind it. */
  readonly #unanswered: Promise<QueryResult>[] = [];
  /** Until when effects must wait for those before them. */
  #turn: Promise<unknown>;
  readonly #link: Link;
  readonly #learnt: Learnt;
  readonly #begun: Promise<unknown>;
  /** Asked for with the head, which its log's next checkpoint needs too. */
  readonly #keys = new Map<number, Promise<QueryResult>>();

  /** `begun` is the answer to BEGIN, which may still be on its way. */
  constructor(link: Link, learnt: Learnt, begun: Promise<unknown>) {
    this.#link = link;
    this.#learnt = learnt;
    this.#begun = begun;
    this.#turn = begun;
  }

  /** The answers that nobody has waited for: only the transaction as a whole needs them. */
  get unanswered(): readonly Promise<QueryResult>[] {
    return this.#unanswered;
  }

  #later(answer: Promise<QueryResult>): void {
    answer.catch(() => undefined);
    this.#unanswered.push(answer);
  }

  /** Only within the transaction: nothing is sent before BEGIN is answered. */
  async #ask(query: QueryConfig): Promise<QueryResult> {
    await this.#begun;
    return this.#link.query(query);
  }

  /**
   * The row is the lock. Of a log without a row, its number is: whoever makes the row has held
   * that since before looking, so that a second look finds it.
   */
  async lockHead(app: number): Promise<Head | null> {
    const locked = await this.#head(app);
    if (locked) return locked;
    await this.#ask(statements.lockNumber([LOCKS.heads, app]));
    return this.#head(app);
  }

  /** On its way right behind BEGIN; it changes nothing, should that fail. */
  async #head(app: number): Promise<Head | null> {
    const head = this.#link.query(statements.lockHead([app]));
    const keys = this.#link.query(statements.signingKeys([app]));
    keys.catch(() => undefined);
    this.#keys.set(app, keys);
    const [{ rows }] = await Promise.all([head, this.#begun]);
    return (rows[0] as Head | undefined) ?? null;
  }

  async signingKeys(app: number): Promise<SigningKey[]> {
    const { rows } = await (this.#keys.get(app) ?? this.#ask(statements.signingKeys([app])));
    return rows as SigningKey[];
  }

  async findEntries(app: number, eventIds: readonly string[]): Promise<KnownEntry[]> {
    if (eventIds.length === 0) return [];
    const { rows } = await this.#ask(statements.findEntries([app, texts(eventIds)]));
    return rows as KnownEntry[];
  }

  async readLeaves(app: number, first: number, end: number): Promise<Uint8Array> {
    const { rows } = await this.#ask(statements.readLeaves([app, first, end]));
    return wholeHashes(rows, end - first);
  }

  async readTileRoots(app: number, level: number, first: number, end: number): Promise<Uint8Array> {
    const { rows } = await this.#ask(statements.readTileRoots([app, level, first, end]));
    return wholeHashes(rows, end - first);
  }

  /** Those of several submissions, asked for at once, are on their way together where they can be. */
  async applyEffects(effects: readonly Effect[]): Promise<boolean> {
    const [only] = effects;
    if (only === undefined) return true;
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.#turn = promise;
    await before;
    if (effects.some(({ table }) => table === 'signing_keys')) this.#keys.clear();
    const isPlain = effects.length === 1 && changesOneAtMost(only);
    const applying = isPlain ? this.#applyOne(only) : this.#applyTogether(effects);
    resolve(isPlain ? null : applying.catch(() => null));
    const applied = await applying;
    if (applied) for (const effect of effects) this.#note(effect);
    return applied;
  }

  async #applyOne(effect: Effect): Promise<boolean> {
    const { rowCount } = await this.#send(effect);
    return isApplied(effect, rowCount ?? 0);
  }

  /** All are on their way before the first is answered; a conflict takes all of them back. */
  async #applyTogether(effects: readonly Effect[]): Promise<boolean> {
    const savepoint = this.#link.query('SAVEPOINT effects');
    const sent = effects.map((effect) => this.#send(effect));
    const [, ...results] = await Promise.allSettled([savepoint, ...sent]);
    const applied = results.every(
      (result, index) =>
        result.status === 'fulfilled' &&
        isApplied(effects[index] as Effect, result.value.rowCount ?? 0),
    );
    const end = applied ? 'RELEASE effects' : 'ROLLBACK TO effects; RELEASE effects';
    this.#later(this.#link.query(end));
    const failure = results.find((result) => result.status === 'rejected')?.reason as unknown;
    if (failure !== undefined && !isConflict(failure)) throw failure;
    return applied;
  }

  #send(effect: Effect): Promise<QueryResult> {
    if (effect.op === 'remove') return removeParts(this.#link, effect);
    const { sql, parameters } = compileEffect(compiler, effect);
    const isPlain = effect.op === 'insert' && effect.any !== true;
    const text = isPlain ? `${sql} on conflict do nothing` : sql;
    const values = parameters.map(parameter);
    const { effects } = this.#learnt;
    if (!effects.has(text) && effects.size < EFFECT_TEXTS_MAX) {
      effects.set(text, `affidavit_effect_${effects.size}`);
    }
    const name = effects.get(text);
    return this.#link.query(name === undefined ? { text, values } : { name, text, values });
  }

  #note(effect: Effect): void {
    if (UNTOLD.has(effect.table)) return;
    const { app } =
      effect.op === 'remove' ? effect : effect.op === 'insert' ? effect.row : effect.where;
    const number = typeof app === 'number' ? app : 0;
    const tables = this.changed.get(number) ?? new Set();
    this.changed.set(number, tables.add(effect.table));
  }

  async append(
    app: number,
    entries: readonly NewEntry[],
    tiles: readonly NewTile[],
    head: Head,
  ): Promise<void> {
    await this.#begun;
    const first = entries[0];
    if (first) await this.#learnt.partitions.ensure(first.seq, head.size);
    const { size, last_created_at, last_leaf, frontier, checkpoint } = head;
    const values = [app, size, last_created_at, last_leaf, frontier, checkpoint, entries.length];
    this.#later(this.#link.query(statements.replaceHead(values)));
    for (const rows of insertsOf(app, entries, tiles)) this.#later(this.#link.query(rows));
    this.grown.set(app, size);
  }

  /** What the other processes must hear of this transaction: see `PostgresNews`. */
  changes(): News[] {
    return [...this.changed].map(([app, tables]) => ({ app, tables: [...tables] }));
  }
}

function wholeHashes(rows: readonly { hashes?: Uint8Array }[], count: number): Uint8Array {
  const hashes = rows[0]?.hashes;
  if (hashes?.length === count * HASH_BYTES) return hashes;
  throw new StoreFailure('damaged', 'hashes of the tree are missing from the database');
}

/** Tables of claims, whose rows no other effect names by half a key. */
const FENCES: ReadonlySet<string> = new Set(['idempotency', 'action_keys']);

/** Whether an effect changes one row or none, and cannot meet the key of another on its way. */
function changesOneAtMost(effect: Effect): boolean {
  if (effect.op === 'remove') return false;
  if (effect.op === 'insert') return true;
  if (effect.op === 'update' && !FENCES.has(effect.table)) return false;
  return PRIMARY_KEYS[effect.table].every((column) => column in effect.where);
}

/** Class 23: a constraint was violated. 25P02: it was one before that. */
function isConflict(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && (code.startsWith('23') || code === '25P02');
}
