import type { AuditRecord } from '@affidavit/schema';
import type { Kysely } from 'kysely';

import type { Deadline } from '../query/deadline.ts';
import type { Condition } from '../query/filter.ts';
import { matches } from '../query/match.ts';
import { readPage, type PageRequest } from '../query/page.ts';
import type { StoredRecord } from '../query/records.ts';
import type { Tables } from '../store/tables.ts';
import type { Layout } from './kinds.ts';
import { rowHtml } from './rows.ts';
import { rowJson } from './json.ts';
import { Tallying, type Dimension, type Tally } from './tally.ts';

/** What reader threads do for a report: a page at a time, each in one snapshot. */

export type ReportFormat = 'html' | 'json';

/** Which of the entries that a filter finds belong to a section. */
export interface Choice {
  /** Those that have any of these do not. */
  readonly except: readonly Condition[];
  /** Only those with this in their `args`. */
  readonly argument?: readonly [name: string, value: string];
}

interface ChoiceRequest extends PageRequest {
  readonly choice: Choice;
}
export interface TallyRequest extends ChoiceRequest {
  readonly groupBy: readonly Dimension[];
}
export interface ReportRowsRequest extends ChoiceRequest {
  readonly format: ReportFormat;
  readonly layout: Layout;
}

interface Step {
  readonly next_cursor: string;
  readonly has_more: boolean;
}
export interface TallyStep extends Step {
  readonly tally: Tally;
}
export interface RowsStep extends Step {
  readonly text: string;
  readonly count: number;
}

async function readChosen(at: Kysely<Tables>, request: ChoiceRequest, deadline: Deadline) {
  const { records, next_cursor, has_more } = await readPage(at, request, deadline);
  const chosen = records.flatMap((record) => choose(record, request.choice) ?? []);
  // An ascending page always has a cursor.
  return { chosen, next_cursor: next_cursor as string, has_more };
}

function choose({ envelope, json }: StoredRecord, { except, argument }: Choice) {
  const isOut = except.some((condition) =>
    matches(envelope, { conditions: [condition], words: [], phrases: [] }),
  );
  if (isOut) return undefined;
  const record = JSON.parse(json) as AuditRecord;
  if (argument === undefined) return record;
  const [name, value] = argument;
  return (record.args as Record<string, unknown> | undefined)?.[name] === value
    ? record
    : undefined;
}

export async function readTally(
  at: Kysely<Tables>,
  request: TallyRequest,
  deadline: Deadline,
): Promise<TallyStep> {
  const { chosen, ...step } = await readChosen(at, request, deadline);
  const tallying = new Tallying(request.groupBy);
  for (const record of chosen) tallying.addRecord(record);
  return { tally: tallying.tally, ...step };
}

export async function readRows(
  at: Kysely<Tables>,
  request: ReportRowsRequest,
  deadline: Deadline,
): Promise<RowsStep> {
  const { format, layout } = request;
  const { chosen, ...step } = await readChosen(at, request, deadline);
  const text =
    format === 'json'
      ? chosen.map(rowJson).join(',\n')
      : chosen.map((record) => rowHtml(record, layout)).join('');
  return { text, count: chosen.length, ...step };
}
