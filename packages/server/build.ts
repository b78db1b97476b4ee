import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Plugin } from 'rolldown';

import { buildIfChanged } from '../../build/built-from.ts';

const HOME = fileURLToPath(new URL('.', import.meta.url));
const PACKAGES = ['schema', 'ledger', 'vault', 'server'];

/** Loads a file beside itself; is loaded where it is needed; is not installed. */
const EXTERNAL = [/^@cedar-policy\//, /^@aws-sdk\//, 'pg-native'];

const THREAD = /new URL\('([^']+-thread\.ts)', import\.meta\.url\)/g;

/** Each file that a thread begins in, found where it is named, becomes a file of the bundle, too. */
const threads: Plugin = {
  name: 'threads',
  transform(code, importer) {
    if (!importer.startsWith(join(HOME, 'src'))) return null;
    return code.replaceAll(THREAD, (_, path: string) => {
      const fileName = `${basename(path, '.ts')}.js`;
      this.emitFile({ type: 'chunk', id: join(dirname(importer), path), fileName });
      return `new URL('./${fileName}', import.meta.url)`;
    });
  },
};

/**
 * Bundles the server: a few files instead of the 1,400 that it consists of, which every thread would
 * load for itself. All lie in one folder, as deep as those of `src`: what they find from where
 * they are, they find from here as well.
 */
export const buildServer = (): Promise<void> =>
  buildIfChanged({
    what: 'The server is',
    without: 'and runs from source',
    folder: `${HOME}dist/run`,
    sources: [
      'packages/server/build.ts',
      ...PACKAGES.flatMap((name) => [`packages/${name}/package.json`, `packages/${name}/src`]),
    ],
    load: () => import('rolldown'),
    make: async ({ rolldown }, dir) => {
      const bundle = await rolldown({
        cwd: HOME,
        platform: 'node',
        external: EXTERNAL,
        input: { run: 'src/run.ts' },
        plugins: [threads],
      });
      await bundle.write({ dir, chunkFileNames: '[name]-[hash].js' });
      await bundle.close();
    },
  });
