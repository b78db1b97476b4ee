import type { Json } from '@affidavit/schema';

import type { CommonOptions, Execution } from './types.ts';

/** Actions: verbs, carried out by Affidavit. */

export type Args = Readonly<Record<string, unknown>>;

/** What an action says of itself beside its arguments. */
export interface ActionContext extends CommonOptions {
  /** Why, for a person to read. */
  readonly reason?: string;
  readonly context?: Readonly<Record<string, string>>;
  readonly run?: string;
  readonly task?: string;
  readonly thread?: string;
  /** Your own customer. */
  readonly tenant?: string;
  /** Id of the person on whose behalf. */
  readonly principal?: string;
  /** The same key has its effect once; repeats are answered with what was kept. */
  readonly idempotencyKey?: string;
}

export interface ActionOptions extends ActionContext {
  /** Answers what would be sent, and touches nothing. */
  readonly dryRun?: boolean;
  /** Id of the grant to use, where several fit. */
  readonly grant?: string;
}

/**
 * The execution record of an action (MISSION M14), with secrets masked. `R` is what you expect of
 * the provider; with `outcome: 'provider_error'` it is its error instead.
 */
export type ActionRecord<R = Json> = Omit<Execution, 'result'> & {
  readonly verb: string;
  readonly outcome: NonNullable<Execution['outcome']>;
  readonly governance_status: NonNullable<Execution['governance_status']>;
  readonly dry_run: boolean;
  /** Whether it is a replay of an earlier one with the same key. */
  readonly idempotent: boolean;
  readonly result?: R;
};

export const actionPath = (verb: string, step = '') =>
  `/v1/actions/${encodeURIComponent(verb)}${step}`;
