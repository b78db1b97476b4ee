import type { QueryResult } from 'pg';

import { seqsOf } from '../effects.ts';
import type { Removal } from '../port.ts';
import type { Link } from './link.ts';
import { hasTable } from './migrate.ts';
import * as statements from './statements.ts';

/** Entries of each app in one partition of `parts`. */
export const PARTITION_ENTRIES = 2 ** 20;

const nameOf = (index: number) => `parts_p${index}`;

/**
 * Makes the partitions for entries [first, end) where they are missing, in the transaction that is
 * open. `known` remembers those that were there: one made here is gone if the transaction is.
 */
export async function ensurePartitions(
  link: Link,
  known: Set<number>,
  first: number,
  end: number,
): Promise<void> {
  const last = Math.floor((end - 1) / PARTITION_ENTRIES);
  for (let index = Math.floor(first / PARTITION_ENTRIES); index <= last; index++) {
    if (known.has(index)) continue;
    if (await hasTable(link, nameOf(index))) {
      known.add(index);
      continue;
    }
    await link.query({
      text: 'SELECT affidavit_make_parts($1, $2)',
      values: [index, PARTITION_ENTRIES],
    });
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
