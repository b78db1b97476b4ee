/** What of a request's or response's headers may be kept on the record. */
import { SENSITIVE_HEADERS } from '@affidavit/schema';

export type KeptHeaders = Record<string, string | string[]>;

/**
 * Removes the sensitive headers, in any case, and those of `extraNames` (a header the broker
 * injected under a name of the provider's own). Returns the same object when none is there.
 */
export function stripSensitiveHeaders(
  headers: Readonly<Record<string, string | string[]>>,
  extraNames: readonly string[] = [],
): { headers: KeptHeaders; stripped: boolean } {
  const extra = new Set(extraNames.map((name) => name.toLowerCase()));
  const names = Object.keys(headers);
  const kept = names.filter((name) => {
    const lower = name.toLowerCase().trim();
    return !SENSITIVE_HEADERS.has(lower) && !extra.has(lower);
  });
  if (kept.length === names.length) return { headers, stripped: false };
  const pairs = kept.map((name) => [name, headers[name] ?? ''] as const);
  return { headers: Object.fromEntries(pairs), stripped: true };
}
