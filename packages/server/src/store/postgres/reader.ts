import { Kysely } from 'kysely';
import { Pool, type ClientBase } from 'pg';

import { Turns } from '../../threads/turns.ts';
import type { Tables } from '../tables.ts';
import { unreachable } from './failure.ts';
import { kyselyOn } from './kysely.ts';
import { configOf } from './link.ts';

const SIZE = 4;
const CONNECT_MS = 3000;
const STATEMENT_MS = 15_000;
const IDLE_MS = 60_000;

export interface PostgresReaderOptions {
  /** Connections at most; a query waits for one until another has ended. */
  readonly size?: number;
  readonly statementTimeoutMs?: number;
}

/**
 * A transaction without settings of its own is one snapshot that cannot write: `db.transaction()`
 * sends a plain BEGIN. Also on a standby.
 */
function settings(statementMs: number): string {
  return `SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;
    SET statement_timeout = ${statementMs};
    SET lock_timeout = ${statementMs};
    SET idle_in_transaction_session_timeout = ${statementMs * 2};
    SET jit = off`;
}

/** Opens connections for reading alone, as they are needed. All errors are `StoreFailure`s. */
export function openPostgresReader(
  url: string,
  { size = SIZE, statementTimeoutMs = STATEMENT_MS }: PostgresReaderOptions = {},
): Kysely<Tables> {
  const prepare = settings(statementTimeoutMs);
  const pool = new Pool({
    ...configOf(url, 'affidavit reader'),
    max: size,
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: IDLE_MS,
    // Awaited by the pool before the connection is handed out.
    onConnect: (client: ClientBase) => client.query(prepare) as unknown as undefined,
  });
  pool.on('error', () => undefined);
  // The pool would take a connection that is not free in time for a database that does not answer.
  const turns = new Turns(size);
  const connect = async () => {
    const end = await turns.take();
    const client = await pool.connect().catch((error: unknown) => {
      end();
      throw unreachable(error);
    });
    return {
      query: (text: string, values: unknown[]) => client.query({ text, values }),
      release: (broken: boolean) => {
        client.release(broken);
        end();
      },
    };
  };
  return kyselyOn(connect, () => pool.end());
}
