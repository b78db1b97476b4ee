import type { Affidavit } from '@affidavit/sdk';
import type { Command } from 'commander';

import { connect } from '../connection.ts';
import { copy, copyToFile } from '../download.ts';
import type { Sink } from '../download.ts';
import { CommandFailure, UsageError } from '../failure.ts';
import { bytes } from '../format/plain.ts';
import { styleFor } from '../format/style.ts';
import { addFilterOptions, addRangeOptions, collect, filterOf } from '../options.ts';
import type { FilterOptions } from '../options.ts';
import { write, writeLine } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';

interface Flags extends FilterOptions {
  readonly principal?: string[];
  readonly secret?: string;
  readonly grant?: string;
  readonly format: string;
  readonly out?: string;
  readonly bundle?: string;
}

const KINDS: Readonly<Record<string, string>> = {
  access: 'who accessed the data of a person (--principal)',
  agent: 'what an agent did (--agent)',
  violations: 'what was tried against policy',
  secret: 'what a credential was used for, and when last (--secret or --grant)',
  gdpr: 'all about a person, in sentences, by purpose (--principal)',
  hipaa: 'accounting of disclosures and access log',
  soc2: 'evidence for CC6.1–CC6.3 and CC7.2–CC7.3',
};

const HELP = `
Reports:
${Object.entries(KINDS)
  .map(([kind, about]) => `  ${kind.padEnd(12)}${about}`)
  .join('\n')}

A report opens in any browser and prints to PDF. --bundle writes its entries as evidence.`;

function queryOf(flags: Flags) {
  const { principal = [], secret, grant, format } = flags;
  if (format !== 'html' && format !== 'json') throw new UsageError('--format is html or json');
  const filter = filterOf(flags);
  const user = [filter['user'] ?? [], principal].flat() as string[];
  return {
    ...filter,
    ...(user.length === 0 ? {} : { user }),
    ...(secret === undefined ? {} : { secret_id: secret }),
    ...(grant === undefined ? {} : { grant_id: grant }),
    format,
  };
}

interface Fetched {
  readonly name: string;
  readonly path: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly out: string | undefined;
}

/** An answer of any length, into a file or to stdout; resolves with its headers. */
async function fetchInto(
  client: Affidavit,
  { name, path, query, out }: Fetched,
  terminal: Terminal,
) {
  const call = { query: query as never, headers: { accept: '*/*' }, signal: terminal.signal };
  const { body, headers } = await client.open('GET', path, call);
  if (!body) throw new CommandFailure(`the ${name} has no body`, 'Look at the server.');
  let written = 0;
  const count = ({ byteLength }: Uint8Array): void => {
    written += byteLength;
  };
  const download = { body, name, count, totals: () => bytes(written) };
  const copyInto = (sink: Sink) => copy(download, sink, terminal);
  if (out === undefined) await copyInto((chunk) => write(terminal.stdout, chunk));
  else await copyToFile(out, copyInto);
  const { green } = styleFor(terminal.stderr, terminal.env);
  const place = out === undefined ? '' : ` in ${out}`;
  await writeLine(terminal.stderr, `${green(name)} ${bytes(written)}${place}`);
  return headers;
}

/** `affidavit report`: a question of compliance, answered as a page that prints. */
export function addReport(program: Command, terminal: Terminal): void {
  const command = program
    .command('report')
    .description('write a compliance report')
    .argument('<kind>', Object.keys(KINDS).join(', '));
  addRangeOptions(addFilterOptions(command))
    .option('--principal <person>', 'id or email of the person it is about', collect)
    .option('--secret <id>', 'the secret it is about')
    .option('--grant <id>', 'the grant it is about')
    .option('--format <format>', 'html, json', 'html')
    .option('-o, --out <file>', 'the file, such as report.html; stdout when left out')
    .option('--bundle <file>', 'also the evidence for its entries, such as report.tar')
    .addHelpText('after', HELP)
    .action(async (kind: string, flags: Flags, invoked: Command) => {
      if (!Object.hasOwn(KINDS, kind)) {
        throw new UsageError(
          `there is no report ${kind}; there are ${Object.keys(KINDS).join(', ')}`,
        );
      }
      const client = connect(invoked, terminal);
      const { out, bundle } = flags;
      const query = queryOf(flags);
      const path = `/v1/reports/${kind}`;
      const headers = await fetchInto(client, { name: 'report', path, query, out }, terminal);
      if (bundle === undefined) return;
      const same = new URLSearchParams(headers.get('affidavit-bundle-query') ?? '');
      const evidence = {
        name: 'bundle',
        path: '/v1/events/bundle',
        query: Object.fromEntries([...same.keys()].map((name) => [name, same.getAll(name)])),
        out: bundle,
      };
      await fetchInto(client, evidence, terminal);
      const { dim } = styleFor(terminal.stderr, terminal.env);
      await writeLine(terminal.stderr, dim(`check it with: affidavit verify ${bundle} --vkey …`));
    });
}
