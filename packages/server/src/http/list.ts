import { AffidavitError, LIMITS } from '@affidavit/schema';

import { single } from './read-request.ts';
import type { Context } from './route.ts';

export function readLimit(query: Context['query'], max: number = LIMITS.pageEntries): number {
  const text = single(query, 'limit');
  if (text === undefined) return Math.min(LIMITS.pageDefault, max);
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= max) return limit;
  throw new AffidavitError('invalid_request', 'limit is not valid', {
    field: 'limit',
    expected: `a whole number from 1 to ${max}`,
  });
}

export interface List<T> {
  readonly data: readonly T[];
  readonly next_cursor: string | null;
  readonly has_more: boolean;
}

/** A page of a short list that is held in whole; the cursor is the id of its last row. */
export function pageOf<T>(rows: readonly T[], idOf: (row: T) => string, query: Context['query']) {
  const limit = readLimit(query);
  const cursor = single(query, 'cursor');
  const start = cursor === undefined ? 0 : rows.findIndex((row) => idOf(row) === cursor) + 1;
  if (cursor !== undefined && start === 0) {
    throw new AffidavitError('invalid_cursor', 'the cursor is not of this list', {
      field: 'cursor',
    });
  }
  const data = rows.slice(start, start + limit);
  const has_more = start + limit < rows.length;
  const last = data.at(-1);
  const next_cursor = has_more && last !== undefined ? idOf(last) : null;
  return { data, next_cursor, has_more };
}

export const LIST_QUERY = ['limit', 'cursor'] as const;

/** Times leave as ISO 8601, and what is not there is left out. */
export function present(row: object): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) {
    if (value === null || name === 'app') continue;
    shown[name] =
      name.endsWith('_at') && typeof value === 'number' ? new Date(value).toISOString() : value;
  }
  return shown;
}
