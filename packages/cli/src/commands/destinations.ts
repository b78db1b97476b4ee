import type { Command } from 'commander';

import { connect } from '../connection.ts';
import { readDefinition } from '../definition.ts';
import { plain } from '../format/plain.ts';
import type { Column } from '../format/table.ts';
import { column, members, printRows, readRows, type Row } from '../list.ts';
import { wholeNumber } from '../options.ts';
import { writeLine, type Terminal } from '../terminal.ts';

/** `affidavit destinations`: where entries are delivered to, and how it stands with each. */

const COLUMNS: readonly Column<Row>[] = [
  column('ID', 40, 'destination_id'),
  column('TYPE', 10, 'type'),
  column('NAME', 24, 'name'),
  column('STATE', 9, 'state'),
  column('CURSOR', 12, 'cursor'),
  column('LAG', 10, 'lag_entries'),
  column('DEAD', 8, 'dead_letters'),
  column('ERROR', 60, 'paused_reason_or_error'),
];
const DEAD_LETTERS: readonly Column<Row>[] = [
  column('ID', 40, 'dead_letter_id'),
  column('FROM', 12, 'from_seq'),
  column('TO', 12, 'to_seq'),
  column('ENTRIES', 8, 'entries'),
  column('REASON', 90, 'reason'),
];
const SEQ_MAX = Number.MAX_SAFE_INTEGER;

const pathOf = (id: string) => `/v1/destinations/${encodeURIComponent(id)}`;
const withError = (row: Row): Row => ({
  ...row,
  paused_reason_or_error: row['paused_reason'] ?? row['error'] ?? '',
});

function addList(destinations: Command, terminal: Terminal): void {
  destinations
    .command('list')
    .description('all destinations')
    .option('--json', 'one JSON object per line')
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const client = connect(command, terminal, 'admin');
      const rows = await readRows(client, '/v1/destinations', terminal.signal);
      await printRows(terminal, COLUMNS, json ? rows : rows.map(withError), json === true);
    });
}

function addDeadLetters(destinations: Command, terminal: Terminal): void {
  destinations
    .command('dead-letters')
    .description('what a destination refused for good')
    .argument('<id>', 'id of the destination')
    .option('--json', 'one JSON object per line')
    .action(async (id: string, { json }: { json?: boolean }, command: Command) => {
      const client = connect(command, terminal, 'admin');
      const rows = await readRows(client, `${pathOf(id)}/dead-letters`, terminal.signal);
      await printRows(terminal, DEAD_LETTERS, rows, json === true);
    });
}

function addAdd(destinations: Command, terminal: Terminal): void {
  destinations
    .command('add')
    .description('deliver to a new one; its id goes to stdout')
    .argument('<definition>', '{type,config,filter?,start?} as JSON, or @file')
    .action(async (definition: string, _flags: object, command: Command) => {
      const { stdout, stderr, signal } = terminal;
      const body = await readDefinition(definition);
      const client = connect(command, terminal, 'admin');
      const made = (await client.api('POST', '/v1/destinations', { body, signal })) as Row;
      await writeLine(stdout, plain(made['destination_id']));
      if (made['secret'] !== undefined)
        await writeLine(stderr, `the secret, shown once: ${plain(made['secret'])}`);
    });
}

/** A command that asks one thing of one destination and prints the answer. */
function addAsking(
  destinations: Command,
  terminal: Terminal,
  name: string,
  description: string,
  [method, suffix]: readonly ['GET' | 'POST' | 'DELETE', string],
): void {
  destinations
    .command(name)
    .description(description)
    .argument('<id>', 'id of the destination')
    .action(async (id: string, _flags: object, command: Command) => {
      const client = connect(command, terminal, 'admin');
      const body = method === 'POST' ? { body: {} } : {};
      const { signal } = terminal;
      const answer = await client.api(method, `${pathOf(id)}${suffix}`, { ...body, signal });
      await writeLine(terminal.stdout, JSON.stringify(answer, null, 2));
    });
}

interface ReplayFlags {
  readonly from?: number;
  readonly to?: number;
  readonly deadLetter?: string;
}

function addReplay(destinations: Command, terminal: Terminal): void {
  destinations
    .command('replay')
    .description('deliver a range, or a dead letter, once more')
    .argument('<id>', 'id of the destination')
    .option('--from <seq>', 'the first entry', wholeNumber('--from', 0, SEQ_MAX))
    .option('--to <seq>', 'the last entry', wholeNumber('--to', 0, SEQ_MAX))
    .option('--dead-letter <id>', 'instead of a range')
    .action(async (id: string, { from, to, deadLetter }: ReplayFlags, command: Command) => {
      const client = connect(command, terminal, 'admin');
      const body = members({ from_seq: from, to_seq: to, dead_letter_id: deadLetter });
      const { signal } = terminal;
      const made = (await client.api('POST', `${pathOf(id)}/replay`, { body, signal })) as Row;
      await writeLine(terminal.stdout, plain(made['replay_id']));
    });
}

export function addDestinations(program: Command, terminal: Terminal): void {
  const destinations = program
    .command('destinations')
    .description('where entries are delivered to: webhooks, SIEMs, buckets');
  addList(destinations, terminal);
  addAdd(destinations, terminal);
  const asking = (...about: [string, string, readonly ['GET' | 'POST' | 'DELETE', string]]) =>
    addAsking(destinations, terminal, ...about);
  asking('show', 'cursor, lag, rate, last error, backfills', ['GET', '']);
  asking('test', 'send one marked entry and tell the answer', ['POST', '/test']);
  asking('pause', 'send nothing until it is resumed', ['POST', '/pause']);
  asking('resume', 'go on where it was paused', ['POST', '/resume']);
  asking('remove', 'deliver to it no more', ['DELETE', '']);
  addDeadLetters(destinations, terminal);
  addReplay(destinations, terminal);
}
