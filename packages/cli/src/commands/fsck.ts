import type { FsckProgress, FsckReport, Problem } from '@affidavit/server';
import type { Command } from 'commander';

import { CouldNotCheck, NotSound, UsageError } from '../failure.ts';
import { plain, thousands } from '../format/plain.ts';
import { styleFor } from '../format/style.ts';
import type { Style } from '../format/style.ts';
import { createBar, createProgress } from '../progress.ts';
import { writeLine } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';

/** `affidavit fsck`: makes a whole ledger again from what is stored, and compares. */

interface Flags {
  readonly data?: string;
  readonly repairIndex?: boolean;
  readonly json?: boolean;
}

type Server = typeof import('@affidavit/server');

function problemLine({ area, app_id, seq, reason, what }: Problem): string {
  const where = [app_id ?? '', seq === null ? '' : `entry ${seq}`].filter(Boolean).map(plain);
  const name = reason === null ? area : `${area} ${reason}`;
  return `  ${[name, ...where].join(', ')}: ${plain(what)}`;
}

function reportLines({ ok, logs, problems, more_problems }: FsckReport, style: Style): string[] {
  const known = logs.map(({ app_id, size, removed_parts }) => {
    const removed = removed_parts === 0 ? '' : `, ${thousands(removed_parts)} parts removed`;
    return `  ${plain(app_id)}  ${thousands(size)} entries${removed}`;
  });
  if (ok) return [`${style.green('✔ sound')}: all that is stored holds`, ...known];
  return [
    `${style.red('✘ BROKEN')}: ${thousands(problems.length)} problems${more_problems ? ', and more' : ''}`,
    ...problems.map(problemLine),
    ...known,
    ...(problems.every(({ area }) => area === 'index')
      ? [
          `${style.yellow('!')} Only the index is damaged: stop the server and run fsck --repair-index.`,
        ]
      : []),
  ];
}

async function check(server: Server, flags: Flags, terminal: Terminal): Promise<FsckReport> {
  const { env, signal } = terminal;
  const config = server.readConfig(flags.data === undefined ? [] : ['--data', flags.data], env);
  if (config === null) throw new UsageError('there is nothing to check');
  const database = server.databaseOf(config);
  if (flags.repairIndex) await repair(server, { database, signal }, terminal);
  let at: FsckProgress = { area: 'database', app_id: null, checked: 0, total: 0 };
  const share = () => (at.total === 0 ? 0 : at.checked / at.total);
  const name = () => ['checking', at.area, at.app_id ?? ''].filter(Boolean).join(' ');
  const bar = createBar(terminal, name, share);
  try {
    return await server.fsck({
      database,
      guardPath: server.guardPathOf(config),
      signal,
      onProgress: (progress) => {
        at = progress;
        void bar.step();
      },
    });
  } finally {
    await bar.end();
  }
}

async function repair(
  server: Server,
  options: Parameters<Server['repairIndex']>[0],
  terminal: Terminal,
): Promise<void> {
  let app = '';
  const progress = createProgress(terminal, () => `indexing ${plain(app)}`);
  try {
    await server.repairIndex({
      ...options,
      onApp: (appId) => {
        app = appId;
        void progress.step();
      },
    });
  } finally {
    await progress.end();
  }
}

/** Whatever keeps a check from being made is no finding. */
async function checkOrSay(flags: Flags, terminal: Terminal): Promise<FsckReport> {
  const server = await import('@affidavit/server');
  try {
    return await check(server, flags, terminal);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (error instanceof server.ConfigError) throw new UsageError(error.message);
    if (error instanceof server.FsckFailure) {
      throw new CouldNotCheck(error.message, error.advice, error);
    }
    const advice = 'Look at the database, and run it again.';
    throw new CouldNotCheck(`could not check: ${(error as Error).message}`, advice, error);
  }
}

export function addFsck(program: Command, terminal: Terminal): void {
  program
    .command('fsck')
    .description('make a whole ledger again from what is stored, and compare')
    .option('--data <folder>', 'the data folder of the server (./affidavit-data)')
    .option('--repair-index', 'first make the index again; the server must be stopped')
    .option('--json', 'the report as one JSON object')
    .addHelpText(
      'after',
      '\nReads alone: a server may run. AFFIDAVIT_DATABASE_URL and AFFIDAVIT_GUARD_FILE are read as' +
        '\nby the server. Exit codes: 0 sound, 1 broken, 2 could not be checked.',
    )
    .action(async (flags: Flags) => {
      const report = await checkOrSay(flags, terminal);
      const { stdout, env } = terminal;
      if (flags.json) await writeLine(stdout, JSON.stringify(report));
      else {
        const lines = reportLines(report, styleFor(stdout, env));
        for (const line of lines) await writeLine(stdout, line);
      }
      if (!report.ok) throw new NotSound('broken');
    });
}
