import { fileURLToPath } from 'node:url';

import { buildIfChanged } from '../../build/built-from.ts';

const HOME = fileURLToPath(new URL('.', import.meta.url));

/** Builds the pages, which the server sends as they are. */
export const buildPages = (): Promise<void> =>
  buildIfChanged({
    what: 'The pages are',
    without: 'and the server says so',
    folder: `${HOME}dist/pages`,
    sources: [
      'packages/schema/src',
      'packages/ledger/src',
      ...['src', 'public', 'index.html', 'wallet.html', 'vite.config.ts', 'package.json'].map(
        (own) => `packages/portal/${own}`,
      ),
    ],
    load: () => import('vite'),
    make: async (vite, outDir) => {
      await vite.build({
        root: HOME,
        configFile: `${HOME}vite.config.ts`,
        logLevel: 'warn',
        build: { outDir },
      });
    },
  });
