import type { ProviderResponse, RequestOptions } from '@affidavit/sdk';
import type { Command } from 'commander';

import { connect } from '../connection.ts';
import { UsageError } from '../failure.ts';
import { plain } from '../format/plain.ts';
import { styleFor } from '../format/style.ts';
import { collect, map, parseJson } from '../options.ts';
import { write, writeLine } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';

interface Flags {
  readonly provider?: string;
  readonly grant?: string;
  readonly principal?: string;
  readonly header?: string[];
  readonly json?: string;
  readonly body?: string;
  readonly reason?: string;
  readonly context?: string[];
  readonly run?: string;
  readonly task?: string;
  readonly scope?: string[];
  readonly include?: boolean;
}

/** Members that were given, under the names of the SDK. */
function requestOptions(flags: Flags, signal: AbortSignal): RequestOptions {
  const { provider, grant, principal, json, body, reason, run, task, scope } = flags;
  if (json !== undefined && body !== undefined) throw new UsageError('give --json or --body');
  const given = {
    provider,
    grant,
    principal,
    json: json === undefined ? undefined : parseJson(json, '--json'),
    body,
    reason,
    run,
    task,
    scopes: scope,
    headers: flags.header && map(flags.header, '--header'),
    context: flags.context && map(flags.context, '--context'),
    signal,
  };
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as RequestOptions;
}

async function show(answer: ProviderResponse, include: boolean, terminal: Terminal): Promise<void> {
  const style = styleFor(terminal.stderr, terminal.env);
  const status = answer.ok ? style.green(`${answer.status}`) : style.red(`${answer.status}`);
  await writeLine(terminal.stderr, `${status} ${style.dim(plain(answer.executionId))}`);
  if (include) {
    for (const [name, value] of answer.headers) {
      await writeLine(terminal.stderr, style.dim(`${plain(name)}: ${plain(value)}`));
    }
  }
  await write(terminal.stdout, new Uint8Array(await answer.arrayBuffer()));
  if (terminal.stdout.isTTY) await writeLine(terminal.stdout, '');
}

/** `affidavit request`: one call to a provider. Its body goes to stdout, the rest to stderr. */
export function addRequest(program: Command, terminal: Terminal): void {
  program
    .command('request')
    .description('call a provider with a credential that Affidavit holds')
    .argument('<method>', 'HTTP method')
    .argument('<url>', 'address at the provider')
    .option('--provider <name>', 'the provider, when one grant fits')
    .option('--grant <id>', 'the grant to use')
    .option('--principal <id>', 'the person on whose behalf')
    .option('--header <name=value>', 'a header (may be repeated)', collect)
    .option('--json <json>', 'a JSON body')
    .option('--body <text>', 'a body as it is')
    .option('--reason <text>', 'why, for a person to read')
    .option('--context <key=value>', 'context (may be repeated)', collect)
    .option('--run <id>', 'the run this belongs to')
    .option('--task <text>', 'the task in the run')
    .option('--scope <scope>', 'a scope to ask for (may be repeated)', collect)
    .option('-i, --include', 'show the headers of the answer too')
    .action(async (method: string, url: string, flags: Flags, command: Command) => {
      const client = connect(command, terminal);
      const options = requestOptions(flags, terminal.signal);
      const answer = await client.request(method.toUpperCase(), url, options);
      await show(answer, flags.include === true, terminal);
    });
}
