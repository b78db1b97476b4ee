/** What Cedar says to a call, by statement. */
import { authorize } from './cedar.ts';
import type { PlacedStatement } from './compiled-set.ts';
import { cedarCall } from './context.ts';
import type { Case } from './verdicts.ts';

export interface Consultation {
  readonly decision: 'allow' | 'deny';
  /** In the order of the set. */
  readonly forbidding: readonly PlacedStatement[];
  readonly erring: readonly { readonly statement: PlacedStatement; readonly error: string }[];
  /** Errors of no statement of ours. */
  readonly strayErrors: number;
}

/** Asks Cedar once. The text of its failure where it cannot be asked. */
export function consult({ set, facts }: Case): Consultation | { readonly failure: string } {
  const answer = authorize(set.texts, cedarCall(facts, set.reads));
  if (answer.type === 'failure') return { failure: answer.errors[0]?.message ?? 'no answer' };
  const { decision, diagnostics } = answer.response;
  const reasons = new Set(decision === 'deny' ? diagnostics.reason : []);
  const errors = new Map(
    diagnostics.errors.map(({ policyId, error }) => [policyId, error.message]),
  );
  const all = [...set.statements];
  const erring = all.flatMap(([id, statement]) => {
    const error = errors.get(id);
    return error === undefined ? [] : { statement, error };
  });
  return {
    decision,
    forbidding: all.flatMap(([id, statement]) => (reasons.has(id) ? statement : [])),
    erring,
    strayErrors: errors.size - erring.length,
  };
}
