export { OAuthClient, type Authorization, type OAuthParty } from './client.ts';
export type { OAuthResult, TokenSet } from './client.ts';
export type { OAuthFailure } from './endpoint.ts';
export { IdTokens, type IdTokenClaims } from './id-tokens.ts';
export { driftOf, failedOutcome, failureArgs, grantFacts, SYSTEM } from './lifecycle.ts';
export type * from './ports.ts';
export * from './sealed-tokens.ts';
export { needsReauthentication, TokenKeeper, type GrantUse } from './token-keeper.ts';
