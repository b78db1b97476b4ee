import { toHex } from '@affidavit/ledger';
import type { AuditEvent } from '@affidavit/schema';

import { drawRandom } from '../random-pool.ts';

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;

export interface Trace {
  readonly fields: Pick<AuditEvent, 'trace_id' | 'span_id'>;
  /** The header to hand on, when one came. */
  readonly traceparent: string | undefined;
}

/**
 * W3C Trace Context: the ids of a valid `traceparent`, else a fresh trace id that correlates the
 * entries of this request. An invalid header is ignored, as the specification asks.
 */
export function readTrace(header: string | undefined): Trace {
  const match = header === undefined ? null : TRACEPARENT.exec(header);
  const [, version, trace_id = '', span_id = '', rest] = match ?? [];
  const valid =
    match !== null &&
    version !== 'ff' &&
    !(version === '00' && rest) &&
    /[^0]/.test(trace_id) &&
    /[^0]/.test(span_id);
  if (valid) return { fields: { trace_id, span_id }, traceparent: header };
  return { fields: { trace_id: toHex(drawRandom(16)) }, traceparent: undefined };
}
