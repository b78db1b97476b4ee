import { setTimeout as sleep } from 'node:timers/promises';

import { AffidavitError } from '@affidavit/schema';

import { encodeCursor } from '../../query/cursor.ts';
import { parseFilter, type Filter } from '../../query/filter.ts';
import { writeDrained } from '../drain.ts';
import type { Context } from '../route.ts';
import { recordRead } from '../trail-reads.ts';

const PAGE_ENTRIES = 200;
const KEEP_ALIVE_MS = 15_000;
/** A stream that has caught up gathers what comes for so long before it looks again. */
const GATHER_MS = 50;

/** `Last-Event-ID` is the `seq` of the last entry seen; without it a stream begins now. */
function readLastSeq(header: string | string[] | undefined): number | null {
  if (header === undefined || header === '') return null;
  if (typeof header === 'string' && /^\d{1,15}$/.test(header)) return Number(header);
  throw new AffidavitError('invalid_request', 'Last-Event-ID is not a seq', {
    field: 'Last-Event-ID',
    expected: 'the id of the last event that was received',
  });
}

/** Follows the trail as server-sent events (WHATWG HTML, section 9.2). */
export async function streamEvents(context: Context): Promise<undefined> {
  const { query, services, reply } = context;
  const filter = parseFilter(query, ['app_id']);
  const lastSeq = readLastSeq(reply.request.headers['last-event-id']);
  await recordRead(context, 'stream', filter);
  const start = lastSeq ?? (await services.streamReads.size(context.app.app)) - 1;
  reply.hijack();
  reply.raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  try {
    await follow(context, filter, start);
  } catch (error) {
    services.journal.warn({ err: error }, 'an event stream ended');
  } finally {
    reply.raw.end();
  }
  return undefined;
}

/** `after` is the `seq` behind which the stream begins; -1 for the beginning of the log. */
async function follow(context: Context, filter: Filter, after: number) {
  const { services, app, reply } = context;
  const { raw } = reply;
  let cursor = encodeCursor(app.app, filter, { seq: after, order: 'asc' });
  let wake: () => void = () => undefined;
  let grown = true;
  const unsubscribe = services.commits.subscribe(app.app, () => {
    grown = true;
    // At a stop, who does not take what is there is cut off, and resumes where it was.
    if (services.commits.closed && raw.writableNeedDrain) raw.destroy();
    wake();
  });
  raw.on('close', () => wake());
  try {
    // An id without data: a client that loses the connection before its first entry resumes here.
    raw.write(`retry: 1000\n${after >= 0 ? `id: ${after}\n` : ''}\n`);
    while (!raw.destroyed && !services.commits.closed) {
      if (!grown)
        await pause(
          (done) => (wake = done),
          () => raw.write(': keep-alive\n\n'),
        );
      grown = false;
      let more = true;
      while (more && !raw.destroyed) {
        const request = {
          app: app.app,
          filter,
          order: 'asc',
          limit: PAGE_ENTRIES,
          cursor,
        } as const;
        const chunk = await services.streamReads.read(request);
        // Asked after reading: what was read is no newer than the answer.
        if (!(await mayGoOn(context))) return;
        await writeDrained(raw, chunk.text);
        cursor = chunk.next_cursor;
        more = chunk.has_more && !services.commits.closed;
      }
      await sleep(GATHER_MS);
    }
  } finally {
    unsubscribe();
  }
}

/** A key or session that has ended since the stream began reads no further. */
async function mayGoOn({ services, reply, sourceIp, userAgent }: Context): Promise<boolean> {
  const { headers } = reply.request;
  try {
    await services.gate.identify(headers, { source_ip: sourceIp, user_agent: userAgent });
    return true;
  } catch (error) {
    if (error instanceof AffidavitError && error.code === 'unauthorized') return false;
    throw error;
  }
}

/** Waits until woken, keeping the connection alive meanwhile. */
function pause(onWake: (done: () => void) => void, keepAlive: () => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(keepAlive, KEEP_ALIVE_MS);
    onWake(() => {
      clearInterval(timer);
      resolve();
    });
  });
}
