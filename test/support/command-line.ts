import { Writable } from 'node:stream';

import { runCli } from 'affidavit';

/** For tests: command lines, run in this process, which is faster than in one of their own. */

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

class Memory extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
}

/** Runs one, with no environment but the given. */
export async function affidavit(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const [stdout, stderr] = [new Memory(), new Memory()];
  const { signal } = new AbortController();
  const code = await runCli(argv, { stdout, stderr, env, signal });
  return { code, stdout: stdout.text, stderr: stderr.text };
}
