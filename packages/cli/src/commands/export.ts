import type { Affidavit, Query } from '@affidavit/sdk';
import type { Command } from 'commander';

import { connect } from '../connection.ts';
import { copy, copyToFile } from '../download.ts';
import type { Sink } from '../download.ts';
import { compare, EXPORT_ID_HEADER, Received } from '../export/manifest.ts';
import { exportPieces } from '../export/pieces.ts';
import { CommandFailure, UsageError } from '../failure.ts';
import { bytes, thousands } from '../format/plain.ts';
import { styleFor } from '../format/style.ts';
import { addFilterOptions, addRangeOptions, filterOf } from '../options.ts';
import type { FilterOptions } from '../options.ts';
import { createRowCounter } from '../rows.ts';
import { write, writeLine } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';

interface Flags extends FilterOptions {
  readonly format: string;
  readonly out?: string;
  readonly resume?: true;
}

interface Job {
  readonly client: Affidavit;
  readonly query: Query & { readonly format: string };
  readonly out: string | undefined;
  readonly terminal: Terminal;
}

const FORMATS: readonly string[] = ['csv', 'ndjson', 'parquet', 'ecs', 'ocsf'];

const totalsText = (count: number | null, size: number): string =>
  count === null ? bytes(size) : `${thousands(count)} rows, ${bytes(size)}`;

/** `affidavit export`: all that fits a filter, streamed, and compared with its manifest. */
export function addExport(program: Command, terminal: Terminal): void {
  const command = program.command('export').description('write all entries that fit to a file');
  addRangeOptions(addFilterOptions(command))
    .option('--format <format>', FORMATS.join(', '), 'ndjson')
    .option('--out <file>', 'the file; stdout when left out')
    .option('--resume', 'write it in pieces, and go on where it was cut off')
    .action(async (flags: Flags, invoked: Command) => {
      const { format, out, resume } = flags;
      if (!FORMATS.includes(format))
        throw new UsageError(`--format is one of ${FORMATS.join(', ')}`);
      if (resume && out === undefined) throw new UsageError('--resume needs --out');
      if (resume && format === 'parquet')
        throw new UsageError('a Parquet file cannot be put together: leave out --resume');
      const query = { ...filterOf(flags), format };
      const job: Job = { client: connect(invoked, terminal), query, out, terminal };
      const done = resume ? await inPieces(job) : await atOnce(job);
      const { green } = styleFor(terminal.stderr, terminal.env);
      const place = out === undefined ? '' : ` in ${out}`;
      await writeLine(terminal.stderr, `${green('exported')} ${done}${place}`);
    });
}

async function inPieces({ client, query, out, terminal }: Job): Promise<string> {
  const { count, bytes: size } = await exportPieces({
    client,
    query,
    out: out as string,
    terminal,
  });
  return `${totalsText(count, size)}, as its manifests say`;
}

async function atOnce({ client, query, out, terminal }: Job): Promise<string> {
  const call = { query, headers: { accept: '*/*' }, signal: terminal.signal };
  const { body, headers } = await client.open('GET', '/v1/events/export', call);
  if (!body) throw new CommandFailure('the export has no body', 'Look at the server.');
  const received = new Received();
  const rows = createRowCounter(query.format);
  const count = (chunk: Uint8Array): void => {
    received.add(chunk);
    rows.add(chunk);
  };
  const totals = () => totalsText(rows.count, received.bytes);
  const export_id = headers.get(EXPORT_ID_HEADER);
  const app_id = typeof query.app_id === 'string' ? query.app_id : undefined;
  const download = { body, name: 'export', count, totals };
  const copyInto = async (sink: Sink) => {
    await copy(download, sink, terminal);
    if (export_id !== null) await compare(client, export_id, app_id, received, terminal.signal);
  };
  if (out === undefined) await copyInto((chunk) => write(terminal.stdout, chunk));
  else await copyToFile(out, copyInto);
  return `${totals()}${export_id === null ? '' : ', as its manifest says'}`;
}
