import { Affidavit } from '@affidavit/sdk';
import type { Command } from 'commander';

import { UsageError } from './failure.ts';
import type { Terminal } from './terminal.ts';

/** Which Affidavit to talk to, and as whom. */

export const DEFAULT_URL = 'http://127.0.0.1:7411';
const CALLER = 'affidavit-cli';

interface ConnectionOptions {
  readonly url?: string;
  readonly key?: string;
}

export interface Connection {
  readonly url: string;
  readonly key: string;
}

/** `admin`: the admin key is taken first where both are set. */
export function connectionOf(
  command: Command,
  { env }: Terminal,
  prefer: 'api' | 'admin' = 'api',
): Connection {
  const options = command.optsWithGlobals<ConnectionOptions>();
  const url = options.url ?? (env['AFFIDAVIT_URL'] || DEFAULT_URL);
  const names = ['AFFIDAVIT_API_KEY', 'AFFIDAVIT_ADMIN_KEY'];
  if (prefer === 'admin') names.reverse();
  const key = options.key ?? names.map((name) => env[name]).find(Boolean);
  if (!URL.canParse(url)) throw new UsageError(`--url is not an address: ${url}`);
  if (!key)
    throw new UsageError('a key is needed: --key, AFFIDAVIT_API_KEY or AFFIDAVIT_ADMIN_KEY');
  return { url, key };
}

/**
 * The key for an address that was named on the command line. One out of the environment belongs to
 * the server that the environment, or --url, names, and goes nowhere else.
 */
export function keyFor(command: Command, { env }: Terminal, address: URL): string | undefined {
  const options = command.optsWithGlobals<ConnectionOptions>();
  if (options.key !== undefined) return options.key;
  const home = options.url ?? (env['AFFIDAVIT_URL'] || DEFAULT_URL);
  if (!URL.canParse(home) || new URL(home).origin !== address.origin) return undefined;
  return env['AFFIDAVIT_API_KEY'] || env['AFFIDAVIT_ADMIN_KEY'] || undefined;
}

export function connect(
  command: Command,
  terminal: Terminal,
  prefer: 'api' | 'admin' = 'api',
): Affidavit {
  const { url, key } = connectionOf(command, terminal, prefer);
  return new Affidavit({ url, apiKey: key, caller: CALLER });
}
