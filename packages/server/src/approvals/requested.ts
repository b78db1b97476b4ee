import { AffidavitError, type AuditEvent } from '@affidavit/schema';
import type { ToHold } from '@affidavit/vault';

import { redactEvent } from '../ingest/redact.ts';
import { withApproval } from './row.ts';

/** Characters of one held request as JSON. */
const REQUEST_MAX = 1024 * 1024;

/** The entry that says what was asked for, and what of it is kept to look at. */
export function requested(
  { facts: given, shown }: ToHold,
  approval_id: string,
  expires_at: number,
) {
  const approval = { approval_id, expires_at: new Date(expires_at).toISOString() };
  const event_type = 'approval.requested';
  const event = redactEvent({ ...withApproval(given, approval), ...shown, event_type });
  const names = Object.keys(shown);
  const own = Object.entries(event).filter(([name]) =>
    names.includes(name.replace(/_truncated$/, '')),
  );
  const { event_type: _, ...facts } = redactEvent({ ...given, event_type });
  return { ...event, facts, shown: Object.fromEntries(own) as Partial<AuditEvent> };
}

export function assertHoldable(sealed: object): void {
  if (JSON.stringify(sealed).length <= REQUEST_MAX) return;
  throw new AffidavitError('payload_too_large', 'the request is too large to wait for approval', {
    expected: `at most ${REQUEST_MAX} characters as JSON`,
  });
}
