import { write } from './terminal.ts';
import type { Terminal } from './terminal.ts';

const QUIET_MS = 2000;
const STEP_MS = 1000;
const BAR_STEP_MS = 100;
const BAR_WIDTH = 24;

export interface Progress {
  /** Call it often: it tells now and then. */
  step(): Promise<void>;
  /** Takes the line off a terminal. */
  end(): Promise<void>;
}

/**
 * Tells on stderr how far it is, once it has taken longer than two seconds: on one line of a
 * terminal, else on a line each second.
 */
export function createProgress(
  { stderr }: Terminal,
  text: () => string,
  stepMs = STEP_MS,
): Progress {
  let next = performance.now() + QUIET_MS;
  let told = false;
  return {
    async step() {
      if (performance.now() < next) return;
      next = performance.now() + (stderr.isTTY ? stepMs : STEP_MS);
      await write(stderr, stderr.isTTY ? `\r\u001B[2K${text()}` : `${text()}\n`);
      told = true;
    },
    async end() {
      if (told && stderr.isTTY) await write(stderr, '\r\u001B[2K');
    },
  };
}

/** The same as a bar, of which `share` (0 to 1) is done. */
export function createBar(
  terminal: Terminal,
  name: string | (() => string),
  share: () => number,
): Progress {
  const text = (): string => {
    const done = Math.min(1, Math.max(0, share()));
    const filled = Math.round(done * BAR_WIDTH);
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
    const title = typeof name === 'string' ? name : name();
    return `${title} ${bar} ${String(Math.floor(done * 100)).padStart(3)} %`;
  };
  return createProgress(terminal, text, BAR_STEP_MS);
}
