import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { temporaryFolder } from './server.ts';

/** For tests: the verifier in Python, that knows nothing of this code. */

const FILE = fileURLToPath(new URL('../../verifiers/python/affidavit_verify.py', import.meta.url));
const LIMIT_MS = 30_000;

/** A Python that has the package `cryptography`; null where there is none. */
export const python: string | null =
  ['python3', '/usr/bin/python3'].find(
    (one) => spawnSync(one, ['-c', 'import cryptography'], { timeout: LIMIT_MS }).status === 0,
  ) ?? null;

/** For `skip` of a test: says what is then not tested. */
export const withoutPython =
  python === null && 'no Python 3 with cryptography: the second verifier is not tested';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function runVerifier(
  argv: readonly string[],
  interpreter: readonly string[] = [],
): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { timeout: LIMIT_MS };
    execFile(
      python ?? 'python3',
      [...interpreter, FILE, ...argv],
      options,
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ code, stdout, stderr });
      },
    );
  });
}

const folder = temporaryFolder();
let files = 0;

/** Puts something into a file for it; the name tells what it is. */
export function fileOf(content: string | Uint8Array, ending: string): string {
  const path = join(folder, `${(files += 1)}${ending}`);
  writeFileSync(path, content);
  return path;
}
