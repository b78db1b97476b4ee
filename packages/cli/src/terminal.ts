import type { Writable } from 'node:stream';
import { once } from 'node:events';

/** What a command may touch of the process it runs in. */
export interface Terminal {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the person asks to stop. */
  readonly signal: AbortSignal;
}

export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Writes and waits while the reader is behind, so that nothing piles up in memory. */
export async function write(output: Output, chunk: string | Uint8Array): Promise<void> {
  if (!output.write(chunk)) await once(output, 'drain');
}

export const writeLine = (output: Output, line: string): Promise<void> =>
  write(output, `${line}\n`);

/** The process's own terminal. The first interrupt stops the command, the second the process. */
export function processTerminal(): Terminal {
  const controller = new AbortController();
  const stop = () => controller.abort(new Error('interrupted'));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    signal: controller.signal,
  };
}
