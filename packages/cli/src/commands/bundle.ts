import type { Command } from 'commander';

import { connect } from '../connection.ts';
import { copy, copyToFile } from '../download.ts';
import { CommandFailure } from '../failure.ts';
import { bytes } from '../format/plain.ts';
import { styleFor } from '../format/style.ts';
import { addFilterOptions, addRangeOptions, filterOf } from '../options.ts';
import type { FilterOptions } from '../options.ts';
import { writeLine } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';

interface Flags extends FilterOptions {
  readonly out: string;
}

/** `affidavit bundle`: what fits a filter, as evidence that an auditor checks without asking. */
export function addBundle(program: Command, terminal: Terminal): void {
  const command = program
    .command('bundle')
    .description('write all entries that fit to a file, with what it takes to check them offline');
  addRangeOptions(addFilterOptions(command))
    .requiredOption('-o, --out <file>', 'the file, such as october.tar')
    .addHelpText('after', '\nWith nothing but --from and --to it is also proved complete.')
    .action(async (flags: Flags, invoked: Command) => {
      const { out } = flags;
      const client = connect(invoked, terminal);
      const call = {
        query: filterOf(flags),
        headers: { accept: '*/*' },
        signal: terminal.signal,
      };
      const { body } = await client.open('GET', '/v1/events/bundle', call);
      if (!body) throw new CommandFailure('the bundle has no body', 'Look at the server.');
      let written = 0;
      const count = ({ byteLength }: Uint8Array): void => {
        written += byteLength;
      };
      const download = { body, name: 'bundle', count, totals: () => bytes(written) };
      await copyToFile(out, (sink) => copy(download, sink, terminal));
      const { green, dim } = styleFor(terminal.stderr, terminal.env);
      await writeLine(terminal.stderr, `${green('bundled')} ${bytes(written)} in ${out}`);
      await writeLine(terminal.stderr, dim(`check it with: affidavit verify ${out} --vkey …`));
    });
}
