import type { Command } from 'commander';

import { connect } from '../connection.ts';
import { copy, copyToFile } from '../download.ts';
import type { Sink } from '../download.ts';
import { CommandFailure, UsageError } from '../failure.ts';
import { bytes, thousands } from '../format/plain.ts';
import { styleFor } from '../format/style.ts';
import { addFilterOptions, addRangeOptions, filterOf } from '../options.ts';
import type { FilterOptions } from '../options.ts';
import { createRowCounter } from '../rows.ts';
import type { RowCounter } from '../rows.ts';
import { write, writeLine } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';

interface Flags extends FilterOptions {
  readonly format: string;
  readonly out?: string;
}

const FORMATS: readonly string[] = ['csv', 'ndjson', 'parquet', 'ecs', 'ocsf'];

interface Totals {
  bytes: number;
  readonly rows: RowCounter;
}

const totalsText = ({ bytes: size, rows }: Totals): string =>
  rows.count === null ? bytes(size) : `${thousands(rows.count)} rows, ${bytes(size)}`;

/** `affidavit export`: all that fits a filter, streamed. */
export function addExport(program: Command, terminal: Terminal): void {
  const command = program.command('export').description('write all entries that fit to a file');
  addRangeOptions(addFilterOptions(command))
    .option('--format <format>', FORMATS.join(', '), 'ndjson')
    .option('--out <file>', 'the file; stdout when left out')
    .action(async (flags: Flags, invoked: Command) => {
      const { format, out } = flags;
      if (!FORMATS.includes(format))
        throw new UsageError(`--format is one of ${FORMATS.join(', ')}`);
      const client = connect(invoked, terminal);
      const query = { ...filterOf(flags), format };
      const call = { query, headers: { accept: '*/*' }, signal: terminal.signal };
      const answer = await client.open('GET', '/v1/events/export', call);
      if (!answer.body) throw new CommandFailure('the export has no body', 'Look at the server.');
      const { body } = answer;
      const totals: Totals = { bytes: 0, rows: createRowCounter(format) };
      const count = (chunk: Uint8Array): void => {
        totals.bytes += chunk.byteLength;
        totals.rows.add(chunk);
      };
      const download = { body, name: 'export', count, totals: () => totalsText(totals) };
      const copyInto = (sink: Sink) => copy(download, sink, terminal);
      if (out === undefined) await copyInto((chunk) => write(terminal.stdout, chunk));
      else await copyToFile(out, copyInto);
      const { green } = styleFor(terminal.stderr, terminal.env);
      const place = out === undefined ? '' : ` in ${out}`;
      await writeLine(terminal.stderr, `${green('exported')} ${totalsText(totals)}${place}`);
    });
}
