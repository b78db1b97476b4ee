import type { CompiledQuery, Kysely } from 'kysely';

import type { Effect } from './port.ts';
import type { EffectTable, Tables } from './tables.ts';

/** Effects with their sized columns filled. */
export function fillSizes(
  effects: readonly Effect[],
  sizes: Readonly<Record<'before' | 'after', number>>,
): readonly Effect[] {
  return effects.map((effect) => {
    if (effect.op === 'delete' || effect.sized === undefined) return effect;
    const filled = { [effect.sized.column]: sizes[effect.sized.size] };
    return effect.op === 'insert'
      ? { ...effect, row: { ...effect.row, ...filled } }
      : { ...effect, set: { ...effect.set, ...filled } };
  });
}

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
