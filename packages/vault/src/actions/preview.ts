import { MASK, type AuditEvent, type Json } from '@affidavit/schema';

import { openCredential } from '../credential.ts';
import type { PlannedCall } from '../plan.ts';
import { outgoingHeaders } from '../target.ts';
import { keptResult } from './entries.ts';

/** What an entry says of a dry run. */
export function previewFacts(call: PlannedCall): Partial<AuditEvent> {
  const result = keptResult(previewOf(call));
  return { outcome: 'dry_run', duration_ms: 0, credential_masked: true, result };
}

/** What a planned call would send, with a mask where the credential goes. Opens nothing. */
function previewOf({ provider, url, body, outgoing, actor }: PlannedCall): Json {
  const target = {
    url: new URL(url),
    headers: outgoingHeaders(body, outgoing, actor.traceparent),
  };
  openCredential(provider.auth, MASK).attach(target);
  if (provider.auth.type === 'basic') target.headers.authorization = `Basic ${MASK}`;
  return {
    method: body.method.toUpperCase(),
    url: target.url.href,
    headers: target.headers,
    ...bodyOf(body),
  };
}

function bodyOf({ json, body }: PlannedCall['body']): { body?: Json } {
  const sent = json ?? body;
  return sent === undefined ? {} : { body: sent };
}
