import { createHash } from 'node:crypto';

import { AffidavitError, newId } from '@affidavit/schema';

import { LINE_FORMATS } from '../../export/lines.ts';
import type { ParquetGroup } from '../../export/parquet.ts';
import type { ExportFormat, ExportPiece, ExportRequest } from '../../export/read.ts';
import type { LedgerHead } from '../../prove/head.ts';
import { encodeCursor } from '../../query/cursor.ts';
import { CSV_HEADER } from '../../query/csv.ts';
import { parseFilter, type Filter } from '../../query/filter.ts';
import { single } from '../read-request.ts';
import type { Context } from '../route.ts';
import { sendPieces } from '../send-pieces.ts';
import { recordAccess, shown } from '../trail-reads.ts';

/** Exports with a manifest (docs/decisions, "Manifests of exports are entries"). */

const CONTENT_TYPES: Readonly<Record<ExportFormat, readonly [type: string, name: string]>> = {
  csv: ['text/csv; charset=utf-8', 'csv'],
  ndjson: ['application/x-ndjson', 'ndjson'],
  ecs: ['application/x-ndjson', 'ecs.ndjson'],
  ocsf: ['application/x-ndjson', 'ocsf.ndjson'],
  parquet: ['application/vnd.apache.parquet', 'parquet'],
};

/** Parameters beside filters. */
export const EXPORT_QUERY = ['format', 'after_seq', 'before_seq', 'limit', 'app_id'] as const;
const CHUNK_ENTRIES = 1000;
const LIMIT_MAX = 100_000_000;

/** What a client asked for. */
interface Wish {
  readonly format: ExportFormat;
  readonly filter: Filter;
  readonly after_seq: number | null;
  readonly before_seq: number;
  readonly limit: number;
}

/** Says what the bytes of an export are, so that whoever has them can tell that they are all. */
export interface ExportManifest {
  readonly export_id: string;
  readonly format: ExportFormat;
  readonly filter: object;
  /** Positions between which was looked, both exclusive; null for the beginning of the ledger. */
  readonly after_seq: number | null;
  readonly before_seq: number;
  readonly count: number;
  readonly first_seq: number | null;
  readonly last_seq: number | null;
  /** Where the rest begins, if `limit` cut it off: the next `after_seq`. */
  readonly next_after_seq: number | null;
  readonly bytes: number;
  /** Of the bytes, hex. */
  readonly sha256: string;
  /** Entries of the ledger when the export began, and the signed note over them. */
  readonly size: number;
  readonly checkpoint: string;
}

function readFormat(query: Context['query']): ExportFormat {
  const format = single(query, 'format') ?? 'ndjson';
  if (Object.hasOwn(CONTENT_TYPES, format)) return format as ExportFormat;
  throw new AffidavitError('invalid_request', 'the format is not known', {
    field: 'format',
    expected: `one of ${[...LINE_FORMATS, 'parquet'].join(', ')}`,
  });
}

function readNumber(query: Context['query'], name: string, min: number): number | undefined {
  const text = single(query, name);
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text) && Number(text) >= min) return Number(text);
  throw new AffidavitError('invalid_request', `${name} is not a number that it can be`, {
    field: name,
    expected: `a whole number from ${min}`,
  });
}

/** Everything that a filter finds in the ledger as it is now, oldest first, piece by piece. */
export async function exportEvents(context: Context): Promise<undefined> {
  const { query, app, services } = context;
  const format = readFormat(query);
  const filter = parseFilter(query, EXPORT_QUERY);
  const after_seq = readNumber(query, 'after_seq', 0) ?? null;
  const asked = readNumber(query, 'before_seq', 0);
  const limit = Math.min(readNumber(query, 'limit', 1) ?? LIMIT_MAX, LIMIT_MAX);
  const export_id = newId('export');
  const places = after_seq === null ? {} : { after_seq };
  await recordAccess(context, {
    event_type: 'trail.exported',
    args: { export_id, format, filter: shown(filter), ...places },
  });
  const head = await services.readers.run<LedgerHead>('ledgerHead', { app: app.app });
  const before_seq = Math.min(asked ?? head.size, head.size);
  const wish: Wish = { format, filter, after_seq, before_seq, limit };
  const [type, extension] = CONTENT_TYPES[format];
  const headers = {
    'content-type': type,
    'content-disposition': `attachment; filename="affidavit-${app.app_id}.${extension}"`,
    'affidavit-export-id': export_id,
  };
  return sendPieces(context, headers, writePieces(context, wish, head, export_id));
}

