import type { MintOptions } from '@affidavit/sdk';
import type { Command } from 'commander';

import { connect } from '../connection.ts';
import { plain } from '../format/plain.ts';
import { styleFor } from '../format/style.ts';
import { column, members, printRows, readRows, wordsColumn } from '../list.ts';
import { collect, map, wholeNumber } from '../options.ts';
import { writeLine, type Terminal } from '../terminal.ts';

/** `affidavit tokens`: mint, list and revoke the short-lived bearers of calls. */

const HOUR_SECONDS = 3600;

const COLUMNS = [
  column('ID', 40, 'token_id'),
  column('PROVIDER', 24, 'provider'),
  column('GRANT', 40, 'grant_id'),
  wordsColumn('SCOPES', 40, 'scopes'),
  column('RUN', 30, 'run_id'),
  column('AGENT', 40, 'agent_id'),
  column('EXPIRES', 24, 'expires_at'),
];

interface MintFlags {
  readonly grant?: string;
  readonly provider?: string;
  readonly principal?: string;
  readonly scope?: string[];
  readonly ttl?: number;
  readonly run?: string;
  readonly task?: string;
  readonly reason?: string;
  readonly context?: string[];
  readonly json?: boolean;
}

function addMint(tokens: Command, terminal: Terminal): void {
  tokens
    .command('mint')
    .description('make a token; it goes to stdout, once')
    .option('--grant <id>', 'the grant it is for')
    .option('--provider <name>', 'instead of a grant: the one that fits there')
    .option('--principal <id>', 'on whose behalf, to choose among the grants of a provider')
    .option(
      '--scope <scope>',
      'what it may do (may be repeated); all of the grant without',
      collect,
    )
    .option('--ttl <seconds>', 'how long it lives', wholeNumber('--ttl', 1, HOUR_SECONDS))
    .option('--run <id>', 'the run it is for')
    .option('--task <task>', 'the task in the run')
    .option('--reason <why>', 'goes on the record')
    .option('--context <key=value>', 'goes on the record (may be repeated)', collect)
    .option('--json', 'the whole answer as JSON')
    .action(async (flags: MintFlags, command: Command) => {
      const { stdout, stderr, env, signal } = terminal;
      const { scope, ttl, context, json, ...named } = flags;
      const options = members({
        ...named,
        scopes: scope,
        ttlSeconds: ttl,
        context: context && map(context, '--context'),
      });
      const minted = await connect(command, terminal).mint({ ...(options as MintOptions), signal });
      if (json) return writeLine(stdout, JSON.stringify(minted));
      await writeLine(stdout, plain(minted.token));
      const scopes = minted.scope_granted.map(plain).join(' ') || 'no scopes named';
      const less = minted.scope_downscoped ? ' (less than asked)' : '';
      const note = `${plain(minted.token_id)} — ${scopes}${less}, until ${plain(minted.expires_at)}`;
      await writeLine(stderr, styleFor(stderr, env).dim(note));
    });
}

interface ListFlags {
  readonly agent?: string;
  readonly grant?: string;
  readonly run?: string;
  readonly json?: boolean;
}

function addList(tokens: Command, terminal: Terminal): void {
  tokens
    .command('list')
    .description('tokens that can be used now')
    .option('--agent <id>', 'of this agent')
    .option('--grant <id>', 'on this grant')
    .option('--run <id>', 'of this run')
    .option('--json', 'one JSON object per line')
    .action(async ({ agent, grant, run, json }: ListFlags, command: Command) => {
      const filter = { agent_id: agent, grant_id: grant, run_id: run, limit: 1000 };
      const client = connect(command, terminal, 'admin');
      const rows = await readRows(client, '/v1/tokens', terminal.signal, filter);
      await printRows(terminal, COLUMNS, rows, json === true);
    });
}

function addRevoke(tokens: Command, terminal: Terminal): void {
  tokens
    .command('revoke')
    .description('end a token now')
    .argument('<id>', 'id of the token')
    .action(async (id: string, _flags: object, command: Command) => {
      const path = `/v1/tokens/${encodeURIComponent(id)}`;
      await connect(command, terminal).api('DELETE', path, { signal: terminal.signal });
      await writeLine(terminal.stderr, `revoked ${plain(id)}`);
    });
}

export function addTokens(program: Command, terminal: Terminal): void {
  const tokens = program
    .command('tokens')
    .description('mint, list and revoke short-lived tokens for calls');
  addMint(tokens, terminal);
  addList(tokens, terminal);
  addRevoke(tokens, terminal);
}
