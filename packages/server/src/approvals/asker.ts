import type { Asker } from '@affidavit/vault';

import type { StoredDirectory } from '../access/directory.ts';
import { isLive } from '../access/gate.ts';
import type { ApprovalsTable } from '../store/tables.ts';

/** Who asked for what waits: what is theirs, and what they could still ask for. */

/** Agents above an agent that are looked at. */
const ANCESTORS_MAX = 16;

/** Whether a request is of this key, or of its agent; for a token, of the same token. */
export function isOwn({ key_id, agent_id, token_id }: Asker, by: Asker): boolean {
  if (by.token_id !== null) return token_id === by.token_id;
  return key_id === by.key_id || (agent_id !== null && agent_id === by.agent_id);
}

/** Whether it is their own request, or that of an agent that they sent, or that sent them. */
export async function isTheirs(
  directory: StoredDirectory,
  row: ApprovalsTable,
  by: Asker,
): Promise<boolean> {
  if (isOwn(row, by)) return true;
  if (row.agent_id === null || by.agent_id === null) return false;
  const [asked, decides] = [row.agent_id, by.agent_id];
  const above = async (lower: string, upper: string) =>
    (await ancestors(directory, row.app, lower)).includes(upper);
  return (await above(asked, decides)) || above(decides, asked);
}

async function ancestors(directory: StoredDirectory, app: number, agent: string) {
  const found: string[] = [];
  let parent = await directory.parentAgent(app, agent);
  while (parent !== null && found.length < ANCESTORS_MAX) {
    found.push(parent);
    parent = await directory.parentAgent(app, parent);
  }
  return found;
}

/** A live key, or an operator who was not removed; of others who signed in nobody can tell. */
async function isThere(directory: StoredDirectory, app: number, key_id: string, now: number) {
  const [key] = await directory.rows('api_keys', { key_id });
  if (key) return isLive(key, now);
  const operators = await directory.rows('operators', { app, operator_id: key_id });
  return operators.length > 0;
}

/** Whether the key or person that asked, and their agent, could ask today. A token may be over by now. */
export async function couldStillAsk(
  directory: StoredDirectory,
  { key_id, agent_id, token_id, app }: ApprovalsTable,
  now: number,
): Promise<boolean> {
  const [token] = token_id === null ? [] : await directory.rows('tokens', { app, token_id });
  if (token_id !== null && (!token || token.state === 'revoked')) return false;
  if (!(await isThere(directory, app, key_id, now))) return false;
  const agent = agent_id === null ? null : await directory.agent(app, agent_id);
  return agent_id === null || (agent !== null && agent.revoked_at === null);
}
