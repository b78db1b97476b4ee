export * from './context.ts';
export * from './destinations.ts';
export * from './errors.ts';
export * from './event-types.ts';
export type { Json } from './field-types.ts';
export * from './identity-provider.ts';
export * from './ids.ts';
export * from './limits.ts';
export {
  ActClaim,
  DelegationBody,
  isReturnUrl,
  SECRET_MIN_CHARACTERS,
  type OAuth2Auth,
} from './oauth.ts';
export * from './mapping/index.ts';
export * from './monitors.ts';
export * from './plain.ts';
export * from './plain-words.ts';
export * from './policy.ts';
export * from './record.ts';
export * from './resources.ts';
export * from './retention.ts';
export * from './roles.ts';
export * from './scope-map.ts';
export * from './sensitive.ts';
export * from './sentence.ts';
export * from './sessions.ts';
export * from './tokens.ts';
export * from './verbs.ts';
