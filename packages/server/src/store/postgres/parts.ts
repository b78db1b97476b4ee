import type { QueryResult } from 'pg';

import { seqsOf } from '../effects.ts';
import type { Removal } from '../port.ts';
import type { Link } from './link.ts';
import { hasTable } from './migrate.ts';
import * as statements from './statements.ts';

/** Entries of each app in one partition of `parts`. */
export const PARTITION_ENTRIES = 2 ** 20;

const nameOf = (index: number) => `parts_p${index}`;

/** The partitions of `parts`, as one connection sees them. */
export class Partitions {
  readonly #link: Link;
  readonly #apart: (() => Promise<Link>) | null;
  /** Those that were there: one made in a transaction is gone if that is. */
  readonly #known = new Set<number>();

  /**
   * `apart` opens a connection to make them on. Citus needs one: a partition is made on every
   * machine and as the owner, and a transaction that has locked a head as another role may not.
   */
  constructor(link: Link, apart: (() => Promise<Link>) | null) {
    this.#link = link;
    this.#apart = apart;
  }

  /** Makes those for entries [first, end) that are missing, within the transaction that is open. */
  async ensure(first: number, end: number): Promise<void> {
    const last = Math.floor((end - 1) / PARTITION_ENTRIES);
    for (let index = Math.floor(first / PARTITION_ENTRIES); index <= last; index++) {
      if (this.#known.has(index)) continue;
      if (await hasTable(this.#link, nameOf(index))) this.#known.add(index);
      else await this.#make(index);
    }
  }

  async #make(index: number): Promise<void> {
    const link = (await this.#apart?.()) ?? this.#link;
    try {
      const values = [index, PARTITION_ENTRIES];
      await link.query({ text: 'SELECT affidavit_make_parts($1, $2)', values });
    } finally {
      if (link !== this.#link) await link.close();
    }
  }
}

/**
 * Takes parts away, in the transaction that is open. The guard of the table is opened for this one
 * statement; taking the transaction back closes it too. `SET LOCAL` and no function: of a cluster,
 * the machine that has the rows must hear it.
 */
export function removeParts(link: Link, removal: Removal): Promise<QueryResult> {
  const opened = link.query("SET LOCAL affidavit.sweep = 'on'");
  const values = [removal.app, seqsOf(removal), removal.parts ?? null];
  const removed = link.query(statements.removeParts(values));
  const closed = link.query("SET LOCAL affidavit.sweep = 'off'");
  return Promise.all([removed, opened, closed]).then(([result]) => result);
}
