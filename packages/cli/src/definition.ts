import { readFile } from 'node:fs/promises';

import { UsageError } from './failure.ts';
import { parseJson } from './options.ts';

/** A definition as JSON, or `@` and a file that has it: where secrets are in it, the better way. */
export async function readDefinition(given: string): Promise<unknown> {
  if (!given.startsWith('@')) return parseJson(given, 'the definition');
  const file = given.slice(1);
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new UsageError(`${file} cannot be read: ${error.message}`);
  });
  return parseJson(text, file);
}
