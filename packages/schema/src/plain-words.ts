import { clip, plain } from './plain.ts';
import type { Mood, Told } from './sentence.ts';

/** A record as the person whose data it is about would tell it: no jargon, and nothing of others. */

export interface PlainSentence {
  readonly who: string;
  readonly what: string;
  /** As it was given; empty where it was not. */
  readonly why: string;
  /** Empty where it simply went well. */
  readonly result: string;
  readonly mood: Mood;
  readonly sentence: string;
}

const REASON_CHARACTERS = 200;
const NAME_CHARACTERS = 80;
const ID_CHARACTERS = 24;

/** Names that are written in another way than providers are named. */
const PROVIDERS: Readonly<Record<string, string>> = {
  asana: 'Asana',
  dropbox: 'Dropbox',
  github: 'GitHub',
  gitlab: 'GitLab',
  gmail: 'Gmail',
  google: 'Google',
  hubspot: 'HubSpot',
  jira: 'Jira',
  linear: 'Linear',
  microsoft: 'Microsoft',
  notion: 'Notion',
  outlook: 'Outlook',
  salesforce: 'Salesforce',
  slack: 'Slack',
  stripe: 'Stripe',
  zendesk: 'Zendesk',
};

const own = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

const named = (value: unknown): string => clip(plain(value), NAME_CHARACTERS);

export function providerName(provider: string | undefined): string {
  if (provider === undefined) return 'a service';
  return own(PROVIDERS, provider.toLowerCase()) ?? named(provider);
}

/** What the last noun of a path is called. */
const THINGS: Readonly<Record<string, string>> = {
  contents: 'file',
  conversations: 'conversation',
  events: 'event',
  files: 'file',
  me: 'profile',
  mr: 'merge request',
  people: 'person',
  pulls: 'pull request',
  repos: 'repository',
  user: 'profile',
};
const NOUN = /^[a-z][a-z_-]{1,30}$/i;
const ID = /^(?=.*\d)[\w.-]+$/;
/** Parts of paths that say nothing of what is there. */
const EMPTY_PARTS = /^(api|rest|v\d+(\.\d+)?|graphql)$/i;

function oneOf(noun: string): string {
  const word = noun.toLowerCase();
  const known = own(THINGS, word);
  if (known !== undefined) return known;
  const spoken = word.replaceAll(/[_-]/g, ' ');
  if (spoken.endsWith('ies')) return `${spoken.slice(0, -3)}y`;
  return /[^s]s$/.test(spoken) ? spoken.slice(0, -1) : spoken;
}

const many = (noun: string): string => {
  const known = own(THINGS, noun.toLowerCase());
  if (known === undefined) return noun.toLowerCase().replaceAll(/[_-]/g, ' ');
  if (known === 'profile') return 'the profile';
  if (known.endsWith('person')) return 'people';
  return known.endsWith('y') ? `${known.slice(0, -1)}ies` : `${known}s`;
};

