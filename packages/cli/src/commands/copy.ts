import type { Command } from 'commander';

import { CommandFailure, UsageError } from '../failure.ts';
import { plain, thousands } from '../format/plain.ts';
import { styleFor } from '../format/style.ts';
import { writeLine } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';

/** `affidavit copy`: moves a whole ledger from one database to another, and checks it there. */

interface Flags {
  readonly from: string;
  readonly to?: string;
  readonly data?: string;
  readonly full?: boolean;
  readonly json?: boolean;
}

type Server = typeof import('@affidavit/server');
type Report = Awaited<ReturnType<Server['copyLedger']>>;
type Progress = Parameters<NonNullable<Parameters<Server['copyLedger']>[0]['onProgress']>>[0];

const BAR = 24;
const STEP_MS = { terminal: 100, lines: 5000 } as const;

const perSecond = (rows: number, ms: number) =>
  `${thousands(Math.round(rows / (ms / 1000)))} rows/s`;
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/** How far it is: one line that is written over on a terminal, else a line now and then. */
function progressOn({ stderr }: Terminal) {
  const isTerminal = stderr.isTTY === true;
  let next = 0;
  let table = '';
  let began = 0;
  let before = 0;
  const text = ({ step, rows, share, table: name }: Progress) => {
    const filled = Math.round((share ?? 0) * BAR);
    const bar = share === null ? '' : `[${'#'.repeat(filled).padEnd(BAR, '.')}]`;
    const percent = share === null ? '' : `${Math.floor(share * 100)} %`.padStart(5);
    const rate = perSecond(rows - before, Math.max(performance.now() - began, 1));
    const columns = [`${step} ${name}`.padEnd(24), isTerminal ? bar : '', percent];
    return `${columns.filter(Boolean).join(' ')} ${thousands(rows)} rows, ${rate}`;
  };
  return {
    show(progress: Progress): void {
      const now = performance.now();
      const key = `${progress.step} ${progress.table}`;
      if (key !== table) [table, began, before] = [key, now, progress.rows];
      if (now < next) return;
      next = now + (isTerminal ? STEP_MS.terminal : STEP_MS.lines);
      stderr.write(isTerminal ? `\r\u001B[2K${text(progress)}` : `${text(progress)}\n`);
    },
    end(): void {
      if (isTerminal) stderr.write('\r\u001B[2K');
    },
  };
}

function reportLines(report: Report, style: ReturnType<typeof styleFor>): string[] {
  const { rowsCopied, copyMs, checkMs, logs, entriesChecked, masterKeyIds, guardPath } = report;
  const ids = masterKeyIds.join(' and ');
  return [
    `${style.green('copied')}   ${thousands(rowsCopied)} rows in ${seconds(copyMs)} ` +
      `(${perSecond(rowsCopied, Math.max(copyMs, 1))})` +
      (report.resumed ? ', going on with an earlier copy' : ''),
    `${style.green('checked')}  in ${seconds(checkMs)}: ${thousands(entriesChecked)} entries and all their ` +
      'parts against chain, tree and signed checkpoint; the rows of every table',
    ...logs.map(
      ({ app_id, size, root }) => `  ${plain(app_id)}  ${thousands(size)} entries  root ${root}`,
    ),
    '',
    `A server on the copy needs the master key with the id ${ids || '(none: the ledger is empty)'}.`,
    guardPath === null
      ? 'Give it the data folder of the old server, or a copy of its last-checkpoints.json.'
      : `Its last checkpoints are in ${guardPath}.`,
    'Start no server on the source again: it would sign a second history of the same ledger.',
  ];
}

async function run(flags: Flags, terminal: Terminal): Promise<void> {
  const { env, signal, stdout } = terminal;
  const to = flags.to ?? env['AFFIDAVIT_DATABASE_URL'];
  if (!to) throw new UsageError('where to? --to, or AFFIDAVIT_DATABASE_URL');
  const server = await import('@affidavit/server');
  process.umask(0o077);
  const progress = progressOn(terminal);
  const masterKeys = env['AFFIDAVIT_MASTER_KEY'];
  const report = await server
    .copyLedger({
      from: flags.from,
      to,
      signal,
      onProgress: (reached) => progress.show(reached),
      ...(flags.data === undefined ? {} : { dataFolder: flags.data }),
      ...(masterKeys ? { masterKeys } : {}),
      ...(flags.full ? { full: true } : {}),
    })
    .catch((error: unknown) => {
      throw explained(error, server, signal);
    })
    .finally(() => progress.end());
  if (flags.json) await writeLine(stdout, JSON.stringify(report));
  if (report.differences.length > 0) {
    throw new CommandFailure(
      `the copy is not what the source is:\n    ${report.differences.map(plain).join('\n    ')}`,
      'No server starts on it. Check the source with affidavit fsck, then copy into an empty target.',
    );
  }
  const lines = reportLines(report, styleFor(stdout, env));
  if (!flags.json) for (const line of lines) await writeLine(stdout, line);
}

function explained(error: unknown, { CopyFailure, ConfigError }: Server, signal: AbortSignal) {
  if (error instanceof CopyFailure) return new CommandFailure(error.message, error.advice, error);
  if (error instanceof ConfigError) return new UsageError(error.message);
  const message = error instanceof Error ? error.message : String(error);
  const advice = signal.aborted
    ? 'Run the same command again: it goes on where it was.'
    : 'When that is mended, run the same command again: it goes on where it was.';
  return new CommandFailure(`the copy broke off: ${message}`, advice, error);
}

export function addCopy(program: Command, terminal: Terminal): void {
  program
    .command('copy')
    .description('move a whole ledger to another database, and check it there')
    .requiredOption('--from <ledger>', 'sqlite:FOLDER or postgres://user:password@host/database')
    .option('--to <ledger>', 'the same; an empty one (AFFIDAVIT_DATABASE_URL)')
    .option(
      '--data <folder>',
      'data folder of the server on PostgreSQL: master.key, last checkpoints',
    )
    .option('--full', 'compare every row of the large tables as well')
    .option('--json', 'the report as JSON')
    .addHelpText(
      'after',
      '\nThe server must be stopped. AFFIDAVIT_MASTER_KEY is read as by the server. What was' +
        '\ninterrupted goes on when the same command is run again.',
    )
    .action((flags: Flags) => run(flags, terminal));
}
