import { randomBytes } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { ConfigError } from './config.ts';

const KEY_BYTES = 32;
const FILE_NAME = 'master.key';

function decode(text: string, source: string): Uint8Array {
  const written = text.trim().replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
  const key = Buffer.from(written, 'base64');
  // Decoding skips what is not base64: a key with a slip in it must not become another key.
  const exact = key.toString('base64').replace(/=+$/, '') === written;
  if (key.length === KEY_BYTES && exact) return new Uint8Array(key);
  throw new ConfigError(`${source}: expected base64 of ${KEY_BYTES} bytes`);
}

/**
 * The master keys, the current one first: from AFFIDAVIT_MASTER_KEY, else from a file in the data
 * folder that only its owner may read, made at the first start.
 */
export function readMasterKeys(variable: string | undefined, dataFolder: string): Uint8Array[] {
  const known = findMasterKeys(variable, dataFolder);
  if (known.length > 0) return known;
  const key = randomBytes(KEY_BYTES);
  const path = masterKeyFile(dataFolder);
  writeFileSync(path, `${key.toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true });
  return [new Uint8Array(key)];
}

export const masterKeyFile = (dataFolder: string): string => join(dataFolder, FILE_NAME);

/** Those that there are: none where no variable is given and no file is there. */
export function findMasterKeys(
  variable: string | undefined,
  dataFolder: string | null,
): Uint8Array[] {
  const path = dataFolder === null ? null : masterKeyFile(dataFolder);
  const file = path === null ? null : readIfThere(path);
  const given = variable ? variable.split(',') : [];
  const keys = given.map((text) => decode(text, 'AFFIDAVIT_MASTER_KEY'));
  if (path === null || file === null) return keys;
  if (keys.length === 0 && (statSync(path).mode & 0o077) !== 0) {
    throw new ConfigError(`${path}: others may read it; run: chmod 600 ${path}`);
  }
  return [...keys, decode(file, path)];
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
