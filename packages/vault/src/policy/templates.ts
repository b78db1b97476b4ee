/** Templates written out as Cedar, so that a person can read, keep and edit what holds. */
import { AffidavitError, WEEKDAYS } from '@affidavit/schema';
import type { PolicyAppliesTo, PolicyTemplate, Weekday } from '@affidavit/schema';
import { canonicalCidr } from './address.ts';
import { cedarAnyOf, cedarEntity, cedarPattern, cedarSet, cedarString } from './cedar-text.ts';
import { minuteOfDay } from './local-time.ts';
import { readPathPattern } from './path.ts';
import { requirementLines, type Requirement } from './requirement.ts';

type TemplateOf<K extends PolicyTemplate['kind']> = Extract<PolicyTemplate, { kind: K }>;

const inOrder = (days: readonly Weekday[]) => WEEKDAYS.filter((day) => days.includes(day));

const dayAfter = (day: Weekday): Weekday =>
  WEEKDAYS[(WEEKDAYS.indexOf(day) + 1) % WEEKDAYS.length] ?? day;

/** Lines of the condition under which a call is allowed. */
function timeWindow({ days, from, to, time_zone }: TemplateOf<'time_window'>): string[] {
  const local = `context.local[${cedarString(time_zone)}]`;
  const on = (which: readonly Weekday[]) =>
    `${cedarSet(inOrder(which))}.contains(${local}.weekday)`;
  const after = `${local}.minute >= ${minuteOfDay(from)}`;
  const before = `${local}.minute < ${minuteOfDay(to)}`;
  const comment = `// ${inOrder(days).join(', ')} from ${from} to ${to} in ${time_zone}`;
  if (minuteOfDay(from) < minuteOfDay(to))
    return [comment, `${on(days)} &&`, `${after} &&`, before];
  return [
    `${comment}, past midnight`,
    `(${on(days)} && ${after}) ||`,
    `(${on(days.map(dayAfter))} && ${before})`,
  ];
}

function ipAllowlist({ cidrs }: TemplateOf<'ip_allowlist'>): string[] {
  const networks = cidrs.map((cidr, index) => {
    const canonical = canonicalCidr(cidr);
    if (canonical !== null) return `context.source_ip.isInRange(ip(${cedarString(canonical)}))`;
    throw new AffidavitError('invalid_request', 'a network of the allowlist is not valid', {
      field: `template.cidrs[${index}]`,
      expected: 'an IPv4 or IPv6 network such as 10.0.0.0/8 or 2001:db8::/32',
    });
  });
  return ['context has source_ip &&', cedarAnyOf([...new Set(networks)], '  ')];
}

function likePath(pattern: string, index: number): string {
  const read = readPathPattern(pattern);
  if ('pieces' in read) return `context.path like ${cedarPattern(read.pieces)}`;
  throw new AffidavitError('invalid_request', `the path pattern is ambiguous: ${read.fault}`, {
    field: `template.paths[${index}]`,
    expected: 'a decoded path such as /v1/* without dot segments, empty segments or ;',
  });
}

function methodsAndPaths({ methods, paths }: TemplateOf<'methods'>): string[] {
  const conditions: string[] = [];
  if (methods) {
    const names = [...new Set(methods.map((method) => method.toUpperCase()))];
    conditions.push(`${cedarSet(names)}.contains(context.method)`);
  }
  if (paths) conditions.push(cedarAnyOf([...new Set(paths.map(likePath))], '  '));
  return [conditions.join(' &&\n  ')];
}

/** Of a call that names no scopes, on a grant that has none, nobody can say what it may. */
function scopesOnly({ scopes }: TemplateOf<'scopes'>): string[] {
  const set = cedarSet([...new Set(scopes)]);
  return ['!context.scopes_used.isEmpty() &&', `${set}.containsAll(context.scopes_used)`];
}

/** Null where nothing in the call itself allows it: what is required lifts the forbid. */
function allowedWhen(template: PolicyTemplate): string[] | null {
  switch (template.kind) {
    case 'time_window':
      return timeWindow(template);
    case 'ip_allowlist':
      return ipAllowlist(template);
    case 'methods':
      return methodsAndPaths(template);
    case 'ttl':
      return [`context.grant_age_seconds <= ${template.seconds}`];
    case 'scopes':
      return scopesOnly(template);
    case 'approval':
    case 'rate':
      return null;
  }
}

function scope({ provider, grant_id, agent_id }: PolicyAppliesTo): string {
  const principal =
    agent_id === undefined ? 'principal' : `principal == ${cedarEntity('Agent', agent_id)}`;
  if (grant_id !== undefined) {
    const within =
      provider === undefined ? '' : `\nwhen { resource in ${cedarEntity('Provider', provider)} }`;
    return `(${principal}, action, resource == ${cedarEntity('Grant', grant_id)})${within}`;
  }
  const resource =
    provider === undefined ? 'resource' : `resource in ${cedarEntity('Provider', provider)}`;
  return `(${principal}, action, ${resource})`;
}

const requires = (template: PolicyTemplate): template is Requirement =>
  template.kind === 'approval' || template.kind === 'rate';

/** The Cedar text of a template. Throws `invalid_request` naming the field. */
export function templateToCedar(
  name: string,
  template: PolicyTemplate,
  appliesTo: PolicyAppliesTo = {},
): string {
  const condition = allowedWhen(template);
  const forbid = `forbid ${scope(appliesTo)}`;
  return [
    `@name(${cedarString(name)})`,
    `@template(${cedarString(template.kind)})`,
    ...(requires(template) ? requirementLines(template) : []),
    ...(condition === null
      ? [`${forbid};\n`]
      : [forbid, `unless {\n  ${condition.join('\n  ')}\n};\n`]),
  ].join('\n');
}
