import { Kysely, PostgresDialect, type PostgresPoolClient } from 'kysely';
import type { QueryResult } from 'pg';

import type { Tables } from '../tables.ts';
import { toStoreFailure } from './failure.ts';
import { parameter } from './link.ts';

/** What Kysely runs on: a connection that is taken for a query or a transaction and given back. */
export interface Session {
  query(text: string, values: unknown[]): Promise<QueryResult>;
  release(broken: boolean): void;
}

function clientOf(session: Session) {
  return {
    async query(text: string, values: readonly unknown[] = []) {
      try {
        return await session.query(text, values.map(parameter));
      } catch (error) {
        throw toStoreFailure(error);
      }
    },
    release: (broken?: boolean) => session.release(broken === true),
  };
}

/** Kysely on PostgreSQL. Its errors are `StoreFailure`s. */
export function kyselyOn(
  connect: () => Promise<Session>,
  end: () => Promise<void> = async () => undefined,
): Kysely<Tables> {
  const pool = {
    options: {},
    connect: async () => clientOf(await connect()) as unknown as PostgresPoolClient,
    end,
  };
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
}
