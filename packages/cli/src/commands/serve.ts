import type { Command } from 'commander';

import { CommandFailure } from '../failure.ts';

type ServerMain = (argv: string[]) => unknown;

/** `affidavit serve`: the server, with its own options. Loaded only here: it is large. */
export function addServe(program: Command): void {
  program
    .command('serve')
    .description('run the server; options such as --port and --data go to it')
    .allowUnknownOption()
    .allowExcessArguments()
    .helpOption(false)
    .argument('[options...]')
    .action(async (given: string[]) => {
      const server = (await import('@affidavit/server')) as unknown as { main?: ServerMain };
      if (typeof server.main !== 'function') {
        throw new CommandFailure(
          'the installed server cannot be started from here',
          'Install the same version of affidavit and @affidavit/server.',
        );
      }
      await server.main(given);
    });
}
