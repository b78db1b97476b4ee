import { bearerId } from '../access/identity.ts';
import { csvRows } from '../query/csv.ts';
import { sendPieces } from '../http/send-pieces.ts';
import type { Context } from '../http/route.ts';
import { recordAccess, shown } from '../http/trail-reads.ts';
import { countLook } from './looks.ts';
import { questionOf, readActivity, type Question } from './activity.ts';

/** A person's activity as a file for a spreadsheet: all that a filter finds, the newest first. */

const PAGE_ENTRIES = 200;
/** More than a person reads; what is left out can be asked for by time. */
const PAGES_MAX = 500;

const COLUMNS = [
  'created_at',
  'who',
  'what',
  'why',
  'result',
  'provider',
  'agent_name',
  'agent_id',
  'caller',
  'grant_id',
  'method',
  'url',
  'response_status',
  'outcome',
  'event_type',
  'event_id',
  'seq',
] as const;

export async function sendCsv(context: Context): Promise<undefined> {
  const question = questionOf(context);
  countLook(bearerId(context.identity));
  await recordAccess(context, {
    event_type: 'wallet.exported',
    args: { filter: shown(question.asked) },
  });
  const headers = {
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': 'attachment; filename="activity.csv"',
  };
  return sendPieces(context, headers, pieces(context, question));
}

async function* pieces(context: Context, question: Question): AsyncGenerator<string> {
  yield csvRows([COLUMNS]);
  let cursor: string | undefined;
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    const page = await readActivity(context, question, PAGE_ENTRIES, cursor);
    yield csvRows(page.data.map((entry) => COLUMNS.map((name) => entry[name])));
    if (page.next_cursor === null) return;
    cursor = page.next_cursor;
  }
}
