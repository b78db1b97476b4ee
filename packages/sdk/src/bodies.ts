import { checkContext } from '@affidavit/schema';

import { ContextError } from './errors.ts';
import type { CallOptions } from './transport.ts';
import type { CommonOptions } from './types.ts';

/** What the bodies of calls are made from. */

export type Body = Record<string, unknown>;

/** Leaves out absent members. */
export function present(members: Body): Body {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** Both contexts as one, checked against the limits. Throws ContextError; undefined when empty. */
export function mergedContext(bound: unknown, own: unknown, prefix = ''): Body | undefined {
  if (bound === undefined && own === undefined) return undefined;
  const ownFault = own === undefined ? null : checkContext(own);
  if (ownFault) throw ContextError.fromFault(ownFault, prefix);
  const merged = { ...(bound as Body | undefined), ...(own as Body | undefined) };
  const fault = checkContext(merged);
  if (fault) throw ContextError.fromFault(fault, prefix);
  return merged;
}

export function commonCall(options: CommonOptions): CallOptions {
  const { signal, timeoutMs, traceparent } = options;
  return { signal, timeoutMs, traceparent };
}
