import { randomBytes } from 'node:crypto';

import { Affidavit } from '@affidavit/sdk';

import type { Services } from './services.ts';

/** Who is on stage: agents with their keys, providers with their secrets, people with their grants. */

export const PEOPLE = {
  alice: { type: 'user', id: 'alice', email: 'alice@example.com' },
  bob: { type: 'user', id: 'bob', email: 'bob@example.com' },
} as const;
export type Person = keyof typeof PEOPLE;

export const AGENTS = ['research-agent', 'billing-agent', 'support-agent'] as const;
export type AgentName = (typeof AGENTS)[number];

export const PROVIDERS = ['mail', 'billing', 'crm', 'legacy-erp'] as const;
export type ProviderName = (typeof PROVIDERS)[number];

/** Which agents may use which person's access to which provider. */
const GRANTS: readonly [ProviderName, Person, readonly AgentName[]][] = [
  ['mail', 'alice', ['research-agent', 'support-agent']],
  ['mail', 'bob', ['support-agent']],
  ['billing', 'alice', ['billing-agent']],
  ['billing', 'bob', ['billing-agent']],
  ['crm', 'alice', ['research-agent', 'support-agent']],
  ['crm', 'bob', ['support-agent']],
  ['legacy-erp', 'alice', ['billing-agent']],
];

type GrantName = `${ProviderName}/${Person}`;

export interface Cast {
  readonly agentIds: ReadonlyMap<AgentName, string>;
  readonly agents: ReadonlyMap<AgentName, Affidavit>;
  readonly agentKeys: ReadonlyMap<AgentName, string>;
  readonly grants: ReadonlyMap<GrantName, string>;
  readonly baseUrls: ReadonlyMap<ProviderName, string>;
}

/** One secret for each grant, made up freshly. */
export type Secrets = ReadonlyMap<GrantName, string>;

export function inventSecrets(): Secrets {
  return new Map(
    GRANTS.map(([provider, person]) => [
      `${provider}/${person}` as const,
      `sk_demo_${provider}_${randomBytes(16).toString('hex')}`,
    ]),
  );
}

/** Secret → person, as the service of one provider knows them. */
export function keyringOf(secrets: Secrets, provider: ProviderName): ReadonlyMap<string, string> {
  const own = [...secrets].filter(([name]) => name.startsWith(`${provider}/`));
  return new Map(own.map(([name, secret]) => [secret, name.slice(provider.length + 1)]));
}

interface Setup {
  readonly admin: Affidavit;
  readonly url: string;
  readonly services: Services;
  readonly secrets: Secrets;
  /** Behind the names of providers, so that a second demo on one server can be told apart. */
  readonly suffix: string;
  readonly signal: AbortSignal;
}

export type Answer = Readonly<Record<string, string>>;

const post = async ({ admin, signal }: Setup, path: string, body: object): Promise<Answer> =>
  (await admin.api('POST', path, { body, signal })) as Answer;

export const idOf = (answer: Answer, name: string): string => {
  const id = answer[name];
  if (typeof id !== 'string') throw new Error(`the server answered without ${name}`);
  return id;
};

async function createAgents(setup: Setup) {
  const ids = new Map<AgentName, string>();
  const keys = new Map<AgentName, string>();
  for (const name of AGENTS) {
    const agentId = idOf(await post(setup, '/v1/agents', { name }), 'agent_id');
    const scopes = ['calls:execute', 'events:write'];
    const key = await post(setup, '/v1/keys', { name, scopes, agent_id: agentId });
    ids.set(name, agentId);
    keys.set(name, idOf(key, 'key'));
  }
  return { ids, keys };
}

async function createProviders(setup: Setup): Promise<Map<ProviderName, string>> {
  const { mailUrl, billingUrl, crmUrl, deadUrl } = setup.services;
  const bearer = { type: 'bearer' };
  const places: [ProviderName, string, object][] = [
    ['mail', mailUrl, bearer],
    ['billing', billingUrl, { type: 'header', name: 'x-api-key' }],
    ['crm', crmUrl, bearer],
    ['legacy-erp', deadUrl, bearer],
  ];
  for (const [name, base_url, auth] of places) {
    await post(setup, '/v1/providers', { name: name + setup.suffix, base_url, auth });
  }
  return new Map(places.map(([name, url]) => [name, url]));
}

async function createGrants(setup: Setup, agentIds: ReadonlyMap<AgentName, string>) {
  const grants = new Map<GrantName, string>();
  for (const [name, person, agents] of GRANTS) {
    const provider = name + setup.suffix;
    const grantName = `${name}/${person}` as const;
    const value = setup.secrets.get(grantName);
    const secret = await post(setup, '/v1/secrets', { provider, name: grantName, value });
    const grant = await post(setup, '/v1/grants', {
      provider,
      kind: 'managed_secret',
      secret_id: idOf(secret, 'secret_id'),
      principal: PEOPLE[person],
      agents: agents.map((agent) => agentIds.get(agent)),
    });
    grants.set(grantName, idOf(grant, 'grant_id'));
  }
  return grants;
}

const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const hour = (value: number): string => `${String((value + 24) % 24).padStart(2, '0')}:00`;

/** A window of six hours that opens in two to three hours. */
export function windowThatIsShut(now: Date) {
  const opens = now.getUTCHours() + 3;
  const times = { from: hour(opens), to: hour(opens + 6) };
  return { kind: 'time_window', days: WEEK, ...times, time_zone: 'UTC' };
}

async function createPolicies(setup: Setup, grants: ReadonlyMap<GrantName, string>): Promise<void> {
  await post(setup, '/v1/policies', {
    name: 'Invoices only in office hours',
    template: windowThatIsShut(new Date()),
    applies_to: { grant_id: grants.get('billing/bob') },
  });
  await post(setup, '/v1/policies', {
    name: 'Contacts only from the office network',
    template: { kind: 'ip_allowlist', cidrs: ['203.0.113.0/24'] },
    applies_to: { grant_id: grants.get('crm/bob') },
  });
}

/** Makes everything through the admin calls of the HTTP contract. */
export async function setTheStage(setup: Setup): Promise<Cast> {
  const { ids, keys } = await createAgents(setup);
  const baseUrls = await createProviders(setup);
  const grants = await createGrants(setup, ids);
  await createPolicies(setup, grants);
  const agents = new Map(
    AGENTS.map((name) => [
      name,
      new Affidavit({ url: setup.url, apiKey: keys.get(name) ?? '', caller: `${name}@demo` }),
    ]),
  );
  return { agents, agentIds: ids, agentKeys: keys, grants, baseUrls };
}
