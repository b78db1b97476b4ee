export type { ActionContext, ActionOptions, ActionRecord, Args } from './actions.ts';
export { Approvals } from './approvals.ts';
export type { Approval, WaitOptions } from './approvals.ts';
export { Affidavit } from './client.ts';
export {
  ActionBlocked,
  AffidavitApiError,
  ApprovalPending,
  ApprovalRefused,
  AuditUnavailable,
  ConnectionError,
  ContextError,
  EgressBlocked,
  PolicyDenied,
  ProviderUnreachable,
} from './errors.ts';
export type { ApiErrorDetails, ClientErrorCode } from './errors.ts';
export { Feed } from './feed.ts';
export type { FeedOptions, Page } from './feed.ts';
export type { ProviderResponse } from './provider-response.ts';
export type { MintedToken, MintOptions } from './tokens.ts';
export type { CallOptions, FetchFunction, Query, QueryValue } from './transport.ts';
export type { WrapOptions } from './wrap.ts';
export type {
  AffidavitOptions,
  AuditEvent,
  AuditRecord,
  CommonOptions,
  Execution,
  Recorded,
  RecordedEntry,
  RecordOptions,
  RequestOptions,
  RunOptions,
} from './types.ts';
