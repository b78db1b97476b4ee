import { isSensitiveKey, type AuditEvent } from '@affidavit/schema';

import { createScrubber, type Scrubber } from '../egress/scrub.ts';
import type { Args } from './arguments.ts';

/**
 * Arguments under a sensitive name are masked by that name. Where a verb sends them under another,
 * or the provider says them back, they are found by their value.
 */

const SHORTEST = 4;
const LOOKED_FOR_MAX = 50;
const FIELDS = [
  'url',
  'request_body',
  'request_headers',
  'response_headers',
  'result',
] as const satisfies readonly (keyof AuditEvent)[];

type Facts = Partial<AuditEvent>;

/** The same facts without what the arguments of their action say under sensitive names. */
export function concealed<T extends Facts>(facts: T): T {
  const scrubber = scrubberOf(facts.args as Args | undefined);
  if (scrubber === null) return facts;
  const changes = FIELDS.flatMap((name) => {
    const value = facts[name];
    const scrubbed = value === undefined ? value : scrubber.value(value);
    return scrubbed === value ? [] : [[name, scrubbed] as const];
  });
  return changes.length === 0 ? facts : { ...facts, ...Object.fromEntries(changes) };
}

function scrubberOf(args: Args | undefined): Scrubber | null {
  const found = new Set<string>();
  collect(args, false, found);
  return found.size === 0 ? null : createScrubber([...found].slice(0, LOOKED_FOR_MAX));
}

function collect(value: unknown, isSecret: boolean, found: Set<string>): void {
  if (typeof value === 'string' && isSecret && value.length >= SHORTEST) found.add(value);
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    collect(member, isSecret || (!Array.isArray(value) && isSensitiveKey(name)), found);
  }
}
