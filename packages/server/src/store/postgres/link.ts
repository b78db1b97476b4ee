import {
  Client,
  types as parsers,
  type ClientConfig,
  type QueryConfig,
  type QueryResult,
} from 'pg';

import { StoreFailure } from '../port.ts';
import { toStoreFailure, unreachable } from './failure.ts';

const INT8 = 20;
const CONNECT_MS = 3000;

function toNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new StoreFailure('damaged', 'the database holds a number beyond 2^53');
  }
  return value;
}

/** bigint columns as numbers; on these connections alone. */
const parserOf = (oid: number, format?: 'text' | 'binary') =>
  oid === INT8 && format !== 'binary' ? toNumber : parsers.getTypeParser(oid, format as 'text');
const types = { getTypeParser: parserOf as typeof parsers.getTypeParser };

/** U+0000 is the one character that text in PostgreSQL cannot hold. Bodies carry it escaped. */
export function parameter(value: unknown): unknown {
  return typeof value === 'string' && value.includes('\0')
    ? value.replaceAll('\0', '\uFFFD')
    : value;
}

/**
 * What all connections have in common. Throws `StoreFailure` for a URL that cannot be read; the
 * error behind it would repeat the URL, with its password.
 */
export function configOf(url: string, name: string): ClientConfig {
  const config = { connectionString: url, application_name: name, keepAlive: true, types };
  try {
    void new Client(config);
    return config;
  } catch {
    throw new StoreFailure('unreachable', 'the database URL cannot be read');
  }
}

/**
 * One connection. Queries are sent as they come, without waiting for the answers to those before
 * (`pipeline`); each still has its own answer. After it is lost it stays lost.
 */
export class Link {
  readonly client: Client;
  #lost: StoreFailure | null = null;
  #gathering = false;

  private constructor(client: Client) {
    this.client = client;
    client.on('error', (error) => this.#lose(unreachable(error)));
    client.on('end', () => this.#lose(unreachable(undefined)));
  }

  /** Throws `StoreFailure`. `url` is what libpq takes; it never appears in an error. */
  static async open(url: string, name: string): Promise<Link> {
    const client = new Client({
      ...configOf(url, name),
      connectionTimeoutMillis: CONNECT_MS,
      pipeline: true,
    });
    const link = new Link(client);
    try {
      await client.connect();
      return link;
    } catch (error) {
      link.destroy(unreachable(error));
      const failure = toStoreFailure(error);
      throw failure.reason === 'io_error' ? unreachable(error) : failure;
    }
  }

  /** Why it can no longer be used, or null. */
  get lost(): StoreFailure | null {
    return this.#lost;
  }

  query(query: string | QueryConfig): Promise<QueryResult> {
    if (this.#lost) return Promise.reject(this.#lost);
    this.#gather();
    return this.client.query(query);
  }

  /** What is asked for in one turn is written as one: each write is a call to the kernel. */
  #gather(): void {
    if (this.#gathering) return;
    this.#gathering = true;
    const { stream } = this.client.connection;
    stream.cork();
    process.nextTick(() => {
      this.#gathering = false;
      stream.uncork();
    });
  }

  /** Ends it at once; what waits for an answer gets none. */
  destroy(reason: StoreFailure): void {
    this.#lose(reason);
    this.client.connection.stream.destroy();
  }

  /** Ends it politely. */
  async close(): Promise<void> {
    if (this.#lost) return;
    this.#lose(new StoreFailure('unreachable', 'the store is closed'));
    await this.client.end();
  }

  #lose(reason: StoreFailure): void {
    this.#lost ??= reason;
  }
}
