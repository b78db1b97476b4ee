import type { Command } from 'commander';

/** `affidavit witness`: a witness, with its own options. For another party than the log's. */
export function addWitness(program: Command): void {
  program
    .command('witness')
    .description('run a witness for ledgers of others; see affidavit witness --help')
    .allowUnknownOption()
    .allowExcessArguments()
    .helpOption(false)
    .argument('[options...]')
    .action(async (given: string[]) => {
      const { serveWitness } = await import('@affidavit/witness');
      await serveWitness(given);
    });
}
