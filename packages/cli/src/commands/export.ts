import { open, rename, rm } from 'node:fs/promises';

import type { Command } from 'commander';

import { connect } from '../connection.ts';
import { CommandFailure, UsageError } from '../failure.ts';
import { bytes, thousands } from '../format/plain.ts';
import { styleFor } from '../format/style.ts';
import { withIdleLimit } from '../idle.ts';
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
const IDLE_MS = 60_000;
const QUIET_MS = 2000;
const STEP_MS = 1000;

type Sink = (chunk: Uint8Array) => Promise<void>;

interface Totals {
  bytes: number;
  readonly rows: RowCounter;
}

const totalsText = ({ bytes: size, rows }: Totals): string =>
  rows.count === null ? bytes(size) : `${thousands(rows.count)} rows, ${bytes(size)}`;

/** Tells on stderr how far it is, once it has taken longer than two seconds. */
function createProgress({ stderr }: Terminal, totals: Totals) {
  let next = performance.now() + QUIET_MS;
  let told = false;
  return {
    async step(): Promise<void> {
      if (performance.now() < next) return;
      next = performance.now() + STEP_MS;
      const line = `exporting: ${totalsText(totals)}`;
      await write(stderr, stderr.isTTY ? `\r\u001B[2K${line}` : `${line}\n`);
      told = true;
    },
    async end(): Promise<void> {
      if (told && stderr.isTTY) await write(stderr, '\r\u001B[2K');
    },
  };
}

async function copy(
  body: ReadableStream<Uint8Array>,
  sink: Sink,
  totals: Totals,
  terminal: Terminal,
) {
  const progress = createProgress(terminal, totals);
  try {
    for await (const chunk of withIdleLimit(body, IDLE_MS)) {
      await sink(chunk);
      totals.bytes += chunk.byteLength;
      totals.rows.add(chunk);
      await progress.step();
    }
  } catch (error) {
    terminal.signal.throwIfAborted();
    const advice = 'What was written is not the whole export; run it again.';
    throw new CommandFailure('the export broke off before its end', advice, error);
  } finally {
    await progress.end();
  }
}

/** Into a file that has its name only when it is whole. */
async function copyToFile(path: string, copyInto: (sink: Sink) => Promise<void>): Promise<void> {
  const partial = `${path}.partial`;
  const file = await open(partial, 'w', 0o600);
  try {
    await copyInto(async (chunk) => {
      await file.writeFile(chunk);
    });
    await file.sync();
    await file.close();
    await rename(partial, path);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(partial, { force: true });
    throw error;
  }
}

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
      const copyInto = (sink: Sink) => copy(body, sink, totals, terminal);
      if (out === undefined) await copyInto((chunk) => write(terminal.stdout, chunk));
      else await copyToFile(out, copyInto);
      const { green } = styleFor(terminal.stderr, terminal.env);
      const place = out === undefined ? '' : ` in ${out}`;
      await writeLine(terminal.stderr, `${green('exported')} ${totalsText(totals)}${place}`);
    });
}
