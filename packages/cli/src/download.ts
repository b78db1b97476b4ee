import { open, rename, rm } from 'node:fs/promises';

import { CommandFailure } from './failure.ts';
import { withIdleLimit } from './idle.ts';
import { createProgress } from './progress.ts';
import type { Terminal } from './terminal.ts';

/** An answer of any length, on its way to a file or to stdout. */

export type Sink = (chunk: Uint8Array) => Promise<void>;

const IDLE_MS = 60_000;

export interface Download {
  readonly body: ReadableStream<Uint8Array>;
  /** What it is called in messages: `export`. */
  readonly name: string;
  /** Sees each chunk after it was written. */
  readonly count: (chunk: Uint8Array) => void;
  /** How far it is. */
  readonly totals: () => string;
}

/** Rejects with `CommandFailure` where it breaks off or falls silent. */
export async function copy(
  { body, name, count, totals }: Download,
  sink: Sink,
  terminal: Terminal,
): Promise<void> {
  const progress = createProgress(terminal, () => `${name}: ${totals()}`);
  try {
    for await (const chunk of withIdleLimit(body, IDLE_MS)) {
      await sink(chunk);
      count(chunk);
      await progress.step();
    }
  } catch (error) {
    terminal.signal.throwIfAborted();
    const advice = `What was written is not the whole ${name}; run it again.`;
    throw new CommandFailure(`the ${name} broke off before its end`, advice, error);
  } finally {
    await progress.end();
  }
}

/** Into a file that has its name only when it is whole. */
export async function copyToFile(
  path: string,
  copyInto: (sink: Sink) => Promise<void>,
): Promise<void> {
  const partial = `${path}.partial`;
  const file = await open(partial, 'w', 0o600);
  try {
    await copyInto(async (chunk) => {
      await file.writeFile(chunk);
    });
    await file.sync();
    await file.close();
    await rename(partial, path);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(partial, { force: true });
    throw error;
  }
}
