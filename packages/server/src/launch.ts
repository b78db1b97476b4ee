import { existsSync } from 'node:fs';

import type { runServer } from './run.ts';

type Run = { readonly runServer: typeof runServer };

/** What `build.ts` makes of `run.ts` and all that it imports. */
const BUNDLE = new URL('../dist/run/run.js', import.meta.url);

/** Runs the server from its bundle; from source where it was not built (`npm ci --omit=dev`). */
export async function launch(argv: readonly string[]): Promise<number> {
  const run: Run = existsSync(BUNDLE) ? await import(BUNDLE.href) : await import('./run.ts');
  return run.runServer(argv);
}
