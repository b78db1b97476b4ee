import { LedgerError } from './error.ts';

/** What a text of the attacker's says; `what` it is not, where it is not JSON. */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new LedgerError('malformed', `Not ${what}: it is not JSON.`, { cause });
  }
}
