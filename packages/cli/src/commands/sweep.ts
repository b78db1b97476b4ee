import type { Command } from 'commander';

import { connect } from '../connection.ts';
import { CommandFailure } from '../failure.ts';
import { thousands } from '../format/plain.ts';
import { writeLine } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';

interface Flags {
  readonly app?: string;
  readonly acceptClock?: boolean;
  readonly json?: boolean;
}

interface Swept {
  readonly deleted: number;
  readonly held: number;
  readonly done: boolean;
  /** Where to go on. */
  readonly after?: number;
  readonly space_freed: boolean;
}

/** A sweep answers when its time is up at the latest, and the space that it freed is given back. */
const TIMEOUT_MS = 60_000;
/** At some hundred entries a step, and many steps an answer, more than any ledger has. */
const ROUNDS_MAX = 1_000_000;

/** `affidavit sweep`: remove what is older than its app keeps, all of it, however long it takes. */
export function addSweep(program: Command, terminal: Terminal): void {
  program
    .command('sweep')
    .description('remove now what is older than is kept; the server does it daily by itself')
    .option('--app <id>', 'the app to sweep')
    .option('--accept-clock', 'the clock of the server was looked at, and it is right')
    .option('--json', 'the answer as JSON')
    .action(async (flags: Flags, command: Command) => {
      const { stderr, signal } = terminal;
      const client = connect(command, terminal, 'admin');
      const body = {
        ...(flags.app === undefined ? {} : { app_id: flags.app }),
        ...(flags.acceptClock ? { accept_clock: true } : {}),
      };
      let deleted = 0;
      let held = 0;
      for (let round = 1, after = -1; ; round++) {
        const swept = (await client.api('POST', '/v1/retention/sweep', {
          body: { ...body, after },
          signal,
          timeoutMs: TIMEOUT_MS,
        })) as Swept;
        deleted += swept.deleted;
        held += swept.held;
        after = swept.after ?? after;
        if (swept.done) return report({ ...swept, deleted, held }, flags.json === true, terminal);
        if (round === ROUNDS_MAX) throw new CommandFailure('the sweep has no end', 'Try later.');
        await writeLine(stderr, `${thousands(deleted)} entries removed so far`);
      }
    });
}

async function report(swept: Swept, json: boolean, { stdout, stderr }: Terminal): Promise<void> {
  if (json) return writeLine(stdout, JSON.stringify(swept));
  const held = swept.held > 0 ? `; ${thousands(swept.held)} older ones are on hold` : '';
  await writeLine(stdout, `${thousands(swept.deleted)} entries removed${held}`);
  if (!swept.space_freed) await writeLine(stderr, 'Their space is being given back.');
}
