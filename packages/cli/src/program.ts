import { Command } from 'commander';

import { addAction } from './commands/action.ts';
import { addApprovals } from './commands/approvals.ts';
import { addBundle } from './commands/bundle.ts';
import { addCopy } from './commands/copy.ts';
import { addDemo } from './commands/demo.ts';
import { addDestinations } from './commands/destinations.ts';
import { addExport } from './commands/export.ts';
import { addFsck } from './commands/fsck.ts';
import { addKeys } from './commands/keys.ts';
import { addMonitors } from './commands/monitors.ts';
import { addMigrate } from './commands/migrate.ts';
import { addOperators } from './commands/operators.ts';
import { addPortal } from './commands/portal.ts';
import { addQuery } from './commands/query.ts';
import { addReport } from './commands/report.ts';
import { addRequest } from './commands/request.ts';
import { addServe } from './commands/serve.ts';
import { addSweep } from './commands/sweep.ts';
import { addTail } from './commands/tail.ts';
import { addTokens } from './commands/tokens.ts';
import { addVerbs } from './commands/verbs.ts';
import { addVerify } from './commands/verify.ts';
import { addWitness } from './commands/witness.ts';
import { EXIT, exitCodeOf, failureText } from './failure.ts';
import { styleFor } from './format/style.ts';
import type { Terminal } from './terminal.ts';

function createProgram(terminal: Terminal): Command {
  const program = new Command('affidavit')
    .description('The audit trail for AI agents.')
    .option('--url <url>', 'where Affidavit answers (AFFIDAVIT_URL)')
    .option('--key <key>', 'API key (AFFIDAVIT_API_KEY or AFFIDAVIT_ADMIN_KEY)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: (text) => void terminal.stderr.write(text),
    });
  addServe(program);
  addWitness(program);
  addPortal(program, terminal);
  addRequest(program, terminal);
  addAction(program, terminal);
  addVerbs(program, terminal);
  addTail(program, terminal);
  addQuery(program, terminal);
  addExport(program, terminal);
  addBundle(program, terminal);
  addReport(program, terminal);
  addVerify(program, terminal);
  addFsck(program, terminal);
  addKeys(program, terminal);
  addMonitors(program, terminal);
  addApprovals(program, terminal);
  addTokens(program, terminal);
  addOperators(program, terminal);
  addDestinations(program, terminal);
  addSweep(program, terminal);
  addCopy(program, terminal);
  addMigrate(program, terminal);
  addDemo(program, terminal);
  return program;
}

/**
 * Runs one command line, without the name of the program. Resolves to the exit code: 0 done,
 * 1 failed (said on stderr), 2 not understood. Never rejects.
 */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await createProgram(terminal).parseAsync(argv, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    const text = failureText(error, styleFor(terminal.stderr, terminal.env));
    if (text !== '') terminal.stderr.write(`${text}\n`);
    return exitCodeOf(error);
  }
}
