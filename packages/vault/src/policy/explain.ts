/** Saying why: the evaluated configuration for the record, and one sentence for a person. */
import { createHash } from 'node:crypto';
import type { PolicyTemplate } from '@affidavit/schema';
import { sourceAddress } from './address.ts';
import { grantAgeSeconds, scopesUsed } from './context.ts';
import type { CallFacts } from './context.ts';
import { clockText, localTime } from './local-time.ts';
import type { Json, StoredPolicy } from './types.ts';

const SHOWN_CHARACTERS = 200;
const SHOWN_MEMBERS = 5;
/** Characters of Cedar text in a record; the hash stands for the whole. */
const CEDAR_IN_RECORD = 4096;

const clip = (text: string) =>
  text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;

function list(members: readonly string[]): string {
  const shown = members.slice(0, SHOWN_MEMBERS).join(', ');
  const more = members.length - SHOWN_MEMBERS;
  return more > 0 ? `${shown} and ${more} more` : shown;
}

export const sha256Hex = (text: string) => createHash('sha256').update(text).digest('hex');

/** A policy as the record keeps it: its template if it has one, else its Cedar text. */
export function policyForRecord(policy: StoredPolicy): Record<string, Json> {
  const { name, cedar, template, applies_to } = policy;
  const base = { name, cedar_sha256: sha256Hex(cedar) };
  if (template !== undefined) {
    const narrowed = applies_to === undefined ? {} : { applies_to: { ...applies_to } as Json };
    return { ...base, template: { ...template } as Json, ...narrowed };
  }
  if (cedar.length <= CEDAR_IN_RECORD) return { ...base, cedar };
  return { ...base, cedar: cedar.slice(0, CEDAR_IN_RECORD), cedar_truncated: true };
}

interface Reasoning {
  readonly compared: Record<string, Json>;
  /** What the policy allows, and what this call was. */
  readonly because: string;
}

function reasonTimeWindow(
  template: Extract<PolicyTemplate, { kind: 'time_window' }>,
  { input }: CallFacts,
): Reasoning {
  const { days, from, to, time_zone } = template;
  const { weekday, minute } = localTime(time_zone, input.now);
  const local_time = clockText(minute);
  return {
    compared: { time_zone, weekday, local_time, now: input.now.toISOString() },
    because:
      `allows calls on ${days.join(', ')} from ${from} to ${to} ${time_zone}; ` +
      `it was ${weekday} ${local_time} there`,
  };
}

function reasonMethods(
  { methods, paths }: Extract<PolicyTemplate, { kind: 'methods' }>,
  { input, path }: CallFacts,
): Reasoning {
  const method = input.request.method.toUpperCase();
  const allowed = `${methods ? list(methods.map((name) => name.toUpperCase())) : 'any method'} on ${paths ? list(paths) : 'any path'}`;
  return {
    compared: { method, path: path.path },
    because: `allows ${clip(allowed)}; this call was ${method} ${clip(path.path)}`,
  };
}

/** Why a template denies; undefined for what has no template to speak of. */
export function templateReasoning(
  template: PolicyTemplate | undefined,
  facts: CallFacts,
): Reasoning | undefined {
  if (template?.kind === 'time_window') return reasonTimeWindow(template, facts);
  if (template?.kind === 'methods') return reasonMethods(template, facts);
  if (template?.kind === 'ip_allowlist') {
    const source_ip = sourceAddress(facts.input.request.source_ip) ?? null;
    return {
      compared: { source_ip },
      because: `allows calls from ${list(template.cidrs)}; this one came from ${source_ip ?? 'an unknown address'}`,
    };
  }
  if (template?.kind === 'ttl') {
    const grant_age_seconds = grantAgeSeconds(facts.input);
    const { created_at } = facts.input.grant;
    return {
      compared: { grant_age_seconds, created_at },
      because: `allows grants up to ${template.seconds} seconds old; this one is ${grant_age_seconds} seconds old`,
    };
  }
  if (template?.kind === 'scopes') {
    const scopes = [...scopesUsed(facts.input)];
    const beyond = scopes.filter((one) => !template.scopes.includes(one));
    return {
      compared: { scopes, beyond },
      because: `allows the scopes ${list(template.scopes)}; this call ${
        scopes.length === 0 ? 'names none' : `uses ${list(beyond)}`
      }`,
    };
  }
  return undefined;
}

/** How a policy is called in a sentence. */
export function policyInWords({ name, policy_id }: StoredPolicy): string {
  return `Policy "${clip(name)}" (${policy_id})`;
}
