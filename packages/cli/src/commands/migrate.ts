import type { Command } from 'commander';

import { CommandFailure, UsageError } from '../failure.ts';
import { styleFor } from '../format/style.ts';
import { writeLine } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';

/** `affidavit migrate`: makes or brings up the tables, as the owner of a database. */

interface Flags {
  readonly to?: string;
  readonly grant?: string;
}

type Server = typeof import('@affidavit/server');
type Report = Awaited<ReturnType<Server['migrateLedger']>>;

function reportLines({ before, after, distributed, database }: Report, role?: string): string[] {
  const tables =
    before === after ? `as they should be (version ${after})` : `now of version ${after}`;
  const lines = [`${database}: tables ${tables}`];
  if (distributed !== null) {
    const names = distributed.length === 0 ? 'all of them were already' : distributed.join(', ');
    lines.push(`distributed over the cluster: ${names}`);
  }
  if (role !== undefined) lines.push(`${role} may work on them, and owns none`);
  return lines;
}

async function run(flags: Flags, terminal: Terminal): Promise<void> {
  const { env, stdout } = terminal;
  const to = flags.to ?? env['AFFIDAVIT_DATABASE_URL'];
  if (!to) throw new UsageError('which database? --to, or AFFIDAVIT_DATABASE_URL');
  const { migrateLedger, ConfigError } = await import('@affidavit/server');
  const options = { to, ...(flags.grant === undefined ? {} : { grant: flags.grant }) };
  const report = await migrateLedger(options).catch((error: unknown) => {
    if (error instanceof ConfigError) throw new UsageError(error.message);
    const message = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(message, 'When that is mended, run it again.', error);
  });
  const { green } = styleFor(stdout, env);
  const [first = '', ...more] = reportLines(report, flags.grant);
  for (const line of [`${green('migrated')} ${first}`, ...more]) await writeLine(stdout, line);
}

export function addMigrate(program: Command, terminal: Terminal): void {
  program
    .command('migrate')
    .description('make or bring up the tables of a database, ahead of its servers')
    .option('--to <ledger>', 'postgres://owner:password@host/database, or sqlite:FOLDER')
    .option('--grant <role>', 'a role for the servers, which may work on the tables and no more')
    .addHelpText(
      'after',
      '\nOn the coordinator of a Citus cluster it also distributes the tables, of an empty database.',
    )
    .action((flags: Flags) => run(flags, terminal));
}
