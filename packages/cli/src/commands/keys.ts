import type { Command } from 'commander';

import { connect } from '../connection.ts';
import { CommandFailure } from '../failure.ts';
import { plain } from '../format/plain.ts';
import { styleFor } from '../format/style.ts';
import type { Column } from '../format/table.ts';
import { column, members, printRows, readRows, wordsColumn, type Row } from '../list.ts';
import { collect, wholeNumber } from '../options.ts';
import { writeLine } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';
import { addSigningKeys } from './signing-keys.ts';

/**
 * `affidavit keys`: list, mint, rotate and revoke API keys. Needs an admin key. `affidavit keys
 * signing` is about the keys that sign the ledger.
 */

const DAYS_30 = 30 * 86_400;
const USUAL_SCOPES = ['calls:execute', 'events:write', 'events:read'];

/** A key that is being rotated out works until its `revoked_at`. */
function statusOf({ revoked_at: end }: Row): string {
  if (typeof end !== 'string') return 'active';
  return Date.parse(end) > Date.now() ? 'ending' : 'revoked';
}

const COLUMNS: readonly Column<Row>[] = [
  column('ID', 40, 'key_id', 'id'),
  column('NAME', 30, 'name'),
  column('PREFIX', 16, 'prefix'),
  wordsColumn('SCOPES', 40, 'scopes'),
  column('ROLE', 10, 'role'),
  column('AGENT', 40, 'agent_id'),
  { title: 'STATUS', width: 10, value: statusOf },
  { title: 'CREATED', width: 19, value: (row) => plain(row['created_at']).slice(0, 19) },
];

async function showKey(answer: unknown, json: boolean, terminal: Terminal): Promise<void> {
  const { stdout, stderr, env } = terminal;
  const made = answer as Row;
  if (json) return writeLine(stdout, JSON.stringify(made));
  if (typeof made['key'] !== 'string') {
    throw new CommandFailure('the answer holds no key', 'Look at the list of keys.');
  }
  await writeLine(stdout, plain(made['key']));
  const note = `${plain(made['key_id'])} — shown this once; keep it safe`;
  await writeLine(stderr, styleFor(stderr, env).dim(note));
}

function addList(keys: Command, terminal: Terminal): void {
  keys
    .command('list')
    .description('all keys, never their secrets')
    .option('--json', 'one JSON object per line')
    .action(async (flags: { json?: boolean }, command: Command) => {
      const client = connect(command, terminal, 'admin');
      const rows = await readRows(client, '/v1/keys', terminal.signal, { limit: 1000 });
      await printRows(terminal, COLUMNS, rows, flags.json === true);
    });
}

interface MintFlags {
  readonly scope?: string[];
  readonly role?: string;
  readonly agent?: string;
  readonly app?: string;
  readonly json?: boolean;
}

function addMint(keys: Command, terminal: Terminal): void {
  keys
    .command('mint')
    .alias('create')
    .description('make a key; it goes to stdout, once')
    .argument('<name>', 'what it is for')
    .option('--scope <scope>', 'what it may do (may be repeated)', collect)
    .option('--role <role>', 'instead: owner, admin, analyst, auditor or approver')
    .option('--agent <id>', 'the agent it identifies')
    .option('--app <id>', 'the app it belongs to')
    .option('--json', 'the whole answer as JSON')
    .action(async (name: string, flags: MintFlags, command: Command) => {
      const { role, scope, agent: agent_id, app: app_id } = flags;
      const usual = role === undefined ? USUAL_SCOPES : undefined;
      const body = members({ name, scopes: scope ?? usual, role, agent_id, app_id });
      const client = connect(command, terminal, 'admin');
      const answer = await client.api('POST', '/v1/keys', { body, signal: terminal.signal });
      await showKey(answer, flags.json === true, terminal);
    });
}

function addRotate(keys: Command, terminal: Terminal): void {
  keys
    .command('rotate')
    .description('make its successor; the old one works until the overlap ends')
    .argument('<id>', 'id of the key')
    .option('--overlap <seconds>', 'overlap', wholeNumber('--overlap', 0, DAYS_30), 0)
    .option('--json', 'the whole answer as JSON')
    .action(async (id: string, flags: { overlap: number; json?: boolean }, command: Command) => {
      const client = connect(command, terminal, 'admin');
      const path = `/v1/keys/${encodeURIComponent(id)}/rotate`;
      const body = { overlap_seconds: flags.overlap };
      const answer = await client.api('POST', path, { body, signal: terminal.signal });
      await showKey(answer, flags.json === true, terminal);
    });
}

function addRevoke(keys: Command, terminal: Terminal): void {
  keys
    .command('revoke')
    .description('end a key now')
    .argument('<id>', 'id of the key')
    .action(async (id: string, _flags: object, command: Command) => {
      const client = connect(command, terminal, 'admin');
      const path = `/v1/keys/${encodeURIComponent(id)}`;
      await client.api('DELETE', path, { signal: terminal.signal });
      await writeLine(terminal.stderr, `revoked ${plain(id)}`);
    });
}

export function addKeys(program: Command, terminal: Terminal): void {
  const keys = program
    .command('keys')
    .description('list, mint, rotate and revoke API keys; the keys that sign the ledger');
  addList(keys, terminal);
  addMint(keys, terminal);
  addRotate(keys, terminal);
  addRevoke(keys, terminal);
  addSigningKeys(keys, terminal);
}
