import type { QueryConfig, QueryResult } from 'pg';

import { COPY_MARKER, type Load, type Loader } from '../loader.ts';
import { StoreFailure, type Row } from '../port.ts';
import { toStoreFailure } from './failure.ts';
import { kyselyOn } from './kysely.ts';
import { releaseLease, takeLease } from './leases.ts';
import { parameter, type Link } from './link.ts';
import { Partitions } from './parts.ts';
import { openWriterLink } from './writer-link.ts';

const STATEMENT_MS = 120_000;
/** A process that was seen this lately is alive (see `startup/peers.ts`). */
const ALIVE_MS = 12_000;
/** Whoever starts on a database holds the lease of that name (see `startup/peers.ts`). */
const START = { name: 'start', holder: 'copy', ttlMs: 10_000 };

const COLUMN_TYPES = `SELECT attname AS name, format_type(atttypid, NULL) AS type
  FROM pg_catalog.pg_attribute
  WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`;

const ALIVE = `SELECT 1 FROM processes
  WHERE seen_at > (extract(epoch FROM clock_timestamp()) * 1000)::bigint - $1::bigint LIMIT 1`;

/** See `Loader`. A connection of its own, in a database whose tables it makes where they are not. */
export class PostgresLoader implements Loader {
  readonly #link: Link;
  readonly #inserts = new Map<string, string>();
  readonly #partitions: Partitions;

  private constructor(link: Link, partitions: Partitions) {
    this.#link = link;
    this.#partitions = partitions;
  }

  /** Throws `StoreFailure`. */
  static async open(url: string): Promise<PostgresLoader> {
    const { link, partitions } = await openWriterLink(url, 'affidavit copy');
    await link.query(`SET statement_timeout = ${STATEMENT_MS}`);
    return new PostgresLoader(link, partitions);
  }

  begin(marker: string): Promise<string | null> {
    return this.#inTurn(async () => {
      if (await this.#finds(ALIVE, [ALIVE_MS])) {
        throw new StoreFailure('locked', 'a server runs on the target database');
      }
      const known = await this.#ask('SELECT value FROM installation WHERE name = $1', [
        COPY_MARKER,
      ]);
      if (known.rows.length > 0) return (known.rows[0] as { value: string }).value;
      for (const table of ['installation', 'apps']) {
        if (await this.#finds(`SELECT 1 FROM ${table} LIMIT 1`)) {
          throw new StoreFailure('locked', 'the target already holds a ledger');
        }
      }
      await this.#mark(marker);
      return null;
    });
  }

  load({ table, rows, marker }: Load): Promise<void> {
    return this.#inTransaction(async () => {
      const [first, last] = [rows[0], rows.at(-1)];
      if (first && last) {
        if (table === 'parts') await this.#makePartitions(rows);
        const columns = Object.keys(first);
        const values = columns.map((column) => rows.map((row) => parameter(row[column])));
        await this.#ask(await this.#insert(table, columns), values);
      }
      await this.#mark(marker);
    });
  }

  /** What calls left open belongs to processes that have ended: whoever starts first closes it. */
  async finish(): Promise<void> {
    await this.#inTransaction(async () => {
      const { rows } = await this.#link.query('SELECT DISTINCT process_id FROM open_intents');
      const ids = (rows as { process_id: string }[]).map(({ process_id }) => process_id);
      const ended = `INSERT INTO processes (process_id, seen_at)
        SELECT *, 0 FROM unnest($1::text[]) ON CONFLICT DO NOTHING`;
      await this.#ask(ended, [ids]);
      await this.#ask('DELETE FROM installation WHERE name = $1', [COPY_MARKER]);
    });
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  /** A server that starts meanwhile waits, and then finds the marker. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const link = this.#link;
    const query = (text: string, values: unknown[]) => link.query({ text, values });
    const db = kyselyOn(async () => ({ query, release: () => undefined }));
    return this.#inTransaction(async () => {
      if (!(await takeLease(db, START.name, START.holder, START.ttlMs))) {
        throw new StoreFailure('locked', 'a server is starting on the target database');
      }
      const result = await work();
      await releaseLease(db, START.name, START.holder);
      return result;
    });
  }

  async #makePartitions(rows: readonly Row[]): Promise<void> {
    const seqs = rows.map((row) => row.seq as number);
    const first = seqs.reduce((one, other) => Math.min(one, other));
    const end = seqs.reduce((one, other) => Math.max(one, other)) + 1;
    await this.#partitions.ensure(first, end);
  }

  async #mark(marker: string): Promise<void> {
    await this.#ask(
      `INSERT INTO installation (name, value) VALUES ($1, $2)
       ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
      [COPY_MARKER, marker],
    );
  }

  async #insert(table: string, columns: readonly string[]): Promise<string> {
    const key = `${table} ${columns.join()}`;
    const known = this.#inserts.get(key);
    if (known !== undefined) return known;
    const { rows } = await this.#ask(COLUMN_TYPES, [table]);
    const types = new Map((rows as { name: string; type: string }[]).map((r) => [r.name, r.type]));
    const arrays = columns.map((column, index) => `$${index + 1}::${types.get(column)}[]`);
    const text = `INSERT INTO ${table} (${columns.join(', ')})
      SELECT * FROM unnest(${arrays.join(', ')})`;
    this.#inserts.set(key, text);
    return text;
  }

  async #finds(text: string, values: unknown[] = []): Promise<boolean> {
    return (await this.#ask(text, values)).rows.length > 0;
  }

  #ask(text: string, values: unknown[]): Promise<QueryResult> {
    return this.#link.query({ text, values } satisfies QueryConfig);
  }

  async #inTransaction<T>(work: () => Promise<T>): Promise<T> {
    try {
      await this.#link.query('BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE');
      const result = await work();
      const { command } = await this.#link.query('COMMIT');
      if (command === 'COMMIT') return result;
      throw new StoreFailure('io_error', 'the database took the transaction back');
    } catch (error) {
      await this.#link.query('ROLLBACK').catch(() => undefined);
      throw this.#link.lost ?? toStoreFailure(error);
    }
  }
}
