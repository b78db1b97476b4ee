import { AffidavitError } from '@affidavit/schema';

import type { LogVerdict } from '../../check/log.ts';
import type { Progress } from '../../check/walk.ts';
import { parseFilter } from '../../query/filter.ts';
import { acceptsNdjson } from '../accept.ts';
import { single } from '../read-request.ts';
import { sendPieces } from '../send-pieces.ts';
import { route, type Context, type Route } from '../route.ts';

const NDJSON = {
  'content-type': 'application/x-ndjson',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
};

/** Whether progress is wanted line by line. */
function wantsLines({ query, reply }: Context): boolean {
  const format = single(query, 'format');
  if (format === undefined) return acceptsNdjson(reply.request.headers.accept);
  if (format === 'json' || format === 'ndjson') return format === 'ndjson';
  throw new AffidavitError('invalid_request', 'the format is not known', {
    field: 'format',
    expected: 'json or ndjson',
  });
}

/** Aborts when the client goes away before it has its answer. */
function whileConnected({ reply }: Context): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => controller.abort());
  return controller.signal;
}

async function verifyLedger(context: Context): Promise<LogVerdict | undefined> {
  const { services, app, query } = context;
  const { from, to } = parseFilter(query, ['format', 'app_id']);
  const request = {
    app: app.app,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
  const signal = whileConnected(context);
  if (wantsLines(context)) {
    const check = (onProgress: (progress: Progress) => void) =>
      services.checks.run(request, { signal, onProgress });
    return sendPieces(context, NDJSON, lines(check));
  }
  const verdict = await services.checks.run(request, { signal });
  if (verdict !== null) return verdict;
  context.reply.hijack();
  return undefined;
}

/** The newest progress each time the reader takes a line, then the verdict. */
async function* lines(
  check: (onProgress: (progress: Progress) => void) => Promise<LogVerdict | null>,
): AsyncGenerator<string> {
  let newest: Progress | null = null;
  let news = Promise.withResolvers<null>();
  const checking = check((progress) => {
    newest = progress;
    news.resolve(null);
  }).then((verdict) => ({ verdict }));
  for (;;) {
    const ended = await Promise.race([checking, news.promise]);
    if (newest !== null) yield `${JSON.stringify(newest)}\n`;
    if (ended?.verdict) yield `${JSON.stringify(ended.verdict)}\n`;
    if (ended) return;
    newest = null;
    news = Promise.withResolvers<null>();
  }
}

export const verifyRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/v1/ledger/verify',
    access: 'ledger:read',
    tag: 'ledger',
    summary: 'Check all that is stored of a log, or of a range of time, against its checkpoint',
    query: ['from', 'to', 'format'],
    streams: true,
    errors: ['overloaded', 'audit_unavailable'],
    handler: verifyLedger,
  }),
];
