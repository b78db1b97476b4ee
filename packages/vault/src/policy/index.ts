/** Policy: checking and keeping policies, and deciding calls by them. */
export { compilePolicy } from './compile.ts';
export type { CedarPolicyInput, CompiledPolicy, TemplatePolicyInput } from './compile.ts';
export { layerOf } from './compiled-set.ts';
export type { CompiledSet } from './compiled-set.ts';
export { createPolicyEngine } from './engine.ts';
export type { PolicyEngine } from './engine.ts';
export { denyByRate } from './verdicts.ts';
export { checkScopeMap, isOpen } from './scope-map.ts';
export type {
  BuiltinRule,
  CountedRate,
  Decision,
  DecisionActor,
  DecisionGrant,
  DecisionInput,
  DecisionRequest,
  DecisionRule,
  Json,
  PolicyCheck,
  PolicyLayer,
  StoredPolicy,
} from './types.ts';