/** `pull request 12` of `/repos/acme/app/pulls/12`; undefined where the path does not tell. */
function thingAt(url: string | undefined): string | undefined {
  const parts = (URL.parse(url ?? '')?.pathname ?? '')
    .split('/')
    .filter((part) => part !== '' && !EMPTY_PARTS.test(part));
  const last = parts.at(-1);
  const before = parts.at(-2);
  if (last === undefined) return undefined;
  if (NOUN.test(last)) return many(last);
  if (before === undefined || !NOUN.test(before) || !ID.test(last)) return undefined;
  const noun = oneOf(before);
  if (last.length <= ID_CHARACTERS) return `${noun} ${last}`;
  return `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
}

const DEEDS: Readonly<Record<string, readonly [did: string, toDo: string]>> = {
  GET: ['read', 'read'],
  HEAD: ['read', 'read'],
  DELETE: ['deleted', 'delete'],
};

const FAILED: ReadonlySet<string> = new Set([
  'policy_denied',
  'blocked',
  'provider_error',
  'network_error',
  'error',
]);

const hasFailed = ({ outcome, policy_decision }: Told): boolean =>
  policy_decision === 'DENY' || (outcome !== undefined && FAILED.has(outcome));

/** What a call or an action was; `toDo` as in "asked to". */
function deedOf(told: Told, form: 'did' | 'toDo'): string {
  const { method, url, verb, provider } = told;
  const at = `at ${providerName(provider)}`;
  if (verb !== undefined) {
    const name = verb.slice(verb.indexOf(':') + 1).replaceAll(/[_.-]/g, ' ');
    return `${form === 'did' ? 'ran' : 'run'} “${named(name)}” ${at}`;
  }
  const thing = thingAt(url);
  if (thing === undefined) {
    const path = clip(plain(URL.parse(url ?? '')?.pathname ?? ''), NAME_CHARACTERS);
    const call = [plain(method), path].filter(Boolean).join(' ');
    return `${form === 'did' ? 'called' : 'call'} ${call} ${at}`.replaceAll(/ +/g, ' ');
  }
  const [did, toDo] = own(DEEDS, method?.toUpperCase() ?? '') ?? ['changed', 'change'];
  return `${form === 'did' ? did : toDo} ${plain(thing)} ${at}`;
}

function callOf(told: Told): string {
  return hasFailed(told) ? `tried to ${deedOf(told, 'toDo')}` : deedOf(told, 'did');
}

const agentOf = ({ agent_name, agent_id }: Told) => named(agent_name ?? agent_id ?? 'an agent');
const connection = ({ provider }: Told) => `the connection to ${providerName(provider)}`;

/** What is no call, by event type. */
const WORDS: Readonly<Record<string, (told: Told) => string>> = {
  'grant.connect_started': ({ provider }) => `began to connect ${providerName(provider)}`,
  'grant.connect_failed': ({ provider }) => `could not connect ${providerName(provider)}`,
  'grant.created': ({ provider }) => `connected ${providerName(provider)}`,
  'grant.updated': (told) => `changed what ${connection(told)} is for`,
  'grant.reauthenticated': (told) => `renewed ${connection(told)}`,
  'grant.scope_drifted': (told) => `saw that ${connection(told)} allows something else now`,
  'grant.expired': (told) => `saw that ${connection(told)} has expired`,
  'grant.revoked': (told) => `ended ${connection(told)}`,
  'grant.deleted': (told) => `deleted ${connection(told)}`,
  'grant.delegated': (told) => `let ${agentOf(told)} use ${connection(told)}`,
  'grant.delegation_revoked': (told) => `took ${agentOf(told)} off ${connection(told)}`,
  'token.minted': ({ provider }) => `was given access to ${providerName(provider)} for a while`,
  'token.denied': ({ provider }) => `was refused access to ${providerName(provider)}`,
  'token.revoked': ({ provider }) => `ended a short access to ${providerName(provider)}`,
  'token.expired': ({ provider }) => `saw a short access to ${providerName(provider)} end`,
  'token.refreshed': ({ provider }) => `kept the access to ${providerName(provider)} fresh`,
  'token.exchanged': ({ provider }) => `narrowed its access to ${providerName(provider)}`,
  'approval.requested': (told) => `asked to be allowed to ${deedOf(told, 'toDo')}`,
  'approval.approved': (told) => `allowed to ${deedOf(told, 'toDo')}`,
  'approval.rejected': (told) => `did not allow to ${deedOf(told, 'toDo')}`,
  'approval.expired': (told) => `let the time pass to allow to ${deedOf(told, 'toDo')}`,
  'user.signed_in': () => 'opened this wallet',
  'user.signed_out': () => 'closed this wallet',
  'user.sign_in_refused': () => 'turned somebody away who wanted to open this wallet',
  'wallet.link_created': () => 'made a link to this wallet',
  'wallet.viewed': () => 'looked at this wallet',
  'wallet.exported': () => 'saved this activity as a file',
  'wallet.grant_revoked': (told) => `ended ${connection(told)}`,
  'wallet.agent_removed': (told) => `took ${agentOf(told)} off ${connection(told)}`,
  'wallet.erasure_requested': () => 'asked for this data to be erased',
};

function whatOf(told: Told): string {
  const type = told.event_type ?? '';
  const words = told.source === 'reported' ? undefined : own(WORDS, type);
  if (words) return words(told);
  const isCall = told.verb !== undefined || told.method !== undefined || told.url !== undefined;
  if (isCall) return callOf(told);
  return `reported “${named(type.replaceAll(/[._]/g, ' '))}”`;
}

/** The agent that acted; people and programs only as what they are. */
function whoOf(told: Told, principalId: string): string {
  const { actor_type: type, actor_id, caller } = told;
  switch (type) {
    case 'user':
      return actor_id === principalId ? 'You' : 'Another person';
    case 'operator':
      return 'An administrator';
    case 'system':
      return 'Affidavit';
    case 'service':
      return caller === undefined ? 'An application' : named(caller);
    default:
      return agentOf(told);
  }
}

function resultOf({ outcome, provider, response_status: status }: Told): [string, Mood] {
  switch (outcome) {
    case undefined:
    case 'success':
      return ['', 'good'];
    case 'policy_denied':
      return ['it was not allowed', 'refused'];
    case 'blocked':
      return ['it was stopped', 'refused'];
    case 'dry_run':
      return ['only a trial, nothing was done', 'good'];
    case 'replayed':
      return ['a repeat, nothing was done again', 'good'];
    case 'provider_error': {
      const code = status === undefined ? '' : ` (${status})`;
      return [`${providerName(provider)} did not do it${code}`, 'failed'];
    }
    case 'network_error':
      return [`${providerName(provider)} did not answer`, 'failed'];
    case 'unknown':
      return ['nobody knows how it ended', 'open'];
    default:
      return ['it failed', 'failed'];
  }
}

/** For the person `principalId`, whom the record is about. */
export function plainSentenceOf(told: Told, principalId: string): PlainSentence {
  const who = whoOf(told, principalId);
  const what = whatOf(told);
  // What an administrator wrote was not written for others.
  const given = told.actor_type === 'operator' ? undefined : told.reason;
  const why = given === undefined ? '' : clip(plain(given), REASON_CHARACTERS);
  const [result, mood] = resultOf(told);
  const said = `${who} ${what}${why === '' ? '' : ` for ‘${why}’`}`;
  return { who, what, why, result, mood, sentence: result === '' ? said : `${said}: ${result}` };
}
