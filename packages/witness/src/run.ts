import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { WitnessError } from './error.ts';
import { HELP, readOptions, type Options } from './options.ts';
import { createWitnessServer } from './server.ts';
import { openState } from './state.ts';
import { Witness } from './witness.ts';

/** Longest wait for requests under way when the witness is told to stop. */
const CLOSE_MS = 5000;

/** Runs a witness until it is told to stop. Rejects with `WitnessError` where it cannot start. */
export async function serveWitness(argv: readonly string[]): Promise<void> {
  const options = readOptions(argv);
  if (options === null) {
    process.stdout.write(HELP);
    return;
  }
  // What the witness writes is for its own user alone.
  process.umask(0o077);
  await run(options);
}

/** The same for a process of its own; resolves with the exit code. */
export async function runWitness(argv: readonly string[]): Promise<number> {
  try {
    await serveWitness(argv);
    return 0;
  } catch (error) {
    const known = error instanceof WitnessError || 'code' in (error as object);
    const { message, stack } = error as Error;
    process.stderr.write(`${known ? message : stack}\n`);
    return 1;
  }
}

async function run({ data_folder, host, port, name, logs }: Options): Promise<void> {
  const state = openState(data_folder, name);
  try {
    const witness = new Witness({ state, logs, now: Date.now });
    const server = createWitnessServer(witness, (error) => {
      process.stderr.write(`a request failed: ${(error as Error).message}\n`);
    });
    const stop = new Promise<void>((resolve) => {
      process.once('SIGINT', resolve);
      process.once('SIGTERM', resolve);
    });
    server.listen(port, host);
    await once(server, 'listening');
    process.stdout.write(greeting(witness, server.address() as AddressInfo));
    await stop;
    const late = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
    server.close();
    server.closeIdleConnections();
    await once(server, 'close');
    clearTimeout(late);
  } finally {
    state.close();
  }
}

function greeting(witness: Witness, { address, family, port }: AddressInfo): string {
  const host = family === 'IPv6' ? `[${address}]` : address;
  return [
    `Affidavit witness is listening on http://${host}:${port}`,
    `  verifier key ${witness.vkey}`,
    ...witness.origins.map((origin) => `  witnesses    ${origin}`),
    '',
  ].join('\n');
}
