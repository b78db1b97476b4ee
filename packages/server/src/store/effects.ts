import type { CompiledQuery, Kysely } from 'kysely';

import type { Effect, Removal, RowEffect } from './port.ts';
import type { EffectTable, Tables } from './tables.ts';

/** Effects with their sized columns filled. */
export function fillSizes(
  effects: readonly Effect[],
  sizes: Readonly<Record<'before' | 'after', number>>,
): readonly Effect[] {
  return effects.map((effect) => {
    if (!('sized' in effect) || effect.sized === undefined) return effect;
    const filled = { [effect.sized.column]: sizes[effect.sized.size] };
    return effect.op === 'insert'
      ? { ...effect, row: { ...effect.row, ...filled } }
      : { ...effect, set: { ...effect.set, ...filled } };
  });
}

/** An effect as SQL, in the dialect of the store. Column names come from our own code alone. */
export function compileEffect(db: Kysely<Tables>, effect: RowEffect): CompiledQuery {
  // One table of the union at a time: Kysely cannot follow a table name that is a union.
  const table = effect.table as EffectTable & 'installation';
  switch (effect.op) {
    case 'insert':
      return db
        .insertInto(table)
        .values(effect.row as never)
        .$if(effect.any === true, (insert) => insert.onConflict((met) => met.doNothing()))
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

/** Whether what an effect did to so many rows is what it had to do. */
export function isApplied(effect: Effect, rows: number): boolean {
  if (effect.op === 'remove') return rows === effect.rows;
  return effect.any === true || rows === 1;
}

/** All entries of a removal, one by one. */
export function seqsOf({ ranges }: Removal): number[] {
  return ranges.flatMap(([first, end]) => Array.from({ length: end - first }, (_, i) => first + i));
}
