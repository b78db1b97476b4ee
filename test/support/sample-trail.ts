import { SAMPLE_AGENTS } from './sample-cast.ts';
import { sampleEvents } from './sample-events.ts';
import type { Affidavit } from './server.ts';
import { ask } from './world.ts';

/** For tests and pictures: fills a trail with what looks like thirty days of work. */

const BATCH = 500;

export interface SampleTrail {
  readonly entries: number;
  readonly seed?: number;
  /** Of the app to fill; the admin key unless given. */
  readonly key?: string;
  /** Epoch ms of the newest `occurred_at`; now unless given. */
  readonly until?: number;
}

/** Those of the agents that there are not yet are made. */
async function agentIds(server: Affidavit, key: string): Promise<Map<string, string>> {
  type Agent = { readonly agent_id: string; readonly name: string };
  const { data } = await ask<{ data: Agent[] }>(server, 200, 'GET', '/v1/agents', { key });
  const ids = new Map(data.map(({ name, agent_id }) => [name, agent_id]));
  for (const { name } of SAMPLE_AGENTS) {
    if (ids.has(name)) continue;
    const { agent_id } = await ask<Agent>(server, 201, 'POST', '/v1/agents', {
      key,
      body: { name },
    });
    ids.set(name, agent_id);
  }
  return ids;
}

/**
 * Posts so many events, 100 to 1,000,000, and makes the six agents that they are of. For one seed and
 * one `until` they are the same each time, but for the ids of the agents. `occurred_at` is spread
 * over thirty days; `created_at` is the server's own and lies in the seconds that this takes, so that
 * charts by time show those: nothing but time itself spreads them. Ten thousand take some seconds.
 */
export async function fillTrail(server: Affidavit, wish: SampleTrail): Promise<void> {
  const { entries, seed = 1, key = server.adminKey, until = Date.now() } = wish;
  const wished = { entries, seed, until, agentIds: await agentIds(server, key) };
  let batch: object[] = [];
  const post = async () => {
    await ask(server, 201, 'POST', '/v1/events', { key, body: { events: batch } });
    batch = [];
  };
  for (const event of sampleEvents(wished)) if (batch.push(event) === BATCH) await post();
  if (batch.length > 0) await post();
}
