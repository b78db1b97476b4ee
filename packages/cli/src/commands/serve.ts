import type { Command } from 'commander';

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
      const { launch } = await import('@affidavit/server/launch');
      await launch(given);
    });
}
