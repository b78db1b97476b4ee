import { clip, plain, shortId } from './plain.ts';
import type { AuditRecord } from './record.ts';

/** A record as a person would tell it: time, who, for whom, what, with which credential, why, how it ended. */

export type Told = Partial<AuditRecord>;
export type Mood = 'good' | 'refused' | 'failed' | 'open';

export interface Sentence {
  /** `09:14:03`, UTC. */
  readonly time: string;
  readonly who: string;
  readonly forWhom: string;
  readonly what: string;
  readonly credential: string;
  readonly why: string;
  readonly result: string;
  readonly mood: Mood;
}

const REASON_CHARACTERS = 200;
const PATH_CHARACTERS = 80;
const NAME_CHARACTERS = 80;

/** `GET mail /messages?unread=true`; the origin is left out, the provider says it. */
function callOf({ method, url, provider }: Told): string {
  const parsed = url === undefined ? null : URL.parse(url);
  const place = parsed ? `${parsed.pathname}${parsed.search}` : (url ?? '');
  return [method, provider, clip(place, PATH_CHARACTERS)].map(plain).filter(Boolean).join(' ');
}

const list = (values: readonly string[] | undefined) => plain((values ?? []).join(', '));

/** What is no call, in words; by event type. */
const WORDS: Readonly<Record<string, (told: Told) => string>> = {
  'credential.retrieved': (told) => `was given the credential for ${actOf(told)}`,
  'grant.connect_started': ({ provider }) => `began to connect ${plain(provider)}`,
  'grant.connect_failed': ({ provider }) => `could not connect ${plain(provider)}`,
  'grant.created': ({ provider, scope_granted }) =>
    `got access to ${plain(provider)}${scope_granted?.length ? `: ${list(scope_granted)}` : ''}`,
  'grant.scope_drifted': ({ scope_granted }) =>
    `found other scopes: ${list(scope_granted)} is left`,
  'grant.delegation_revoked': ({ grant_id }) =>
    `took the grant ${shortId(plain(grant_id))} from an agent`,
  'grant.revoked': ({ provider }) => `took back the access to ${plain(provider)}`,
  'token.minted': ({ scope_requested, scope_granted, scope_downscoped }) =>
    `minted a token for ${list(scope_granted)}${scope_downscoped ? `, having asked for ${list(scope_requested)}` : ''}`,
  'token.denied': ({ scope_requested }) => `was refused a token for ${list(scope_requested)}`,
  'token.refresh_started': ({ provider }) => `began to renew its access to ${plain(provider)}`,
  'token.refreshed': ({ provider }) => `had its access to ${plain(provider)} renewed`,
  'approval.requested': (told) => `asked a person to approve ${actOf(told)}`,
  'approval.approved': (told) => `approved ${actOf(told)}`,
  'approval.rejected': (told) => `rejected ${actOf(told)}`,
  'approval.expired': (told) => `let the time pass to approve ${actOf(told)}`,
  'trail.export_completed': ({ args }) =>
    `finished the export ${shortId(plain(object(args)['export_id']))} of the trail`,
};

/** What administration changes, by the noun of the event type. */
const NOUNS: Readonly<Record<string, string>> = {
  agent: 'agent',
  api_key: 'API key',
  app: 'app',
  approval: 'approval',
  caller: 'caller',
  destination: 'destination',
  erasure: 'erasure',
  grant: 'grant',
  hold: 'hold',
  identity_provider: 'identity provider',
  ledger: 'ledger',
  master_key: 'master key',
  monitor: 'monitor',
  operator: 'operator',
  policy: 'policy',
  provider: 'provider',
  retention: 'retention',
  secret: 'secret',
  session: 'session',
  sign_in_link: 'sign-in link',
  signing_key: 'signing key',
  token: 'token',
  trail: 'trail',
  verb: 'verb',
  witness: 'witness',
};

/** `api_key.minted` as `minted the API key “name”`; undefined for what no noun is known of. */
function changeOf(told: Told): string | undefined {
  const [noun = '', did = ''] = (told.event_type ?? '').split('.');
  if (told.source !== 'observed' || !Object.hasOwn(NOUNS, noun)) return undefined;
  const args = object(told.args);
  const id = args[`${noun}_id`] ?? object(told)[`${noun}_id`];
  const name = args['name'] ?? args['verb'];
  const which = name === undefined ? shortId(plain(id)) : `“${clip(plain(name), NAME_CHARACTERS)}”`;
  return `${did.replaceAll('_', ' ')} the ${NOUNS[noun]} ${which}`.trim();
}

const actOf = (told: Told) => (told.verb === undefined ? callOf(told) : plain(told.verb));

