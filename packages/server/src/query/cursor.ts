import { createHash } from 'node:crypto';

import { AffidavitError } from '@affidavit/schema';

import type { Filter } from './filter.ts';

export type Order = 'asc' | 'desc';

/**
 * Where a page ended. `seq` is exclusive: an ascending page goes on above it, a descending one
 * below it. Because `seq` is gapless and given under the lock of the log, nothing can appear behind
 * a cursor, and nothing is seen twice.
 */
export interface Cursor {
  readonly seq: number;
  readonly order: Order;
}

/**
 * Ties a cursor to its question, so that it cannot be used for another one by mistake. The order
 * in which the conditions were written does not matter.
 */
function questionOf(app: number, order: Order, filter: Filter): string {
  const conditions = filter.conditions.map((condition) => JSON.stringify(condition)).sort();
  const { from, to, words, phrases, finals, open } = filter;
  return createHash('sha256')
    .update(JSON.stringify([app, order, conditions, { from, to, words, phrases, finals, open }]))
    .digest('base64url')
    .slice(0, 12);
}

export function encodeCursor(app: number, filter: Filter, { seq, order }: Cursor): string {
  return Buffer.from(`1.${seq}.${questionOf(app, order, filter)}`).toString('base64url');
}

/** Reads a cursor, which anyone may have made up. */
export function decodeCursor(app: number, filter: Filter, order: Order, text: string): Cursor {
  const [version, seq = '', question] = Buffer.from(text, 'base64url')
    .toString('latin1')
    .split('.');
  const known = version === '1' && /^(-1|\d{1,15})$/.test(seq);
  const canonical = known && Buffer.from(`1.${seq}.${question}`).toString('base64url') === text;
  if (!canonical) {
    throw new AffidavitError('invalid_cursor', 'the cursor is damaged', { field: 'cursor' });
  }
  if (question !== questionOf(app, order, filter)) {
    throw new AffidavitError('invalid_cursor', 'the cursor belongs to another question', {
      field: 'cursor',
      expected: 'the same filters and order as on the page that gave it',
    });
  }
  return { seq: Number(seq), order };
}
