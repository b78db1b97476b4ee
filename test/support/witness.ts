import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

import { COMPILE_CACHE, temporaryFolder } from './server.ts';
import { startService, type Service } from './service.ts';

/** For tests: a real witness in a child process. */

const MAIN = fileURLToPath(
  import.meta.resolve('@affidavit/witness').replace(/index\.ts$/, 'main.ts'),
);
const WAIT_MS = 30_000;

export interface WitnessProcess {
  readonly url: string;
  readonly vkey: string;
  readonly name: string;
  readonly dataFolder: string;
  kill(signal: NodeJS.Signals): Promise<void>;
}

export interface WitnessSettings {
  readonly name: string;
  /** Verifier keys. */
  readonly logs: readonly string[];
  readonly port?: string;
  readonly dataFolder?: string;
}

const children = new Set<ChildProcess>();
after(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** Hands a request on to a witness, and its answer back. */
export async function passOn(
  { url }: { readonly url: string },
  body: string,
  response: ServerResponse,
): Promise<void> {
  const answer = await fetch(`${url}/add-checkpoint`, { method: 'POST', body });
  const type = String(answer.headers.get('content-type'));
  response.writeHead(answer.status, { 'content-type': type });
  response.end(await answer.text());
}

/** In front of a witness, to see what it is asked. */
export const startDoor = (witness: { readonly url: string }): Promise<Service> =>
  startService(({ body }, response) => passOn(witness, body, response));

export async function startWitness(settings: WitnessSettings): Promise<WitnessProcess> {
  const { name, logs, port = '0', dataFolder = temporaryFolder() } = settings;
  const flags = ['--data', dataFolder, '--port', port, '--name', name];
  const argv = ['--disable-warning=ExperimentalWarning', MAIN, ...flags];
  const child = spawn(process.execPath, [...argv, ...logs.flatMap((log) => ['--log', log])], {
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: COMPILE_CACHE },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  const ended = once(child, 'close').then(() => void children.delete(child));
  const signal = AbortSignal.timeout(WAIT_MS);
  for (;;) {
    const [, url, vkey] = /listening on (\S+)\n {2}verifier key (\S+)\n/.exec(said) ?? [];
    if (url !== undefined && vkey !== undefined) {
      const kill = (by: NodeJS.Signals) => (child.kill(by), ended);
      return { url, vkey, name, dataFolder, kill };
    }
    if (!children.has(child)) throw new Error(`the witness did not start:\n${said}`);
    await Promise.race([once(child.stdout, 'data', { signal }), ended]);
  }
}
