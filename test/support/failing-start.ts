import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { COMPILE_CACHE, MAIN } from './server.ts';

const START_MS = 30_000;

export interface FailedStart {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface FailingOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly dataFolder: string;
  readonly port?: number;
  /** Runs as this user; only root may ask for it. */
  readonly uid?: number;
}

/** For tests: a start that is expected to be refused. A server that starts all the same is ended. */
export async function failToStart(options: FailingOptions): Promise<FailedStart> {
  const { env = {}, args = [], dataFolder, port = 0, uid } = options;
  const flags = ['--port', String(port), '--data', dataFolder, ...args];
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...flags], {
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      AFFIDAVIT_ADMIN_KEY: 'adm_test_0123456789abcdef',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    if (stdout.includes('listening on')) child.kill('SIGKILL');
  });
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const timer = setTimeout(() => child.kill('SIGKILL'), START_MS);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  return { code, stdout, stderr };
}
