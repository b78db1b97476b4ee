import { randomBytes } from 'node:crypto';

import { PolicyDenied, ProviderUnreachable } from '@affidavit/sdk';
import type { Affidavit } from '@affidavit/sdk';

import type { AgentName, Cast, Person, ProviderName } from './cast.ts';

/** What the three agents do: real calls through the SDK, some of which must not succeed. */

export type Ending =
  | 'success'
  | 'policy_denied'
  | 'provider_error'
  | 'network_error'
  | 'dry_run'
  | 'replayed';

interface Scene {
  readonly method: 'GET' | 'POST';
  readonly provider: ProviderName;
  readonly path: string;
  readonly person: Person;
  readonly reason: string;
  readonly tool: string;
  readonly json?: object;
  readonly ending: Ending;
}

interface Act {
  readonly agent: AgentName;
  readonly task: string;
  readonly scenes: readonly Scene[];
}

const BRIEFING: Act = {
  agent: 'research-agent',
  task: 'Morning briefing for Alice',
  scenes: [
    {
      method: 'GET',
      provider: 'mail',
      path: '/messages?unread=true',
      person: 'alice',
      reason: "Summarise Alice's unread mail",
      tool: 'read_mail',
      ending: 'success',
    },
    {
      method: 'GET',
      provider: 'mail',
      path: '/archive',
      person: 'alice',
      reason: 'Find the contract draft she asked about',
      tool: 'search_mail',
      ending: 'success',
    },
    {
      method: 'GET',
      provider: 'crm',
      path: '/contacts/alice',
      person: 'alice',
      reason: 'Add her plan to the briefing',
      tool: 'look_up_contact',
      ending: 'success',
    },
  ],
};

const DUNNING: Act = {
  agent: 'billing-agent',
  task: 'Monthly dunning',
  scenes: [
    {
      method: 'GET',
      provider: 'billing',
      path: '/invoices',
      person: 'alice',
      reason: 'See which invoices of Alice are open',
      tool: 'list_invoices',
      ending: 'success',
    },
    {
      method: 'POST',
      provider: 'billing',
      path: '/invoices/inv_1042/reminders',
      person: 'alice',
      reason: 'Invoice 1042 is 14 days overdue',
      tool: 'send_reminder',
      json: { tone: 'friendly' },
      ending: 'success',
    },
    {
      method: 'GET',
      provider: 'billing',
      path: '/invoices',
      person: 'bob',
      reason: 'See which invoices of Bob are open',
      tool: 'list_invoices',
      ending: 'policy_denied',
    },
    {
      method: 'GET',
      provider: 'legacy-erp',
      path: '/accounts/alice',
      person: 'alice',
      reason: 'Compare with the old ledger',
      tool: 'read_erp',
      ending: 'network_error',
    },
  ],
};

const TICKET: Act = {
  agent: 'support-agent',
  task: 'Ticket 7731: where is my order?',
  scenes: [
    {
      method: 'GET',
      provider: 'mail',
      path: '/messages',
      person: 'bob',
      reason: "Find Bob's complaint",
      tool: 'read_mail',
      ending: 'success',
    },
    {
      method: 'GET',
      provider: 'crm',
      path: '/contacts/bob',
      person: 'bob',
      reason: "Look up Bob's address",
      tool: 'look_up_contact',
      ending: 'policy_denied',
    },
    {
      method: 'GET',
      provider: 'crm',
      path: '/contacts/alice/score',
      person: 'alice',
      reason: 'Is Alice affected by the same delay?',
      tool: 'score_contact',
      ending: 'provider_error',
    },
    {
      method: 'POST',
      provider: 'mail',
      path: '/send',
      person: 'bob',
      reason: 'Tell Bob that the parcel arrives on Monday',
      tool: 'send_mail',
      json: { to: 'bob@example.com', text: 'Your parcel arrives on Monday.' },
      ending: 'success',
    },
  ],
};

const ACTS: readonly Act[] = [BRIEFING, DUNNING, TICKET];

/** One call as it was played: how it should end, and where it is on the record. */
export interface Played {
  readonly executionId: string;
  readonly expected: Ending;
}

export interface Run {
  readonly runId: string;
  readonly agent: AgentName;
  readonly task: string;
  readonly played: readonly Played[];
}

export async function executionIdOf(call: Promise<{ executionId: string }>): Promise<string> {
  try {
    return (await call).executionId;
  } catch (error) {
    const expected = error instanceof PolicyDenied || error instanceof ProviderUnreachable;
    if (expected && error.executionId !== undefined) return error.executionId;
    throw error;
  }
}

async function playScene(run: Affidavit, scene: Scene, cast: Cast, signal: AbortSignal) {
  const { method, provider, path, person, reason, tool, json, ending } = scene;
  const call = run.request(method, `${cast.baseUrls.get(provider) ?? ''}${path}`, {
    grant: cast.grants.get(`${provider}/${person}`) ?? '',
    reason,
    context: { tool },
    ...(json === undefined ? {} : { json }),
    signal,
  });
  return { executionId: await executionIdOf(call), expected: ending };
}

/** Plays one act in one run; ends it with an event that the agent reports by itself. */
async function playAct(act: Act, cast: Cast, signal: AbortSignal): Promise<Run> {
  const { agent, task, scenes } = act;
  const runId = `run_${randomBytes(6).toString('hex')}`;
  const client = cast.agents.get(agent);
  if (!client) throw new Error(`${agent} is not on stage`);
  const run = client.run(runId, { task, agent });
  const played: Played[] = [];
  for (const scene of scenes) played.push(await playScene(run, scene, cast, signal));
  await run.record({ event_type: 'task.finished', reason: task, outcome: 'success' }, { signal });
  return { runId, agent, task, played };
}

/** The acts one after another, each told as it ends. */
export async function play(
  cast: Cast,
  signal: AbortSignal,
  told: (run: Run) => Promise<void>,
): Promise<Run[]> {
  const runs: Run[] = [];
  for (const act of ACTS) {
    const run = await playAct(act, cast, signal);
    runs.push(run);
    await told(run);
  }
  return runs;
}
