import { randomBytes } from 'node:crypto';

import { ApprovalPending, type ActionRecord, type Affidavit } from '@affidavit/sdk';

import { SCOPES, type Calendar } from './calendar.ts';
import { idOf, PEOPLE, type AgentName, type Answer, type Cast } from './cast.ts';
import { consent } from './consent.ts';
import { executionIdOf, type Ending, type Played, type Run } from './play.ts';

/**
 * One person lets two agents use her calendar: she connects it by OAuth, one agent gets a token
 * that can only read, the other may cancel a meeting when a person approves. Then she takes part
 * of it back.
 */

const VERB = 'calendar:cancel_meeting';
const TASK = "Alice's calendar";
const READ_ONLY = SCOPES.filter((scope) => scope !== 'calendar:write');

export interface Scenery {
  readonly admin: Affidavit;
  readonly cast: Cast;
  readonly calendar: Calendar;
  /** Behind the names of what is made, so that a second demo on one server can be told apart. */
  readonly suffix: string;
  readonly signal: AbortSignal;
  /** A line for whoever looks on. */
  readonly tell: (line: string) => Promise<void>;
}

export interface Delegated extends Run {
  readonly grantId: string;
}

const post = async ({ admin, signal }: Scenery, path: string, body: object): Promise<Answer> =>
  (await admin.api('POST', path, { body, signal })) as Answer;

const agentOf = ({ cast }: Scenery, name: AgentName, runId: string): Affidavit => {
  const client = cast.agents.get(name);
  if (!client) throw new Error(`${name} is not on stage`);
  return client.run(runId, { task: TASK, agent: name });
};

async function prepare(scenery: Scenery): Promise<{ provider: string; verb: string }> {
  const { calendar, cast, suffix } = scenery;
  const provider = `calendar${suffix}`;
  const { issuer, clientId: client_id, clientSecret: client_secret } = calendar;
  await post(scenery, '/v1/providers', {
    name: provider,
    base_url: calendar.api,
    auth: { type: 'oauth2', issuer, client_id, client_secret, scopes: SCOPES },
    scope_map: {
      'calendar:read': [{ methods: ['GET'], paths: ['/api/*'] }],
      'calendar:write': [{ methods: ['POST'], paths: ['/api/*'] }],
    },
  });
  await post(scenery, '/v1/policies', {
    name: 'The research agent only reads',
    template: { kind: 'scopes', scopes: READ_ONLY },
    applies_to: { provider, agent_id: cast.agentIds.get('research-agent') },
  });
  const verb = `${VERB}${suffix}`;
  await post(scenery, '/v1/verbs', {
    verb,
    provider,
    method: 'POST',
    url: 'meetings/{meeting}/cancel',
    args_schema: {
      type: 'object',
      properties: { meeting: { type: 'string' }, note: { type: 'string', maxLength: 200 } },
      required: ['meeting'],
      additionalProperties: false,
    },
    risk_level: 'HIGH',
    governance: 'approval',
    scopes: ['calendar:write'],
  });
  return { provider, verb };
}

async function connect(scenery: Scenery, provider: string): Promise<string> {
  const { admin, cast, signal } = scenery;
  const agents = [cast.agentIds.get('research-agent'), cast.agentIds.get('support-agent')];
  const started = await post(scenery, '/v1/connect', { provider, principal: PEOPLE.alice, agents });
  const back = await fetch(await consent(idOf(started, 'url'), 'alice', signal), { signal });
  await back.body?.cancel();
  const path = `/v1/connect/${idOf(started, 'connect_id')}`;
  return idOf((await admin.api('GET', path, { signal })) as Answer, 'grant_id');
}

type Call = Promise<{ executionId: string }>;
const playedAs = async (expected: Ending, call: Call): Promise<Played> => ({
  executionId: await executionIdOf(call),
  expected,
});
const actedAs = (
  expected: Ending,
  { execution_id }: { readonly execution_id: string },
): Played => ({
  executionId: execution_id,
  expected,
});

/** The research agent: a token that has less than it asked for. */
async function read(scenery: Scenery, grant: string, runId: string): Promise<Played[]> {
  const { signal, tell } = scenery;
  const agent = agentOf(scenery, 'research-agent', runId);
  const scopes = ['calendar:read', 'calendar:write'];
  const reason = 'Find an hour for the review';
  const minted = await agent.mint({ grant, scopes, ttlSeconds: 300, reason, signal });
  await tell(
    `research-agent asked for a token to read and write, and got ${minted.scope_granted.join(', ')}`,
  );
  const holder = agent.withToken(minted.token);
  const options = { grant, reason, signal };
  return [
    await playedAs('success', holder.request('GET', 'meetings', options)),
    await playedAs('policy_denied', holder.request('POST', 'meetings/mtg_7/cancel', options)),
  ];
}

/** The support agent: tries it out, asks, waits for a person, and does not do it twice. */
async function cancel(
  scenery: Scenery,
  { grant, verb, runId }: { readonly grant: string; readonly verb: string; readonly runId: string },
): Promise<Played[]> {
  const { admin, signal, tell } = scenery;
  const agent = agentOf(scenery, 'support-agent', runId);
  const idempotencyKey = `cancel-${randomBytes(6).toString('hex')}`;
  const reason = 'Alice is ill';
  const args = { meeting: 'mtg_7', note: reason };
  const act = (more: object) => agent.action(verb, args, { grant, reason, signal, ...more });
  const tried = actedAs('dry_run', await act({ dryRun: true }));
  const approvalId = await heldAs(act({ idempotencyKey }));
  await tell('support-agent may cancel a meeting only when a person approves; it waits');
  await admin.approvals.approve(approvalId, 'Alice called', { signal });
  const done = await agent.approvals.wait<ActionRecord>(approvalId, { signal });
  await tell('approved, and carried out once; the same key again changes nothing');
  const again = actedAs('replayed', await act({ idempotencyKey }));
  return [tried, actedAs('success', done), again];
}

async function heldAs(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ApprovalPending) return error.approvalId;
    throw error;
  }
  throw new Error('the action was to wait for a person, and did not');
}

/** The scopes of the grant become fewer at the service; the next call finds out. */
async function drift(scenery: Scenery, grant: string, runId: string): Promise<Played[]> {
  const { calendar, signal, tell } = scenery;
  await calendar.leaveOnly(READ_ONLY);
  await tell('alice takes back at the calendar what lets others write');
  const agent = agentOf(scenery, 'support-agent', runId);
  const reason = 'See what is left of the day';
  return [await playedAs('success', agent.request('GET', 'meetings', { grant, reason, signal }))];
}

export async function delegate(scenery: Scenery): Promise<Delegated> {
  const { tell } = scenery;
  const runId = `run_${randomBytes(6).toString('hex')}`;
  const { provider, verb } = await prepare(scenery);
  const grant = await connect(scenery, provider);
  await tell('alice connected her calendar: she signed in there, and let two agents use it');
  const played = [
    ...(await read(scenery, grant, runId)),
    ...(await cancel(scenery, { grant, verb, runId })),
    ...(await drift(scenery, grant, runId)),
  ];
  return { runId, agent: 'support-agent', task: TASK, played, grantId: grant };
}
