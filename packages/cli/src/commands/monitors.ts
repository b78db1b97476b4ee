import { readFile } from 'node:fs/promises';

import type { Command } from 'commander';

import { connect } from '../connection.ts';
import { UsageError } from '../failure.ts';
import { plain } from '../format/plain.ts';
import type { Column } from '../format/table.ts';
import { column, printRows, readRows, type Row } from '../list.ts';
import { wholeNumber } from '../options.ts';
import { writeLine } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';

/** `affidavit monitors`: what is watched for, which alarms are raised, and dry runs. */

const DAYS_MAX = 90;

const COLUMNS: readonly Column<Row>[] = [
  column('ID', 40, 'monitor_id'),
  column('NAME', 50, 'name'),
  column('KIND', 15, 'kind'),
  column('SEVERITY', 8, 'severity'),
  column('STATE', 8, 'state'),
  column('SINCE', 24, 'since_at'),
];

const TEMPLATES: readonly Column<Row>[] = [
  column('TEMPLATE', 24, 'template'),
  column('NAME', 60, 'name'),
  column('KIND', 15, 'kind'),
  column('SEVERITY', 8, 'severity'),
];

const named = (value: unknown): string =>
  Object.entries((value ?? {}) as Record<string, unknown>)
    .map(([name, one]) => `${name}=${plain(one)}`)
    .join(' ');

const ALARMS: readonly Column<Row>[] = [
  column('RAISED', 24, 'raised_at'),
  column('RESOLVED', 24, 'resolved_at'),
  column('COUNT', 8, 'count'),
  { title: 'GROUP', width: 60, value: ({ group }) => named(group) },
];

function addLists(monitors: Command, terminal: Terminal): void {
  const lists = [
    ['list', 'all monitors, and which have raised alarms', '/v1/monitors', COLUMNS],
    ['templates', 'monitors that ship ready', '/v1/monitors/templates', TEMPLATES],
  ] as const;
  for (const [name, about, path, columns] of lists) {
    monitors
      .command(name)
      .description(about)
      .option('--json', 'one JSON object per line')
      .action(async (flags: { json?: boolean }, command: Command) => {
        const rows = await readRows(connect(command, terminal), path, terminal.signal, {});
        await printRows(terminal, columns, rows, flags.json === true);
      });
  }
}

function addAdd(monitors: Command, terminal: Terminal): void {
  monitors
    .command('add')
    .description('watch for something: a template, or what a file says (docs/monitors.md)')
    .option('--template <name>', 'one of affidavit monitors templates')
    .option('--file <json>', 'the monitor as JSON, or what shall be otherwise than in the template')
    .action(async ({ template, file }: { template?: string; file?: string }, command: Command) => {
      if (template === undefined && file === undefined)
        throw new UsageError('--template or --file says what to watch for');
      const own = file === undefined ? {} : (JSON.parse(await readFile(file, 'utf8')) as object);
      const body = { ...(template === undefined ? {} : { template }), ...own };
      const client = connect(command, terminal, 'admin');
      const call = { body, signal: terminal.signal };
      const made = (await client.api('POST', '/v1/monitors', call)) as Row;
      await writeLine(terminal.stdout, plain(made['monitor_id']));
    });
}

function addPreview(monitors: Command, terminal: Terminal): void {
  monitors
    .command('preview')
    .description('when it would have raised alarms')
    .argument('<id>', 'id of the monitor')
    .option('--days <days>', 'over so many days', wholeNumber('--days', 1, DAYS_MAX), 7)
    .option('--json', 'one JSON object per line')
    .action(async (id: string, flags: { days: number; json?: boolean }, command: Command) => {
      const client = connect(command, terminal);
      const path = `/v1/monitors/${encodeURIComponent(id)}/preview`;
      const call = { body: { days: flags.days }, signal: terminal.signal };
      const answer = (await client.api('POST', path, call)) as {
        complete: boolean;
        alarms: Row[];
      };
      await printRows(terminal, ALARMS, answer.alarms, flags.json === true);
      if (!answer.complete)
        await writeLine(terminal.stderr, 'not complete: it took too long; ask for fewer days');
    });
}

function addRemove(monitors: Command, terminal: Terminal): void {
  monitors
    .command('remove')
    .description('watch for it no more')
    .argument('<id>', 'id of the monitor')
    .action(async (id: string, _flags: object, command: Command) => {
      const client = connect(command, terminal, 'admin');
      const path = `/v1/monitors/${encodeURIComponent(id)}`;
      await client.api('DELETE', path, { signal: terminal.signal });
      await writeLine(terminal.stderr, `removed ${plain(id)}`);
    });
}

export function addMonitors(program: Command, terminal: Terminal): void {
  const monitors = program
    .command('monitors')
    .description('what is watched for, and which alarms are raised');
  addLists(monitors, terminal);
  addAdd(monitors, terminal);
  addPreview(monitors, terminal);
  addRemove(monitors, terminal);
}
