import { AffidavitError } from '@affidavit/schema';

import { CSV_HEADER } from '../../query/csv.ts';
import { parseFilter, type Filter } from '../../query/filter.ts';
import type { ExportChunk } from '../../query/reader-thread.ts';
import { single } from '../read-request.ts';
import type { Context } from '../route.ts';
import { sendPieces } from '../send-pieces.ts';
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

/** Everything that a filter finds, oldest first, page by page. */
export async function exportEvents(context: Context): Promise<undefined> {
  const { query, app } = context;
  const format = readFormat(query);
  const filter = parseFilter(query, ['format', 'app_id']);
  await recordAccess(context, {
    event_type: 'trail.exported',
    args: { format, filter: shown(filter) },
  });
  const headers = {
    'content-type': FORMATS[format],
    'content-disposition': `attachment; filename="affidavit-${app.app_id}.${format}"`,
  };
  return sendPieces(context, headers, readPieces(context, filter, format));
}

async function* readPieces({ app, services }: Context, filter: Filter, format: Format) {
  const request = { app: app.app, filter, order: 'asc', limit: CHUNK_ENTRIES, format };
  const readChunk = async (cursor: string | null) => {
    const end = await services.exportTurns.take();
    try {
      const next = { ...request, ...(cursor ? { cursor } : {}) };
      return await services.readers.run<ExportChunk>('exportChunk', next);
    } finally {
      end();
    }
  };
  let chunk = await readChunk(null);
  if (format === 'csv') yield CSV_HEADER;
  yield chunk.text;
  while (chunk.has_more) {
    chunk = await readChunk(chunk.next_cursor);
    yield chunk.text;
  }
}