function whatOf(told: Told): string {
  const { method, url, verb, event_type: type } = told;
  const words = WORDS[type ?? ''];
  if (words && told.source === 'observed') return words(told);
  if (verb !== undefined) return `ran ${plain(verb)}`;
  if (method !== undefined || url !== undefined) {
    return `${told.policy_decision === 'DENY' ? 'asked for' : 'called'} ${callOf(told)}`;
  }
  const change = changeOf(told);
  if (change !== undefined) return change;
  const said = told.source === 'reported' ? 'reported ' : '';
  return said + plain(type ?? 'something');
}

function credentialOf({ grant_id: grant, grant_kind: kind, token_id: token }: Told): string {
  if (token !== undefined) return `with token ${shortId(plain(token))}`;
  if (grant === undefined) return '';
  const name =
    kind === 'oauth' ? 'OAuth grant' : kind === 'managed_secret' ? 'secret grant' : 'grant';
  return `with ${name} ${shortId(plain(grant))}`;
}

const object = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

/** Names the policy and the rule that refused, and what the call was compared with. */
export function denialOf(told: Told): string {
  const context = object(told.policy_context);
  const policy = object(context['policy']);
  const compared = object(context['compared']);
  const name = plain(policy['name'] ?? told.policy_id ?? 'policy');
  const rule = plain(context['rule'] ?? object(policy['template'])['kind']);
  const facts = [compared['weekday'], compared['local_time'], compared['source_ip']].map(plain);
  const seen = facts.filter(Boolean).join(' ');
  return `denied by “${name}”${rule && ` (${rule})`}${seen && `; it was ${seen}`}`;
}

const took = ({ latency_ms: ms, duration_ms: other }: Told): string => {
  const spent = ms ?? other;
  return spent === undefined ? '' : ` in ${spent < 10 ? spent.toFixed(1) : Math.round(spent)} ms`;
};

const cut = (told: Told): string =>
  told.response_body_truncated ? ', only the beginning of the answer is kept' : '';

function resultOf(told: Told): { result: string; mood: Mood } {
  const code = told.error_code === undefined ? '' : ` (${plain(told.error_code)})`;
  const status = told.response_status ?? 'an error';
  switch (told.outcome) {
    case 'success':
      return { result: `${told.response_status ?? 'done'}${took(told)}${cut(told)}`, mood: 'good' };
    case 'provider_error':
      return { result: `the provider answered ${status}${took(told)}`, mood: 'failed' };
    case 'network_error':
      return { result: `the provider did not answer${code}${took(told)}`, mood: 'failed' };
    case 'policy_denied':
      return { result: denialOf(told), mood: 'refused' };
    case 'blocked':
      return { result: `blocked${code}`, mood: 'refused' };
    case 'dry_run':
      return { result: 'a dry run: nothing was done', mood: 'good' };
    case 'replayed':
      return { result: 'a repeat: the first answer was given again', mood: 'good' };
    case 'error':
      return { result: `it failed${code}`, mood: 'failed' };
    case 'unknown':
      return { result: 'nobody knows how it ended', mood: 'open' };
    case undefined:
      return { result: 'no outcome yet', mood: 'open' };
    default:
      return { result: plain(told.outcome), mood: 'open' };
  }
}

/** The agent that acted; where another did, such as who approved, they. */
function whoOf(told: Told): string {
  const { actor_type: type, actor_id: id, actor_name: name } = told;
  if (type === undefined || type === 'agent') {
    return plain(told.agent_name ?? name ?? told.agent_id ?? id ?? 'somebody');
  }
  if (name !== undefined) return plain(name);
  if (id === undefined) return type;
  return type === 'system' ? plain(id) : `${type} ${shortId(plain(id))}`;
}

export function sentenceOf(told: Told): Sentence {
  const principal = told.principal_email ?? told.principal_id;
  const reason = told.reason === undefined ? '' : clip(plain(told.reason), REASON_CHARACTERS);
  return {
    time: plain(told.created_at).slice(11, 19),
    who: whoOf(told),
    forWhom: principal === undefined ? '' : `for ${plain(principal)}`,
    what: whatOf(told),
    credential: credentialOf(told),
    why: reason === '' ? '' : `because “${reason}”`,
    ...resultOf(told),
  };
}

/** The whole sentence on one line, without colour. */
export function sentenceText(told: Told): string {
  const { time, who, forWhom, what, credential, why, result } = sentenceOf(told);
  const said = [who, what, forWhom, credential, why].filter(Boolean).join(' ');
  return `${time} ${said}: ${result}.`;
}
