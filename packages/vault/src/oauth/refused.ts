import type { ProviderResult } from '../egress/call.ts';

/** A provider that does not take a token before its time. */
export const isUnauthorized = (result: ProviderResult): boolean =>
  result.kind === 'answer' && result.status === 401;

/** One call to who asked for it: what came last, and the time of both. */
export function asRetry(last: ProviderResult, first: ProviderResult): ProviderResult {
  return {
    ...last,
    latency_ms: first.latency_ms + last.latency_ms,
    retry_count: first.retry_count + 1 + last.retry_count,
  };
}
