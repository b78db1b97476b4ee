import type { Command } from 'commander';

import { connect } from '../connection.ts';
import { plain } from '../format/plain.ts';
import type { Column } from '../format/table.ts';
import { column, printRows, readRows, type Row } from '../list.ts';
import { readDefinition } from '../definition.ts';
import { writeLine, type Terminal } from '../terminal.ts';

/** `affidavit verbs`: what agents can do by name. */

const COLUMNS: readonly Column<Row>[] = [
  column('VERB', 40, 'verb'),
  column('RISK', 8, 'risk_level'),
  column('GOVERNANCE', 10, 'governance'),
  column('METHOD', 7, 'method'),
  column('URL', 60, 'url'),
  column('PROVIDER', 24, 'provider'),
];

const pathOf = (verb: string) => `/v1/verbs/${encodeURIComponent(verb)}`;

function addList(verbs: Command, terminal: Terminal): void {
  verbs
    .command('list')
    .description('all verbs')
    .option('--json', 'one JSON object per line')
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const client = connect(command, terminal);
      const rows = await readRows(client, '/v1/verbs', terminal.signal, { limit: 1000 });
      await printRows(terminal, COLUMNS, rows, json === true);
    });
}

function addShow(verbs: Command, terminal: Terminal): void {
  verbs
    .command('show')
    .description('the whole definition of a verb')
    .argument('<verb>', 'its name, such as stripe:create_refund')
    .action(async (verb: string, _flags: object, command: Command) => {
      const client = connect(command, terminal);
      const shown = await client.api('GET', pathOf(verb), { signal: terminal.signal });
      await writeLine(terminal.stdout, JSON.stringify(shown, null, 2));
    });
}

function addAdd(verbs: Command, terminal: Terminal): void {
  verbs
    .command('add')
    .description('define a verb')
    .argument('<definition>', 'as JSON, or @file')
    .action(async (definition: string, _flags: object, command: Command) => {
      const body = await readDefinition(definition);
      const client = connect(command, terminal, 'admin');
      const { signal } = terminal;
      const made = (await client.api('POST', '/v1/verbs', { body, signal })) as { verb?: unknown };
      await writeLine(terminal.stderr, `defined ${plain(made.verb)}`);
    });
}

function addRemove(verbs: Command, terminal: Terminal): void {
  verbs
    .command('remove')
    .description('delete a verb; its executions stay on the record')
    .argument('<verb>', 'its name')
    .action(async (verb: string, _flags: object, command: Command) => {
      const client = connect(command, terminal, 'admin');
      await client.api('DELETE', pathOf(verb), { signal: terminal.signal });
      await writeLine(terminal.stderr, `removed ${plain(verb)}`);
    });
}

export function addVerbs(program: Command, terminal: Terminal): void {
  const verbs = program
    .command('verbs')
    .description('list, show, define and remove what agents can do by name');
  addList(verbs, terminal);
  addShow(verbs, terminal);
  addAdd(verbs, terminal);
  addRemove(verbs, terminal);
}
