import { AffidavitError } from '@affidavit/schema';

import { CSV_HEADER } from '../../query/csv.ts';
import { parseFilter } from '../../query/filter.ts';
import type { ExportChunk } from '../../query/reader-thread.ts';
import { single } from '../read-request.ts';
import { writeDrained } from '../drain.ts';
import type { Context } from '../route.ts';
import { recordAccess, shown } from '../trail-reads.ts';

const FORMATS = { csv: 'text/csv; charset=utf-8', ndjson: 'application/x-ndjson' } as const;
type Format = keyof typeof FORMATS;
const CHUNK_ENTRIES = 1000;

function readFormat(query: Context['query']): Format {
  const format = single(query, 'format') ?? 'ndjson';
  if (format in FORMATS) return format as Format;
  throw new AffidavitError('invalid_request', 'the format is not known', {
    field: 'format',
    expected: `one of ${Object.keys(FORMATS).join(', ')}`,
  });
}

/**
 * Everything that a filter finds, oldest first, page by page and only as fast as the reader takes
 * it, so that memory does not grow with the export. An export that fails midway is cut off: the
 * connection ends without the final chunk, which every HTTP client sees as an error.
 */
export async function exportEvents(context: Context): Promise<undefined> {
  const { query, app, services, reply } = context;
  const format = readFormat(query);
  const filter = parseFilter(query, ['format', 'app_id']);
  await recordAccess(context, {
    event_type: 'trail.exported',
    args: { format, filter: shown(filter) },
  });
  const request = { app: app.app, filter, order: 'asc', limit: CHUNK_ENTRIES, format };
  const readChunk = (cursor: string | null) =>
    services.readers.run<ExportChunk>('exportChunk', { ...request, ...(cursor ? { cursor } : {}) });
  let chunk = await readChunk(null);
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    'content-type': FORMATS[format],
    'content-disposition': `attachment; filename="affidavit-${app.app_id}.${format}"`,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  try {
    if (format === 'csv') raw.write(CSV_HEADER);
    for (;;) {
      if (raw.destroyed) return undefined;
      await writeDrained(raw, chunk.text);
      if (!chunk.has_more) break;
      chunk = await readChunk(chunk.next_cursor);
    }
    raw.end();
  } catch (error) {
    services.journal.error({ err: error }, 'an export was cut off');
    raw.destroy();
  }
  return undefined;
}
