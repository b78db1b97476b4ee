import { FACET_FIELDS } from '@affidavit/schema';

import { FACET_VALUES_MAX, listedFacets } from '../indexing/facet-list.ts';
import type { Findable } from '../indexing/terms.ts';
import type { Tell } from './index-check.ts';
import { readable, type LogSource } from './source.ts';

/** Holds the values that are listed for menus and wildcards against those that records have. */
export class FacetCheck {
  readonly #tell: Tell;
  /** By field: the values that are listed and that no record seen so far has. */
  readonly #unseen = new Map<string, Set<string>>();
  readonly #listed = new Map<string, Set<string>>();
  /** Fields and values that are not listed; as many as there is room for in the lists. */
  readonly #told = new Set<string>();
  #someGone = false;

  private constructor(tell: Tell) {
    this.#tell = tell;
  }

  static async read({ db, app }: LogSource, tell: Tell): Promise<FacetCheck> {
    const check = new FacetCheck(tell);
    const listed = await readable(() => listedFacets(db, app));
    if (listed === null) tell(null, 'the values of facets cannot be read');
    for (const { field, value } of listed ?? []) {
      addTo(check.#listed, field, value);
      addTo(check.#unseen, field, value);
    }
    return check;
  }

  /** Of an indexed record. Whether its event type is listed. */
  see(seq: number, record: Findable): boolean {
    let isTyped = true;
    for (const field of FACET_FIELDS) {
      if (record[field] === undefined) continue;
      const value = String(record[field]);
      this.#unseen.get(field)?.delete(value);
      const listed = this.#listed.get(field);
      if (listed?.has(value)) continue;
      if (field === 'event_type') isTyped = false;
      if ((listed?.size ?? 0) >= FACET_VALUES_MAX || this.#told.has(`${field}\0${value}`)) continue;
      this.#told.add(`${field}\0${value}`);
      this.#tell(seq, `its ${field} is not listed among the values of facets`);
    }
    return isTyped;
  }

  /** Of an indexed record that was removed since: its values stay listed. */
  miss(): void {
    this.#someGone = true;
  }

  conclude(): void {
    if (this.#someGone) return;
    for (const [field, values] of this.#unseen) {
      for (const value of values) {
        this.#tell(null, `no entry has the ${field} ${value} that is listed among the facets`);
      }
    }
  }
}

function addTo(lists: Map<string, Set<string>>, field: string, value: string): void {
  lists.set(field, (lists.get(field) ?? new Set<string>()).add(value));
}
