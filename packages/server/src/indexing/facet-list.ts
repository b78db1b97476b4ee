import { FACET_FIELDS, type FieldName } from '@affidavit/schema';
import type { Kysely } from 'kysely';

import type { Tables } from '../store/tables.ts';
import type { Findable } from './terms.ts';

/** Values that are listed for each facet field of a log. */
export const FACET_VALUES_MAX = 10_000;

export interface FacetValue {
  readonly field: string;
  readonly value: string;
}

/** What each facet field of one log has had so far, up to a number of values for each field. */
export class FacetList {
  readonly #max: number;
  readonly #listed = new Map<string, Set<string>>();

  constructor(max: number, listed: readonly FacetValue[]) {
    this.#max = max;
    this.#keep(listed);
  }

  /** Collects the values of a segment; they are listed once it is kept. */
  begin() {
    const fresh = new Map<string, FacetValue>();
    const counts = new Map<string, number>();
    const list = (field: FieldName, value: string): boolean => {
      const listed = this.#listed.get(field);
      const key = `${field}\0${value}`;
      if (listed?.has(value) || fresh.has(key)) return true;
      const count = counts.get(field) ?? 0;
      if ((listed?.size ?? 0) + count >= this.#max) return false;
      counts.set(field, count + 1);
      fresh.set(key, { field, value });
      return true;
    };
    return {
      /** False when the event type could not be listed. */
      add(record: Findable): boolean {
        let typed = true;
        for (const field of FACET_FIELDS) {
          if (record[field] === undefined) continue;
          const known = list(field, String(record[field]));
          if (field === 'event_type') typed = known;
        }
        return typed;
      },
      get fresh(): FacetValue[] {
        return [...fresh.values()];
      },
      keep: () => this.#keep([...fresh.values()]),
    };
  }

  /** Values that nothing has any more: when they come again, they are listed again. */
  forget(values: readonly FacetValue[]): void {
    for (const { field, value } of values) this.#listed.get(field)?.delete(value);
  }

  #keep(values: readonly FacetValue[]): void {
    for (const { field, value } of values) {
      const listed = this.#listed.get(field) ?? new Set<string>();
      this.#listed.set(field, listed.add(value));
    }
  }
}

export function listedFacets(db: Kysely<Tables>, app: number): Promise<FacetValue[]> {
  return db.selectFrom('facet_values').select(['field', 'value']).where('app', '=', app).execute();
}

/** What some fields of a log have had so far. */
export async function valuesOf<F extends FieldName>(
  db: Kysely<Tables>,
  app: number,
  fields: readonly F[],
): Promise<{ field: F; value: string }[]> {
  const rows = await db
    .selectFrom('facet_values')
    .select(['field', 'value'])
    .where('app', '=', app)
    .where('field', 'in', fields)
    .execute();
  return rows.map(({ field, value }) => ({ field: field as F, value }));
}
