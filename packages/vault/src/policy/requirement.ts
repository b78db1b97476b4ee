/**
 * Requirements: a `forbid` with the annotation `@require` holds until what it asks for is there.
 *
 * `@require("approval")` holds until a person has approved the call; `@expires_in_seconds` says for
 * how long they may. `@require("rate")` with `@limit`, `@window_seconds` and perhaps `@per` holds
 * when so many calls were made. Whoever does not know the annotation reads a plain `forbid`, and
 * denies.
 */
import { ApprovalTemplate, RateTemplate, type PolicyTemplate } from '@affidavit/schema';

export type Requirement = Extract<PolicyTemplate, { kind: 'approval' | 'rate' }>;

type Annotations = Readonly<Record<string, string | null>>;

const NUMBERS: ReadonlySet<string> = new Set(['expires_in_seconds', 'limit', 'window_seconds']);
const MEMBERS = { approval: ['expires_in_seconds'], rate: ['limit', 'window_seconds', 'per'] };
const SCHEMAS = { approval: ApprovalTemplate, rate: RateTemplate };

/** The annotations that say a requirement in Cedar. */
export function requirementLines({ kind, ...members }: Requirement): string[] {
  const given = Object.entries(members).filter(([, value]) => value !== undefined);
  return [`@require("${kind}")`, ...given.map(([name, value]) => `@${name}("${value}")`)];
}

/** What the annotations of a statement require, null for nothing, or what is wrong with them. */
export function readRequirement(
  annotations: Annotations | undefined,
  effect: 'permit' | 'forbid',
): Requirement | null | { readonly fault: string } {
  const kind = annotations?.['require'];
  if (annotations === undefined || kind === undefined) return null;
  if (kind !== 'approval' && kind !== 'rate') {
    return { fault: '@require asks for something other than "approval" or "rate"' };
  }
  if (effect === 'permit') return { fault: '@require stands at a permit; it belongs to a forbid' };
  const given = MEMBERS[kind].filter((name) => annotations[name] !== undefined);
  const members = given.map((name) => [name, memberOf(name, annotations[name])] as const);
  const read = SCHEMAS[kind].safeParse({ kind, ...Object.fromEntries(members) });
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  return { fault: `@${issue?.path.join('.') ?? 'require'} is not valid: ${issue?.message}` };
}

function memberOf(name: string, text: string | null | undefined): string | number | null {
  return NUMBERS.has(name) && /^\d+$/.test(text ?? '') ? Number(text) : (text ?? null);
}
