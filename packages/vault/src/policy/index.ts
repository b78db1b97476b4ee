/** Policy: checking and keeping policies, and deciding calls by them. */
export { compilePolicy } from './compile.ts';
export type { CedarPolicyInput, CompiledPolicy, TemplatePolicyInput } from './compile.ts';
export { createPolicyEngine } from './engine.ts';
export { checkScopeMap } from './scope-map.ts';
export type { CompiledSet, PolicyEngine } from './engine.ts';
export type {
  BuiltinRule,
  Decision,
  DecisionActor,
  DecisionGrant,
  DecisionInput,
  DecisionRequest,
  DecisionRule,
  Json,
  StoredPolicy,
} from './types.ts';
