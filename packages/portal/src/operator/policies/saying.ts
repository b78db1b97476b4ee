import type { PolicyAppliesTo, PolicyTemplate } from '@affidavit/schema';

import { spanInWords } from './span.ts';
import type { Policy, PolicyInput } from './types.ts';

/** What a policy does, as a sentence that anybody can check. */

type Of<K extends PolicyTemplate['kind']> = Extract<PolicyTemplate, { kind: K }>;

const DAYS = { mon: 'Mon', tue: 'Tue', wed: 'Wed', thu: 'Thu', fri: 'Fri', sat: 'Sat', sun: 'Sun' };
const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const SHOWN = 4;

/** `a`, `a and b`, `a, b, c and 4 more`. */
function enumerate(all: readonly string[], word: 'and' | 'or' = 'and'): string {
  const shown = all.length > SHOWN ? all.slice(0, SHOWN - 1) : all.slice(0, -1);
  const last = all.length > SHOWN ? `${all.length - shown.length} more` : all.at(-1);
  return shown.length === 0 ? (last ?? '') : `${shown.join(', ')} ${word} ${last}`;
}

/** `every day`, `Mon to Fri`, `Mon, Wed and Sun`. */
function daysInWords(days: readonly string[]): string {
  const places = WEEK.map((day, place) => (days.includes(day) ? place : -1)).filter((n) => n >= 0);
  const [first = 0, last = 0] = [places[0], places.at(-1)];
  if (places.length === 7) return 'every day';
  const isRun = places.length > 2 && last - first === places.length - 1;
  const names = places.map((place) => DAYS[WEEK[place] as keyof typeof DAYS]);
  return `on ${isRun ? `${names[0]} to ${names.at(-1)}` : enumerate(names)}`;
}

function window({ days, from, to, time_zone }: Of<'time_window'>): string {
  const night = to <= from ? ' of the next day' : '';
  return `calls are allowed ${daysInWords(days)} from ${from} to ${to}${night} (${time_zone}), and refused at any other time`;
}

function methods({ methods: names, paths }: Of<'methods'>): string {
  const what = names ? `${enumerate(names.map((one) => one.toUpperCase()))} calls` : 'calls';
  return `only ${what}${paths ? ` to ${enumerate(paths, 'or')}` : ''} are allowed`;
}

const PER = { agent: ' by each agent', grant: ' with each grant', principal: ' for each person' };

function said(template: PolicyTemplate): string {
  switch (template.kind) {
    case 'time_window':
      return window(template);
    case 'ip_allowlist':
      return `calls are allowed from ${enumerate(template.cidrs)} only`;
    case 'methods':
      return methods(template);
    case 'ttl':
      return `a grant can be used for ${spanInWords(template.seconds)} after it was made`;
    case 'rate':
      return `at most ${template.limit} ${template.limit === 1 ? 'call' : 'calls'}${template.per ? PER[template.per] : ''} in ${spanInWords(template.window_seconds)}`;
    case 'approval':
      return `a person must approve each call, within ${spanInWords(template.expires_in_seconds ?? 86_400)}`;
    case 'scopes':
      return `calls may use no scopes but ${enumerate(template.scopes)}`;
  }
}

export interface Names {
  readonly agent: (id: string) => string;
  readonly grant: (id: string) => string;
}

/** `everywhere`, `at mail`, `for billing-agent at crm`. */
function whereInWords(applies: PolicyAppliesTo | undefined, names: Names): string {
  const { provider, grant_id, agent_id } = applies ?? {};
  const parts = [
    agent_id === undefined ? null : `for ${names.agent(agent_id)}`,
    grant_id === undefined ? null : `with the grant on ${names.grant(grant_id)}`,
    provider === undefined ? null : `at ${provider}`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? 'everywhere' : parts.join(' ');
}

const IN_CEDAR = {
  app: 'everywhere',
  provider: 'at some providers',
  grant: 'with some grants',
  agent: 'for some agents',
} as const;

export const placeOf = (policy: Policy, names: Names): string =>
  policy.template ? whereInWords(policy.applies_to, names) : IN_CEDAR[policy.layer];

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** Without where: for lists that say that beside it. */
export const ruleOf = ({ template }: Policy): string =>
  template === undefined ? 'Written in Cedar.' : `${capital(said(template))}.`;

/** The whole sentence; undefined for Cedar, which speaks for itself. */
export function sayingOf(
  { template, applies_to }: Pick<PolicyInput, 'template' | 'applies_to'>,
  names: Names,
): string | undefined {
  if (template === undefined) return undefined;
  return `${capital(whereInWords(applies_to, names))}, ${said(template)}.`;
}
