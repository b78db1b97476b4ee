import { bearerId } from '../access/identity.ts';
import type { Filter } from '../query/filter.ts';
import type { Context } from '../http/route.ts';
import { recordOnce, shown } from '../http/trail-reads.ts';
import { countLook } from './looks.ts';

/** Whose wallet it is: from its session, and from nowhere else. */

export interface Principal {
  readonly principal_type: string;
  readonly principal_id: string;
}

export function principalOf({ identity }: Pick<Context, 'identity'>): Principal {
  const { principal_type, principal_id } = identity.session ?? {};
  // Routes of the wallet are reached by its sessions alone, and each has a principal.
  if (!principal_type || !principal_id) throw new Error('a session without a principal');
  return { principal_type, principal_id };
}

export const isTheirs = (
  { principal_type, principal_id }: Principal,
  row: { readonly principal_type?: unknown; readonly principal_id?: unknown },
): boolean => row.principal_type === principal_type && row.principal_id === principal_id;

/** A question, about what concerns this person alone. */
export function theirs({ principal_type, principal_id }: Principal, filter: Filter): Filter {
  const own = { principal_type, principal_id } as const;
  const conditions = (Object.keys(own) as (keyof typeof own)[]).map((field) => ({
    fields: [field],
    values: [own[field]],
    prefixes: [],
  }));
  return { ...filter, conditions: [...conditions, ...filter.conditions] };
}

/** That a person looked is on the record, once for the same thing in a while. */
export async function recordView(context: Context, what: string, question: object): Promise<void> {
  countLook(bearerId(context.identity));
  const args = { what, filter: shown(question) };
  const event = { event_type: 'wallet.viewed', args } as const;
  await recordOnce(context, [what, question], {
    ...event,
    action_type: 'read',
    outcome: 'success',
  });
}
