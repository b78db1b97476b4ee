import { FACET_FIELDS } from '@affidavit/schema';

import { FACET_VALUES_MAX, listedFacets } from '../indexing/facet-list.ts';
import type { Findable } from '../indexing/terms.ts';
import type { Tell } from './index-check.ts';
import type { LogSource } from './source.ts';

/** Holds the values that are listed for menus and wildcards against those that records have. */
export class FacetCheck {
  readonly #tell: Tell;
  /** By field: the values that are listed and that no record seen so far has. */
  readonly #unseen = new Map<string, Set<string>>();
  readonly #listed = new Map<string, Set<string>>();
  /** Fields and values that are not listed; as many as there is room for in the lists. */
  readonly #told = new Set<string>();
  #someGone = false;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  /** Takes up what is listed by now: a segment lists its values as it is made. */
  async read({ db, app }: LogSource): Promise<void> {
    for (const { field, value } of await listedFacets(db, app)) {
      if (this.#listed.get(field)?.has(value)) continue;
      addTo(this.#listed, field, value);
      addTo(this.#unseen, field, value);
    }
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
