import type { QueryResult } from 'pg';

import { seqsOf } from '../effects.ts';
import type { Removal } from '../port.ts';
import type { Link } from './link.ts';
import { hasTable, LOCKS } from './migrate.ts';
import * as statements from './statements.ts';

/** Entries of each app in one partition of `parts`. */
export const PARTITION_ENTRIES = 2 ** 20;

const nameOf = (index: number) => `parts_p${index}`;

/** A table is made apart and attached: that locks out neither readers nor writers. */
function creation(index: number): string {
  const name = nameOf(index);
  const first = index * PARTITION_ENTRIES;
  return `
    CREATE TABLE ${name} (LIKE parts INCLUDING STORAGE);
    ALTER TABLE parts ATTACH PARTITION ${name} FOR VALUES FROM (${first}) TO (${first + PARTITION_ENTRIES});
    ALTER TABLE ${name} ENABLE ALWAYS TRIGGER parts_guard;
    CREATE TRIGGER parts_truncate BEFORE TRUNCATE ON ${name}
      FOR EACH STATEMENT EXECUTE FUNCTION affidavit_sweep_only();
    ALTER TABLE ${name} ENABLE ALWAYS TRIGGER parts_truncate`;
}

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
    await link.query(`SELECT pg_advisory_xact_lock(${LOCKS.parts}, 0)`);
    if (!(await hasTable(link, nameOf(index)))) await link.query(creation(index));
  }
}

/**
 * Takes parts away, in the transaction that is open. The guard of the table is opened for this one
 * statement; taking the transaction back closes it too.
 */
export function removeParts(link: Link, removal: Removal): Promise<QueryResult> {
  const opened = link.query(statements.openSweep(['on']));
  const values = [removal.app, seqsOf(removal), removal.parts ?? null];
  const removed = link.query(statements.removeParts(values));
  const closed = link.query(statements.openSweep(['off']));
  return Promise.all([removed, opened, closed]).then(([result]) => result);
}
