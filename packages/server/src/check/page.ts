import { HASH_SIZE } from '@affidavit/ledger';
import { sql, type Kysely } from 'kysely';

import type { EntriesTable, PartsTable, Tables } from '../store/tables.ts';
import { bytesOfText, hexOf, readable, type LogSource } from './source.ts';

type EntryRow = Omit<EntriesTable, 'app' | 'fingerprint' | 'leaf_hash'> & {
  /** In hex. */
  readonly leaf_hash: string;
};

export type StoredPart = Omit<PartsTable, 'app'>;

export interface StoredEntry extends EntryRow {
  /** In the order of their names. */
  readonly parts: StoredPart[];
}

/** What is stored at one position: nothing, or something that cannot be read as it was written. */
export type Stored = StoredEntry | 'missing' | 'unreadable';

/** Bodies that are held at once: more are read in halves. */
const PAGE_BYTES_MAX = 16 * 1024 * 1024;
/** The last day that a date can be, epoch ms. */
const TIME_MAX = 8.64e15;

/** Entries that are read at once. */
const PAGE_ENTRIES = 1024;

/** What is stored of [first, end), position by position, page by page, each in one snapshot. */
export async function* readStored(
  source: LogSource,
  first: number,
  end: number,
): AsyncGenerator<Stored[]> {
  for (let at = first; at < end; at += PAGE_ENTRIES) {
    yield* readSome(source, at, Math.min(at + PAGE_ENTRIES, end));
  }
}

/** What is damaged, or too much at once, is read in halves, down to single entries. */
async function* readSome(source: LogSource, first: number, end: number): AsyncGenerator<Stored[]> {
  const isOne = end - first === 1;
  const page = await readable(() =>
    source.db.transaction().execute(async (at) => {
      const bytes = isOne ? 0 : await weigh(at, source.app, first, end);
      return bytes > PAGE_BYTES_MAX ? null : readPage({ ...source, db: at }, first, end);
    }),
  );
  if (page) yield page;
  else if (isOne) yield ['unreadable'];
  else {
    const middle = Math.floor((first + end) / 2);
    yield* readSome(source, first, middle);
    yield* readSome(source, middle, end);
  }
}

async function weigh(db: Kysely<Tables>, app: number, first: number, end: number): Promise<number> {
  const row = await db
    .selectFrom('parts')
    .select(sql<number | null>`sum(octet_length(body))`.as('bytes'))
    .where('app', '=', app)
    .where('seq', '>=', first)
    .where('seq', '<', end)
    .executeTakeFirst();
  return Number(row?.bytes ?? 0);
}

async function readPage(source: LogSource, first: number, end: number): Promise<Stored[]> {
  const { db, kind, app } = source;
  const page: Stored[] = Array.from({ length: end - first }, () => 'missing');
  const entries = await db
    .selectFrom('entries')
    .select(['seq', 'event_id', 'created_at', 'header'])
    .select((eb) => hexOf(kind, eb.ref('leaf_hash')).as('leaf_hash'))
    .where('app', '=', app)
    .where('seq', '>=', first)
    .where('seq', '<', end)
    .orderBy('seq')
    .execute();
  for (const row of entries) {
    const at = row.seq - first;
    const isSound = page[at] === 'missing' && isEntry(row);
    if (at in page) page[at] = isSound ? Object.assign(row, { parts: [] }) : 'unreadable';
  }
  const parts = await db
    .selectFrom('parts')
    .select(['seq', 'part', 'salt', 'body'])
    .where('app', '=', app)
    .where('seq', '>=', first)
    .where('seq', '<', end)
    .orderBy('seq')
    .orderBy('part')
    .execute();
  for (const part of parts) {
    const entry = page[part.seq - first];
    if (typeof entry === 'object') entry.parts.push(part);
  }
  const doubtful = page.filter((entry) => typeof entry === 'object' && isDoubtful(entry));
  for (const seq of await findMended(source, doubtful as StoredEntry[])) {
    page[seq - first] = 'unreadable';
  }
  return page;
}

/** Columns of a damaged file can be of any type. */
function isEntry({ event_id, created_at, header, leaf_hash }: EntryRow): boolean {
  return (
    typeof event_id === 'string' &&
    typeof header === 'string' &&
    leaf_hash?.length === 2 * HASH_SIZE &&
    Number.isInteger(created_at) &&
    Math.abs(created_at) <= TIME_MAX
  );
}

/** Stands for what is not UTF-8, when it is read as text. */
const REPLACEMENT = '\uFFFD';

function isDoubtful({ event_id, header, parts }: StoredEntry): boolean {
  return (
    header.includes(REPLACEMENT) ||
    event_id.includes(REPLACEMENT) ||
    parts.some(({ body }) => typeof body === 'string' && body.includes(REPLACEMENT))
  );
}

/** Entries of which a text that was read is not, byte by byte, the one that is stored. */
async function findMended(
  { db, kind, app }: LogSource,
  entries: readonly StoredEntry[],
): Promise<Set<number>> {
  const mended = new Set<number>();
  if (entries.length === 0) return mended;
  const read = new Map(entries.map((entry) => [entry.seq, entry]));
  const rows = await db
    .selectFrom('entries')
    .select((eb) => [
      'seq',
      bytesOfText(kind, eb.ref('header')).as('header'),
      bytesOfText(kind, eb.ref('event_id')).as('event_id'),
    ])
    .where('app', '=', app)
    .where('seq', 'in', [...read.keys()])
    .execute();
  const parts = await db
    .selectFrom('parts')
    .select((eb) => ['seq', 'part', bytesOfText(kind, eb.ref('body')).as('body')])
    .where('app', '=', app)
    .where('seq', 'in', [...read.keys()])
    .execute();
  for (const { seq, header, event_id } of rows) {
    const entry = read.get(seq);
    if (!isText(header, entry?.header) || !isText(event_id, entry?.event_id)) mended.add(seq);
  }
  for (const { seq, part, body } of parts) {
    const known = read.get(seq)?.parts.find((one) => one.part === part);
    if (!isText(body, known?.body)) mended.add(seq);
  }
  return mended;
}

const isText = (bytes: Uint8Array, text: string | undefined): boolean =>
  typeof text === 'string' && Buffer.from(text).equals(bytes);
