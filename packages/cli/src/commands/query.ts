import type { Told } from '@affidavit/schema';
import type { Affidavit, Feed } from '@affidavit/sdk';
import type { Command } from 'commander';

import { connect } from '../connection.ts';
import { UsageError } from '../failure.ts';
import { actorOf, paintOutcome, principalOf, subjectOf } from '../format/entry-line.ts';
import { plain } from '../format/plain.ts';
import { styleFor } from '../format/style.ts';
import { heading, tableRow } from '../format/table.ts';
import type { Column } from '../format/table.ts';
import { addFilterOptions, addRangeOptions, filterOf, wholeNumber } from '../options.ts';
import type { FilterOptions } from '../options.ts';
import { writeLine } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';

const COLUMNS: readonly Column<Told>[] = [
  { title: 'SEQ', width: 7, value: (entry) => entry.seq },
  { title: 'TIME', width: 19, value: (entry) => plain(entry.created_at).slice(0, 19) },
  { title: 'EVENT', width: 20, value: (entry) => entry.event_type },
  { title: 'WHO', width: 18, value: actorOf, paint: (shown, _, style) => style.cyan(shown) },
  { title: 'FOR', width: 20, value: principalOf },
  {
    title: 'OUTCOME',
    width: 14,
    value: (entry) => entry.outcome,
    paint: (shown, entry, style) =>
      entry.outcome ? paintOutcome(entry.outcome, style, shown) : shown,
  },
  { title: 'STATUS', width: 6, value: (entry) => entry.response_status },
  { title: 'WHAT', width: 60, value: subjectOf },
];

interface Flags extends FilterOptions {
  readonly limit: number;
  readonly all?: boolean;
  readonly json?: boolean;
  readonly order: string;
  readonly executions?: boolean;
}

const MAX_PAGE = 1000;
const MAX_ENTRIES = 1_000_000_000;

function feedOf(client: Affidavit, flags: Flags, signal: AbortSignal): Feed<Told> {
  const { order } = flags;
  if (order !== 'asc' && order !== 'desc') throw new UsageError('--order is asc or desc');
  const limit = flags.all ? MAX_PAGE : Math.min(flags.limit, MAX_PAGE);
  const options = { order, limit, signal } as const;
  const filter = filterOf(flags);
  return flags.executions ? client.executions(filter, options) : client.events(filter, options);
}

async function printEntries(feed: Feed<Told>, flags: Flags, terminal: Terminal): Promise<number> {
  const { stdout } = terminal;
  const style = styleFor(stdout, terminal.env);
  const most = flags.all ? MAX_ENTRIES : flags.limit;
  let count = 0;
  for await (const entry of feed) {
    if (!flags.json && count === 0) await writeLine(stdout, heading(COLUMNS, style));
    await writeLine(stdout, flags.json ? JSON.stringify(entry) : tableRow(COLUMNS, entry, style));
    count += 1;
    if (count >= most) break;
  }
  return count;
}

/** `affidavit query`: entries that fit a filter, newest first, as a table or as NDJSON. */
export function addQuery(program: Command, terminal: Terminal): void {
  const command = program.command('query').description('look up entries of the trail');
  addRangeOptions(addFilterOptions(command))
    .option('--limit <count>', 'at most this many', wholeNumber('--limit', 1, MAX_ENTRIES), 50)
    .option('--all', 'all that fit')
    .option('--order <order>', 'asc or desc, by time', 'desc')
    .option('--executions', 'intent and outcome of each call as one')
    .option('--json', 'one JSON object per line')
    .action(async (flags: Flags, invoked: Command) => {
      const client = connect(invoked, terminal);
      const count = await printEntries(feedOf(client, flags, terminal.signal), flags, terminal);
      if (count === 0 && !flags.json) await writeLine(terminal.stderr, 'No entry fits.');
    });
}
