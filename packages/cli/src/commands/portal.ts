import type { Command } from 'commander';

import { connect } from '../connection.ts';
import { plain } from '../format/plain.ts';
import { members, type Row } from '../list.ts';
import { writeLine, type Terminal } from '../terminal.ts';

/** `affidavit portal`: a link that signs one person in. Needs a key of an owner. */

interface Flags {
  readonly role?: string;
  readonly name?: string;
}

export function addPortal(program: Command, terminal: Terminal): void {
  program
    .command('portal')
    .description('a link that signs one person in to the portal, once; it goes to stdout')
    .option('--role <role>', 'owner, admin, analyst, auditor or approver (default owner)')
    .option('--name <name>', 'who it is for, as the record will name them')
    .action(async (flags: Flags, command: Command) => {
      const client = connect(command, terminal, 'admin');
      const body = members({ ...flags });
      const made = await client.api('POST', '/v1/sign-in-links', { body, signal: terminal.signal });
      const { url, expires_at } = made as Row;
      await writeLine(terminal.stdout, plain(url));
      await writeLine(terminal.stderr, `good once, until ${plain(expires_at)}`);
    });
}
