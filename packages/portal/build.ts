import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Builds the pages where what is there was not built from these sources: `node build.ts`. Runs
 * after `npm ci` and before `npm start`, and does nothing most of the time.
 */

const HOME = fileURLToPath(new URL('.', import.meta.url));
const PAGES = join(HOME, 'dist/pages');
const MARK = join(PAGES, 'built-from');
const SOURCES = ['src', 'public', '../schema/src', '../ledger/src'];
const FILES = [
  'index.html',
  'wallet.html',
  'vite.config.ts',
  'package.json',
  '../../package-lock.json',
];

function fingerprint(): string {
  const hash = createHash('sha256');
  const add = (file: string) => hash.update(`${file}\0`).update(readFileSync(join(HOME, file)));
  for (const folder of SOURCES) {
    const files = readdirSync(join(HOME, folder), { recursive: true, withFileTypes: true });
    const names = files.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
    for (const name of names.sort()) add(relative(HOME, name));
  }
  for (const file of FILES) add(file);
  return hash.digest('hex');
}

async function build(from: string): Promise<void> {
  const vite = await import('vite').catch(() => null);
  if (vite === null) {
    process.stdout.write(
      'The pages are not built: Vite is not installed (npm ci without --omit=dev).\n',
    );
    return;
  }
  process.stdout.write('Building the pages …\n');
  const started = Date.now();
  await vite.build({ root: HOME, configFile: join(HOME, 'vite.config.ts'), logLevel: 'warn' });
  writeFileSync(MARK, from);
  process.stdout.write(`Built in ${((Date.now() - started) / 1000).toFixed(1)} s.\n`);
}

const from = fingerprint();
const isBuilt = existsSync(MARK) && readFileSync(MARK, 'utf8') === from;
if (!isBuilt) await build(from);
