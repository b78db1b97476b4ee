import type { Kysely } from 'kysely';

import type { ColumnValue, Effect, Removal, Row, RowEffect } from './port.ts';
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

export interface EffectQuery {
  readonly sql: string;
  readonly parameters: readonly ColumnValue[];
}

/** Of one connection; they are as many as our own code has, but for columns that may be left out. */
const TEXTS_MAX = 1000;
const texts = new WeakMap<Kysely<Tables>, Map<string, string>>();

/**
 * An effect as SQL, in the dialect of the store. The text depends on the effect's shape alone, and
 * is made once for each: to make it takes longer than to run it.
 */
export function compileEffect(db: Kysely<Tables>, effect: RowEffect): EffectQuery {
  let known = texts.get(db);
  if (!known) texts.set(db, (known = new Map()));
  const shape = shapeOf(effect);
  let sql = known.get(shape);
  if (sql === undefined) {
    sql = textOf(db, effect);
    if (known.size < TEXTS_MAX) known.set(shape, sql);
  }
  return { sql, parameters: parametersOf(effect) };
}

/** Column names come from our own code alone, and hold none of these separators. */
function shapeOf(effect: RowEffect): string {
  const { op, table, any } = effect;
  const written = op === 'insert' ? effect.row : op === 'update' ? effect.set : {};
  const met = op === 'insert' ? {} : effect.where;
  const names = columnsOf(written).map(([name]) => name);
  const where = columnsOf(met).map(([name, value]) => (value === null ? `${name}=` : name));
  return `${op} ${table} ${any ?? ''} ${names.join()} ${where.join()}`;
}

/** As Kysely does, it passes over columns without a value. */
const columnsOf = (row: Row) => Object.entries(row).filter(([, value]) => value !== undefined);

/** In the order in which the text has them; `is null` takes none. */
function parametersOf(effect: RowEffect): ColumnValue[] {
  const values = (row: Row) => columnsOf(row).map(([, value]) => value);
  const met = (where: Row) => values(where).filter((value) => value !== null);
  switch (effect.op) {
    case 'insert':
      return values(effect.row);
    case 'update':
      return [...values(effect.set), ...met(effect.where)];
    case 'delete':
      return met(effect.where);
  }
}

function textOf(db: Kysely<Tables>, effect: RowEffect): string {
  // One table of the union at a time: Kysely cannot follow a table name that is a union.
  const table = effect.table as EffectTable & 'installation';
  switch (effect.op) {
    case 'insert':
      return db
        .insertInto(table)
        .values(effect.row as never)
        .$if(effect.any === true, (insert) => insert.onConflict((met) => met.doNothing()))
        .compile().sql;
    case 'update':
      return db
        .updateTable(table)
        .set(effect.set as never)
        .where((eb) => eb.and(effect.where as never))
        .compile().sql;
    case 'delete':
      return db
        .deleteFrom(table)
        .where((eb) => eb.and(effect.where as never))
        .compile().sql;
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
