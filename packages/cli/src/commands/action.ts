import type { ActionOptions, Args } from '@affidavit/sdk';
import type { Command } from 'commander';

import { connect } from '../connection.ts';
import { UsageError } from '../failure.ts';
import { collect, map, parseJson } from '../options.ts';
import { writeLine, type Terminal } from '../terminal.ts';

interface Flags {
  readonly args: string;
  readonly dryRun?: boolean;
  readonly once?: string;
  readonly grant?: string;
  readonly principal?: string;
  readonly reason?: string;
  readonly context?: string[];
  readonly run?: string;
  readonly task?: string;
  readonly tenant?: string;
}

function readArgs(text: string): Args {
  const args = parseJson(text, '--args');
  if (typeof args === 'object' && args !== null && !Array.isArray(args)) return args as Args;
  throw new UsageError('--args is not a JSON object');
}

function actionOptions({ once, context, ...flags }: Flags, signal: AbortSignal): ActionOptions {
  const { dryRun, grant, principal, reason, run, task, tenant } = flags;
  const given = {
    dryRun,
    grant,
    principal,
    reason,
    run,
    task,
    tenant,
    signal,
    idempotencyKey: once,
    context: context && map(context, '--context'),
  };
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as ActionOptions;
}

/** `affidavit action`: carries out a verb. Its execution record goes to stdout. */
export function addAction(program: Command, terminal: Terminal): void {
  program
    .command('action')
    .description('carry out a verb, or say what it would send')
    .argument('<verb>', 'its name, such as stripe:create_refund')
    .option('--args <json>', 'its arguments', '{}')
    .option('--dry-run', 'say what would be sent, and touch nothing')
    .option('--once <key>', 'an Idempotency-Key: the same one has its effect once')
    .option('--grant <id>', 'the grant to use')
    .option('--principal <id>', 'the person on whose behalf')
    .option('--reason <text>', 'why, for a person to read')
    .option('--context <key=value>', 'context (may be repeated)', collect)
    .option('--run <id>', 'the run this belongs to')
    .option('--task <text>', 'the task in the run')
    .option('--tenant <id>', 'your own customer')
    .action(async (verb: string, flags: Flags, command: Command) => {
      const args = readArgs(flags.args);
      const client = connect(command, terminal);
      const record = await client.action(verb, args, actionOptions(flags, terminal.signal));
      await writeLine(terminal.stdout, JSON.stringify(record, null, 2));
    });
}
