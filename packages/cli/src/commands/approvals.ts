import type { Command } from 'commander';

import { connect } from '../connection.ts';
import { plain } from '../format/plain.ts';
import type { Column } from '../format/table.ts';
import { column, printRows, readRows, type Row } from '../list.ts';
import { writeLine, type Terminal } from '../terminal.ts';

/** `affidavit approvals`: what waits for a person, and the decision on it. */

const ofRequest = (title: string, width: number, name: string): Column<Row> => ({
  title,
  width,
  value: ({ request }) => (request as Row | undefined)?.[name],
});

const COLUMNS: readonly Column<Row>[] = [
  column('ID', 40, 'approval_id'),
  column('STATUS', 9, 'status'),
  ofRequest('AGENT', 24, 'agent_name'),
  ofRequest('METHOD', 7, 'method'),
  ofRequest('URL', 60, 'url'),
  ofRequest('REASON', 40, 'reason'),
  column('EXPIRES', 24, 'expires_at'),
];

function addList(approvals: Command, terminal: Terminal): void {
  approvals
    .command('list')
    .description('what waits, the oldest first')
    .option('--status <status>', 'in another state: approved, rejected, expired, done, failed')
    .option('--all', 'in any state')
    .option('--json', 'one JSON object per line')
    .action(async (flags: { status?: string; all?: boolean; json?: boolean }, command: Command) => {
      const status = flags.status ?? (flags.all ? undefined : 'pending');
      const client = connect(command, terminal, 'admin');
      const filter = { status, limit: 1000 };
      const rows = await readRows(client, '/v1/approvals', terminal.signal, filter);
      await printRows(terminal, COLUMNS, rows, flags.json === true);
    });
}

function addShow(approvals: Command, terminal: Terminal): void {
  approvals
    .command('show')
    .description('what would be sent, by whom, for whom and why')
    .argument('<id>', 'id of the approval')
    .action(async (id: string, _flags: object, command: Command) => {
      const client = connect(command, terminal, 'admin');
      const approval = await client.approvals.get(id, { signal: terminal.signal });
      await writeLine(terminal.stdout, JSON.stringify(approval, null, 2));
    });
}

function addVerdict(
  approvals: Command,
  terminal: Terminal,
  step: 'approve' | 'reject',
  description: string,
): void {
  approvals
    .command(step)
    .description(description)
    .argument('<id>', 'id of the approval')
    .requiredOption('--reason <text>', 'why; goes on the record')
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      const client = connect(command, terminal, 'admin');
      const { status } = await client.approvals[step](id, reason, { signal: terminal.signal });
      await writeLine(terminal.stderr, `${plain(status)} ${plain(id)}`);
    });
}

export function addApprovals(program: Command, terminal: Terminal): void {
  const approvals = program
    .command('approvals')
    .description('list, show, approve and reject what waits for a person');
  addList(approvals, terminal);
  addShow(approvals, terminal);
  addVerdict(approvals, terminal, 'approve', 'have it carried out, once');
  addVerdict(approvals, terminal, 'reject', 'refuse it; nothing is sent');
}
