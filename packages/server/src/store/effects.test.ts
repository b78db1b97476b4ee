import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely';

import { compileEffect } from './effects.ts';
import type { RowEffect } from './port.ts';
import type { Tables } from './tables.ts';

const db = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (of) => new PostgresIntrospector(of),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

/** Each twice: made, and found again. */
function check(effect: RowEffect, sql: string, parameters: readonly unknown[]): void {
  for (let times = 0; times < 2; times++) {
    assert.deepEqual(compileEffect(db, effect), { sql, parameters });
  }
}

test('the same effect with other values has the same text, and its own values', () => {
  for (const name of ['a', 'b']) {
    check(
      { op: 'insert', table: 'callers', row: { app: 1, name, description: null } },
      'insert into "callers" ("app", "name", "description") values ($1, $2, $3)',
      [1, name, null],
    );
    check(
      {
        op: 'update',
        table: 'callers',
        where: { app: 1, name },
        set: { description: `of ${name}` },
      },
      'update "callers" set "description" = $1 where ("app" = $2 and "name" = $3)',
      [`of ${name}`, 1, name],
    );
  }
});

test('what decides on the text makes another', () => {
  const row = { app: 1, name: 'a' };
  const insert = 'insert into "callers" ("app", "name") values ($1, $2)';
  check({ op: 'insert', table: 'callers', row }, insert, [1, 'a']);
  check({ op: 'insert', table: 'callers', row, any: true }, `${insert} on conflict do nothing`, [
    1,
    'a',
  ]);
  const where = { app: 1, description: null };
  check(
    { op: 'delete', table: 'callers', where },
    'delete from "callers" where ("app" = $1 and "description" is null)',
    [1],
  );
  check(
    { op: 'delete', table: 'callers', where: { ...where, description: '' } },
    'delete from "callers" where ("app" = $1 and "description" = $2)',
    [1, ''],
  );
});
