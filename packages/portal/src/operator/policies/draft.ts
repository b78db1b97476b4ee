import type { PolicyTemplate } from '@affidavit/schema';

import { toSeconds, toSpan, type Span } from './span.ts';
import type { Policy, PolicyInput } from './types.ts';

/** A policy while it is written: every field as text, for all kinds at once. */

export type Kind = PolicyTemplate['kind'] | 'cedar';

export const KINDS: readonly { readonly value: Kind; readonly label: string }[] = [
  { value: 'time_window', label: 'Hours of the week' },
  { value: 'ip_allowlist', label: 'Networks that may call' },
  { value: 'methods', label: 'Methods and paths' },
  { value: 'rate', label: 'How often' },
  { value: 'approval', label: 'A person approves' },
  { value: 'scopes', label: 'Scopes' },
  { value: 'ttl', label: 'Age of the grant' },
  { value: 'cedar', label: 'Cedar text' },
];

export interface Draft {
  readonly name: string;
  readonly kind: Kind;
  readonly days: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly time_zone: string;
  /** One to a line, as `paths` and `scopes` are. */
  readonly cidrs: string;
  readonly methods: string;
  readonly paths: string;
  readonly scopes: string;
  readonly age: Span;
  readonly limit: string;
  readonly window: Span;
  readonly per: string;
  readonly expires: Span;
  readonly cedar: string;
  readonly provider: string;
  readonly grant_id: string;
  readonly agent_id: string;
}

const CEDAR_START = `forbid (principal, action, resource)
when { context.method == "DELETE" };
`;

const EMPTY: Draft = {
  name: '',
  kind: 'time_window',
  days: ['mon', 'tue', 'wed', 'thu', 'fri'],
  from: '09:00',
  to: '18:00',
  time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  cidrs: '',
  methods: '',
  paths: '',
  scopes: '',
  age: { amount: '90', unit: 'days' },
  limit: '60',
  window: { amount: '1', unit: 'minutes' },
  per: '',
  expires: { amount: '1', unit: 'days' },
  cedar: CEDAR_START,
  provider: '',
  grant_id: '',
  agent_id: '',
};

const lines = (values: readonly string[] | undefined) => (values ?? []).join('\n');

function fieldsOf(template: PolicyTemplate): Partial<Draft> {
  switch (template.kind) {
    case 'time_window':
      return template;
    case 'ip_allowlist':
      return { cidrs: lines(template.cidrs) };
    case 'methods':
      return { methods: (template.methods ?? []).join(', '), paths: lines(template.paths) };
    case 'ttl':
      return { age: toSpan(template.seconds) };
    case 'rate':
      return {
        limit: String(template.limit),
        window: toSpan(template.window_seconds),
        per: template.per ?? '',
      };
    case 'approval':
      return { expires: toSpan(template.expires_in_seconds ?? 86_400) };
    case 'scopes':
      return { scopes: lines(template.scopes) };
  }
}

/** What is there, or what a new one begins with. */
export function toDraft(policy?: Policy): Draft {
  if (policy === undefined) return EMPTY;
  const { name, cedar, template, applies_to } = policy;
  return {
    ...EMPTY,
    name,
    cedar,
    provider: applies_to?.provider ?? '',
    grant_id: applies_to?.grant_id ?? '',
    agent_id: applies_to?.agent_id ?? '',
    ...(template ? fieldsOf(template) : {}),
    kind: template?.kind ?? 'cedar',
  };
}

/** What stands on lines of its own, or between commas. */
export const listed = (text: string): string[] =>
  text
    .split(/[\n,]/)
    .map((one) => one.trim())
    .filter((one) => one !== '');

const given = <N extends string>(name: N, values: string[]) =>
  (values.length === 0 ? {} : { [name]: values }) as { readonly [K in N]?: string[] };

function templateOf(draft: Draft): PolicyTemplate {
  const { kind, days, from, to, time_zone, per } = draft;
  switch (kind) {
    case 'time_window':
      return { kind, days: days as ('mon' | 'tue')[], from, to, time_zone };
    case 'ip_allowlist':
      return { kind, cidrs: listed(draft.cidrs) };
    case 'methods':
      return {
        kind,
        ...given('methods', listed(draft.methods)),
        ...given('paths', listed(draft.paths)),
      };
    case 'ttl':
      return { kind, seconds: toSeconds(draft.age) };
    case 'rate':
      return {
        kind,
        limit: Number(draft.limit),
        window_seconds: toSeconds(draft.window),
        ...(per === '' ? {} : { per: per as 'agent' }),
      };
    case 'approval':
      return { kind, expires_in_seconds: toSeconds(draft.expires) };
    default:
      return { kind: 'scopes', scopes: listed(draft.scopes) };
  }
}

/** The policy as it would be sent. */
export function toInput(draft: Draft): PolicyInput {
  const { kind, cedar, provider, grant_id, agent_id } = draft;
  const name = draft.name.trim();
  if (kind === 'cedar') return { name, cedar };
  const narrowed = Object.entries({ provider, grant_id, agent_id }).filter(([, id]) => id !== '');
  return {
    name,
    template: templateOf(draft),
    ...(narrowed.length === 0 ? {} : { applies_to: Object.fromEntries(narrowed) }),
  };
}
