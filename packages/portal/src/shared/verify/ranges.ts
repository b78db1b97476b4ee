import {
  decodeEntryBundle,
  fromUtf8,
  LedgerError,
  parseHeader,
  TILE_WIDTH,
  tilePath,
  verifyLog,
  verifyRangeLines,
  type EntryHeader,
  type TimeRange,
  type Trust,
} from '@affidavit/ledger';

import { foundIn, type Found, type Tell } from './found.ts';
import type { Head, Source } from './jobs.ts';
import { below, CouldNotCheck, readBytes, readChunks } from './reading.ts';
import type { SameLog } from './same-log.ts';

/** Checks of many entries by their headers, which show nothing of their contents. */

export interface Opened {
  readonly source: Source;
  readonly trust: Trust;
  readonly head: Head;
  readonly log: SameLog;
}

/** The whole log against the checkpoint that was just seen, bundle by bundle, with every tile. */
export async function checkTiles({ source, trust, head }: Opened, tell: Tell): Promise<Found> {
  const note = new TextEncoder().encode(head.checkpoint);
  const read = (path: string) =>
    path === 'checkpoint' ? Promise.resolve(note) : readBytes(below(source.ledger, path));
  const onProgress = (done: number, total: number) => tell({ done, total });
  return foundIn(await verifyLog(read, { ...trust, onProgress }));
}

/** Without an end, to that end of the ledger. */
export async function checkRange(
  { source, trust, log }: Opened,
  { from, to }: TimeRange,
  tell: Tell,
): Promise<Found> {
  const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  const address = below(source.ledger, 'range', { ...range, format: 'ndjson' });
  const lines = new LineCount(tell);
  const verdict = await verifyRangeLines(readChunks(address, lines.add), { ...trust, ...range });
  await log.hold(verdict.checkpoint);
  return foundIn(verdict);
}

/** A range of positions is the range of time from the first to the last of them. */
export async function checkPlaces(
  opened: Opened,
  { first, last }: { readonly first: number; readonly last: number },
  tell: Tell,
): Promise<Found> {
  const end = Math.min(last, opened.head.size - 1);
  const from = (await headerAt(opened, first)).created_at;
  const until = (await headerAt(opened, end)).created_at;
  const to = new Date(Date.parse(until) + 1).toISOString();
  const found = await checkRange(opened, { from, to }, tell);
  const isShown = (found.first_seq ?? 0) <= first && (found.last_seq ?? -1) >= end;
  if (isShown || found.broken.length > 0) return found;
  // The times came from the server: what was proved must be what was asked for.
  throw new LedgerError('proof_failed', 'The server shows other positions than those asked for.');
}

/** Names the damaged entries as the server does, so that the trail can be asked about them. */
export async function named(opened: Opened, found: Found): Promise<Found> {
  const broken = found.broken.map(async (damage) => {
    if (damage.seq === null) return damage;
    const header = await headerAt(opened, damage.seq).catch(() => null);
    return header === null ? damage : { ...damage, event_id: header.event_id };
  });
  return { ...found, broken: await Promise.all(broken) };
}

/** As the server serves it: nothing about it is checked yet. */
export async function headerAt(opened: Opened, seq: number): Promise<EntryHeader> {
  return parseHeader(await headerTextAt(opened, seq));
}

export async function headerTextAt({ source, head }: Opened, seq: number): Promise<string> {
  if (seq >= head.size) {
    const advice = `The last entry is ${head.size - 1}.`;
    throw new CouldNotCheck(`There is no entry ${seq} in this ledger.`, advice);
  }
  const index = Math.floor(seq / TILE_WIDTH);
  const width = Math.min(TILE_WIDTH, head.size - index * TILE_WIDTH);
  const path = tilePath({ level: 'entries', index, width });
  const entries = decodeEntryBundle(await readBytes(below(source.ledger, path)));
  const entry = entries[seq % TILE_WIDTH];
  if (entry === undefined) throw new LedgerError('malformed', `There is nothing at ${seq}.`);
  return fromUtf8(entry);
}

/** How many lines of a range proof came, and of how many: its first line says it. */
export class LineCount {
  readonly #tell: Tell;
  #frame = '';
  #total: number | null = null;
  #done = -1;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  readonly add = (chunk: Uint8Array): void => {
    if (this.#total === null) this.#readFrame(chunk);
    for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, at + 1)) this.#done += 1;
    const total = this.#total ?? 0;
    this.#tell({ done: Math.max(0, Math.min(this.#done, total)), total });
  };

  #readFrame(chunk: Uint8Array): void {
    this.#frame += new TextDecoder().decode(chunk.subarray(0, 1_000_000));
    const newline = this.#frame.indexOf('\n');
    if (newline < 0) return;
    const count = (name: string) =>
      Number(new RegExp(`"${name}":(-?\\d+)`).exec(this.#frame.slice(0, newline))?.[1] ?? 0);
    this.#total = count('last_seq') - count('first_seq') + 1;
    this.#frame = '';
  }
}