async function* writePieces(context: Context, wish: Wish, head: LedgerHead, export_id: string) {
  const tally = new Tally();
  const { format, after_seq, before_seq, filter } = wish;
  for await (const bytes of fileOf(context, wish, tally)) {
    tally.addBytes(bytes);
    yield bytes;
  }
  const manifest: ExportManifest = {
    export_id,
    format,
    filter: shown(filter),
    after_seq,
    before_seq,
    ...tally.counts(),
    ...tally.digest(),
    size: head.size,
    checkpoint: head.checkpoint,
  };
  // Before the last byte leaves: who has the whole file finds its manifest.
  await recordAccess(context, {
    event_id: eventIdOf(export_id),
    event_type: 'trail.export_completed',
    args: manifest as never,
  });
}

async function* fileOf(context: Context, wish: Wish, tally: Tally) {
  const { format, after_seq } = wish;
  if (format === 'csv' && after_seq === null) yield CSV_HEADER;
  const parquet = format === 'parquet' ? await import('../../export/parquet.ts') : null;
  if (parquet) yield parquet.PARQUET_START;
  for await (const piece of readPieces(context, wish, tally)) {
    tally.addPiece(piece);
    yield piece.bytes;
  }
  if (parquet) yield parquet.parquetEnd(tally.groups, tally.bytes);
}

/** The next piece is read while this one is on its way; no more than one waits. */
async function* readPieces({ app, services }: Context, wish: Wish, tally: Tally) {
  const { format, filter, after_seq, before_seq, limit } = wish;
  const most = format === 'parquet' ? limit : CHUNK_ENTRIES;
  const read = async (cursor: string, offset: number, left: number) => {
    const question = { app: app.app, filter, order: 'asc', before_seq, format } as const;
    const request: ExportRequest = { ...question, cursor, offset, limit: Math.min(most, left) };
    const end = await services.exportTurns.take();
    return services.readers.run<ExportPiece>('exportPiece', request).finally(end);
  };
  const start = encodeCursor(app.app, filter, { seq: after_seq ?? -1, order: 'asc' });
  let offset = tally.bytes;
  let left = limit;
  let coming = read(start, offset, left);
  for (;;) {
    const piece = await coming;
    offset += Buffer.byteLength(piece.bytes);
    left -= piece.count;
    tally.cutOff = piece.has_more && left === 0;
    const isLast = !piece.has_more || left === 0;
    if (!isLast) {
      coming = read(piece.next_cursor, offset, left);
      // Whoever takes this piece may go away: then nobody waits for the next one.
      coming.catch(() => undefined);
    }
    yield piece;
    if (isLast) return;
  }
}

/** What has been sent so far. */
class Tally {
  count = 0;
  bytes = 0;
  cutOff = false;
  readonly groups: ParquetGroup[] = [];
  readonly #hash = createHash('sha256');
  #first: number | null = null;
  #last: number | null = null;

  addPiece({ count, first_seq, last_seq, group }: ExportPiece): void {
    this.count += count;
    this.#first ??= first_seq;
    this.#last = last_seq ?? this.#last;
    if (group) this.groups.push(group);
  }

  addBytes(bytes: string | Uint8Array): void {
    this.bytes += Buffer.byteLength(bytes);
    this.#hash.update(bytes);
  }

  counts() {
    const next_after_seq = this.cutOff ? this.#last : null;
    return { count: this.count, first_seq: this.#first, last_seq: this.#last, next_after_seq };
  }

  digest() {
    return { bytes: this.bytes, sha256: this.#hash.digest('hex') };
  }
}

/** The entry that holds a manifest has an id that follows from the export's. */
export const eventIdOf = (export_id: string) => export_id.replace(/^exp_/, 'evt_');

/** The manifest of an export that came to its end. */
export async function showManifest(context: Context): Promise<object> {
  const { app, params, services } = context;
  const export_id = params.export_id as string;
  const filter = parseFilter({ event_id: eventIdOf(export_id) });
  const request = { app: app.app, filter, order: 'asc', limit: 1 };
  const text = await services.readers.run<string>('events', request);
  const [entry] = (JSON.parse(text) as { data: ManifestEntry[] }).data;
  if (entry?.event_type === 'trail.export_completed' && entry.args) {
    const { event_id, seq, leaf_hash, created_at } = entry;
    return { ...entry.args, completed_at: created_at, event_id, seq, leaf_hash };
  }
  throw new AffidavitError('not_found', 'no export of this id came to its end', {
    field: 'export_id',
    advice: 'An export that was cut off has no manifest: run it again.',
  });
}

interface ManifestEntry {
  readonly event_id: string;
  readonly event_type: string;
  readonly created_at: string;
  readonly seq: number;
  readonly leaf_hash: string;
  readonly args?: ExportManifest;
}
