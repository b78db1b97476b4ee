import { AffidavitError } from '@affidavit/schema';

import type { HeaderFormat, RangeFrame, Times } from '../../prove/range.ts';
import { parseTime } from '../../query/filter.ts';
import { acceptsNdjson } from '../accept.ts';
import { single } from '../read-request.ts';
import type { Context } from '../route.ts';
import { sendPieces } from '../send-pieces.ts';

const TYPES: Readonly<Record<HeaderFormat, string>> = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
};

const STEP_HEADERS = 1000;

function readFormat({ query, reply }: Context): HeaderFormat {
  const asked = single(query, 'format');
  if (asked === undefined) {
    return acceptsNdjson(reply.request.headers.accept) ? 'ndjson' : 'json';
  }
  if (asked in TYPES) return asked as HeaderFormat;
  throw new AffidavitError('invalid_request', 'the format is not known', {
    field: 'format',
    expected: `one of ${Object.keys(TYPES).join(', ')}`,
  });
}

function readTimes(query: Context['query']): Times {
  const [from, to] = ['from', 'to'].map((name) => {
    const text = single(query, name);
    return text === undefined ? undefined : parseTime(name, [text]);
  });
  if (from !== undefined && to !== undefined && to < from) {
    throw new AffidavitError('invalid_request', 'to is before from', {
      field: 'to',
      expected: 'a time at or after from',
    });
  }
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

/** The headers of a range as text, a bounded number at a time; once at least. */
async function* readSteps(
  { services, app }: Context,
  { first_seq, last_seq }: RangeFrame,
  format: HeaderFormat,
) {
  let first = first_seq;
  do {
    const end = Math.min(first + STEP_HEADERS, last_seq + 1);
    yield await services.readers.run<string>('headers', { app: app.app, first, end, format });
    first = end;
  } while (first <= last_seq);
}

/** One object, as `RangeProof` in the ledger package. */
async function* asJson(context: Context, frame: RangeFrame) {
  const { left, right, checkpoint, ...start } = frame;
  let before = `${JSON.stringify(start).slice(0, -1)},"headers":[`;
  for await (const headers of readSteps(context, frame, 'json')) {
    yield before + headers;
    before = ',';
  }
  yield `],${JSON.stringify({ left, right, checkpoint }).slice(1)}`;
}

/**
 * The object without its headers in the first line; each header in a line of its own, exactly the
 * text that was logged; in the last line how many there were, to tell the end from a cut.
 */
async function* asLines(context: Context, frame: RangeFrame) {
  let before = `${JSON.stringify(frame)}\n`;
  for await (const headers of readSteps(context, frame, 'ndjson')) {
    yield before + headers;
    before = '';
  }
  yield `{"complete":true,"headers":${frame.last_seq + 1 - frame.first_seq}}\n`;
}

/** That a time range of the log is unchanged and complete, without any of its contents. */
export async function sendRange(context: Context): Promise<undefined> {
  const format = readFormat(context);
  const request = { app: context.app.app, times: readTimes(context.query) };
  const frame = await context.services.readers.run<RangeFrame>('rangeFrame', request);
  const pieces = format === 'json' ? asJson(context, frame) : asLines(context, frame);
  return sendPieces(context, { 'content-type': TYPES[format], vary: 'accept' }, pieces);
}
