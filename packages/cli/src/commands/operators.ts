import type { Command } from 'commander';

import { connect } from '../connection.ts';
import { UsageError } from '../failure.ts';
import { plain } from '../format/plain.ts';
import { column, members, printRows, readRows, type Row } from '../list.ts';
import { writeLine, type Terminal } from '../terminal.ts';

/** `affidavit operators`: the people who may work with an app. Needs a key that administers. */

const COLUMNS = [
  column('ID', 40, 'operator_id'),
  column('WHO', 50, 'email', 'subject'),
  column('NAME', 30, 'name'),
  column('ROLE', 10, 'role'),
];

function addList(operators: Command, terminal: Terminal): void {
  operators
    .command('list')
    .description('all operators and their roles')
    .option('--json', 'one JSON object per line')
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const client = connect(command, terminal, 'admin');
      const rows = await readRows(client, '/v1/operators', terminal.signal, { limit: 1000 });
      await printRows(terminal, COLUMNS, rows, json === true);
    });
}

interface AddFlags {
  readonly role: string;
  readonly subject?: string;
  readonly name?: string;
}

function addAdd(operators: Command, terminal: Terminal): void {
  operators
    .command('add')
    .description('let a person in; the id goes to stdout')
    .argument('[email]', 'their address')
    .option('--subject <sub>', 'who they are at the identity provider')
    .option('--name <name>', 'for people to read')
    .requiredOption('--role <role>', 'owner, admin, analyst, auditor or approver')
    .action(async (email: string | undefined, flags: AddFlags, command: Command) => {
      const body = members({ email, ...flags });
      const client = connect(command, terminal, 'admin');
      const made = await client.api('POST', '/v1/operators', { body, signal: terminal.signal });
      await writeLine(terminal.stdout, plain((made as Row)['operator_id']));
    });
}

function addSet(operators: Command, terminal: Terminal): void {
  operators
    .command('set')
    .description('give an operator another role or name')
    .argument('<id>', 'id of the operator')
    .option('--role <role>', 'owner, admin, analyst, auditor or approver')
    .option('--name <name>', 'for people to read')
    .action(async (id: string, flags: Partial<AddFlags>, command: Command) => {
      const body = members({ ...flags });
      if (Object.keys(body).length === 0) throw new UsageError('--role or --name is needed');
      const client = connect(command, terminal, 'admin');
      const path = `/v1/operators/${encodeURIComponent(id)}`;
      const row = (await client.api('PATCH', path, { body, signal: terminal.signal })) as Row;
      await writeLine(terminal.stderr, `${plain(id)} is ${plain(row['role'])}`);
    });
}

function addRemove(operators: Command, terminal: Terminal): void {
  operators
    .command('remove')
    .description('end what a person may do')
    .argument('<id>', 'id of the operator')
    .action(async (id: string, _flags: object, command: Command) => {
      const client = connect(command, terminal, 'admin');
      const path = `/v1/operators/${encodeURIComponent(id)}`;
      await client.api('DELETE', path, { signal: terminal.signal });
      await writeLine(terminal.stderr, `removed ${plain(id)}`);
    });
}

export function addOperators(program: Command, terminal: Terminal): void {
  const operators = program
    .command('operators')
    .description('list, add, change and remove the people who work with an app');
  addList(operators, terminal);
  addAdd(operators, terminal);
  addSet(operators, terminal);
  addRemove(operators, terminal);
}
