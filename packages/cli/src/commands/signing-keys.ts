import type { Command } from 'commander';

import { connect } from '../connection.ts';
import { plain } from '../format/plain.ts';
import { styleFor } from '../format/style.ts';
import type { Column } from '../format/table.ts';
import { printRows, readRows, type Row } from '../list.ts';
import { wholeNumber } from '../options.ts';
import { writeLine } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';

/** `affidavit keys signing`: the keys that sign the ledger, and how to replace the current one. */

const DAYS_90 = 90 * 86_400;

function statusOf({ to_size: end, retires_at: time }: Row): string {
  if (typeof end === 'number') return 'retired';
  return typeof time === 'string' ? `until ${time.slice(0, 16)}` : 'current';
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'FROM SIZE', width: 12, value: (row) => row['from_size'] },
  { title: 'TO SIZE', width: 12, value: (row) => row['to_size'] ?? '' },
  { title: 'STATUS', width: 22, value: statusOf },
  { title: 'VERIFIER KEY', width: 300, value: (row) => row['vkey'] },
];

function addList(signing: Command, terminal: Terminal): void {
  signing
    .command('list')
    .description('all keys that sign or have signed the ledger, oldest first')
    .option('--json', 'one JSON object per line, with the proof of how each came in')
    .action(async (flags: { json?: boolean }, command: Command) => {
      const client = connect(command, terminal, 'admin');
      const rows = await readRows(client, '/v1/ledger/keys', terminal.signal);
      await printRows(terminal, COLUMNS, rows, flags.json === true);
    });
}

interface RotateFlags {
  readonly reason?: string;
  readonly overlap?: number;
  readonly json?: boolean;
}

function addRotate(signing: Command, terminal: Terminal): void {
  signing
    .command('rotate')
    .description('replace the key that signs; its verifier key goes to stdout')
    .option('--reason <why>', 'goes on the record')
    .option(
      '--overlap <seconds>',
      'how long the old key signs too (default a week)',
      wholeNumber('--overlap', 0, DAYS_90),
    )
    .option('--json', 'the whole answer as JSON')
    .action(async ({ reason, overlap, json }: RotateFlags, command: Command) => {
      const { stdout, stderr, env, signal } = terminal;
      const client = connect(command, terminal, 'admin');
      const body = {
        ...(reason === undefined ? {} : { reason }),
        ...(overlap === undefined ? {} : { overlap_seconds: overlap }),
      };
      const path = '/v1/ledger/keys/rotate';
      const made = (await client.api('POST', path, { body, signal })) as Row;
      if (json) return writeLine(stdout, JSON.stringify(made));
      await writeLine(stdout, plain(made['vkey']));
      const note = `signs from size ${plain(made['from_size'])}; the old key until ${plain(made['retires_at'])}`;
      await writeLine(stderr, styleFor(stderr, env).dim(note));
    });
}

export function addSigningKeys(keys: Command, terminal: Terminal): void {
  const signing = keys.command('signing').description('the keys that sign the ledger');
  addList(signing, terminal);
  addRotate(signing, terminal);
}
