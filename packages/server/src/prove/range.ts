import { readRange, toBase64, type RangeProof } from '@affidavit/ledger';
import type { Kysely } from 'kysely';

import { firstAtOrAfter } from '../query/page.ts';
import type { Tables } from '../store/tables.ts';
import { checkpointOf, readHead } from './head.ts';
import { storedNodes } from './nodes.ts';

/** Epoch ms; an open end is left out. */
export interface Times {
  readonly from?: number;
  readonly to?: number;
}

/** A range proof without its headers: entries never change, so that those can be read later. */
export type RangeFrame = Omit<RangeProof, 'headers'>;

/**
 * The proof that the headers [first_seq, last_seq] are all there is of a log in [from, to), under
 * the newest checkpoint. They begin with the last entry before `from` and end with the first at or
 * after `to`, where there are such.
 */
export async function frameRange(
  db: Kysely<Tables>,
  app: number,
  times: Times,
): Promise<RangeFrame> {
  const { size, checkpoint } = await readHead(db, app);
  const { first, end } = await boundsOf(db, app, size, times);
  const nodes = storedNodes(db, app, size);
  const left = await readRange(0, first, nodes);
  const right = await readRange(end, size, nodes);
  return {
    origin: checkpointOf(checkpoint).origin,
    first_seq: first,
    last_seq: end - 1,
    left: left.map(toBase64),
    right: right.map(toBase64),
    checkpoint,
  };
}

async function boundsOf(
  db: Kysely<Tables>,
  app: number,
  size: number,
  { from, to }: Times,
): Promise<{ readonly first: number; readonly end: number }> {
  const within = from === undefined ? 0 : await firstAtOrAfter(db, app, size, from);
  const beyond = to === undefined ? size : await firstAtOrAfter(db, app, size, to);
  return { first: Math.max(within - 1, 0), end: Math.min(beyond + 1, size) };
}

/** Members of a JSON list, or a line each. */
export type HeaderFormat = 'json' | 'ndjson';

/** Headers of the entries [first, end). */
export interface HeaderSpan {
  readonly first: number;
  readonly end: number;
  readonly format: HeaderFormat;
}

/** Headers as an answer carries them: in JSON as strings, in lines as the text that was logged. */
export function formatHeaders(headers: readonly string[], format: HeaderFormat): string {
  if (format === 'json') return JSON.stringify(headers).slice(1, -1);
  return headers.map((header) => `${header}\n`).join('');
}
