import type { CompiledQuery, Kysely } from 'kysely';

import type { Effect } from './port.ts';
import type { EffectTable, Tables } from './tables.ts';

/** An effect as SQL, in the dialect of the store. Column names come from our own code alone. */
export function compileEffect(db: Kysely<Tables>, effect: Effect): CompiledQuery {
  // One table of the union at a time: Kysely cannot follow a table name that is a union.
  const table = effect.table as EffectTable & 'installation';
  switch (effect.op) {
    case 'insert':
      return db
        .insertInto(table)
        .values(effect.row as never)
        .compile();
    case 'update':
      return db
        .updateTable(table)
        .set(effect.set as never)
        .where((eb) => eb.and(effect.where as never))
        .compile();
    case 'delete':
      return db
        .deleteFrom(table)
        .where((eb) => eb.and(effect.where as never))
        .compile();
  }
}
