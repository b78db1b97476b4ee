import { AffidavitError, toProblem } from '@affidavit/schema';
import type { FastifyReply } from 'fastify';

import type { FailureJournal } from './failure-journal.ts';

/** Fastify's own refusals, in the words of the catalogue. */
function fromFramework(error: { code?: string; statusCode?: number }): AffidavitError | null {
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new AffidavitError('invalid_request', 'the body is not JSON', {
        field: 'content-type',
        expected: 'application/json',
      });
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
    case 'FST_ERR_BAD_URL':
      return new AffidavitError('invalid_request', 'the request is malformed');
    default:
      return (error.statusCode ?? 500) < 500
        ? new AffidavitError('invalid_request', 'the request is malformed')
        : null;
  }
}

export function toAffidavitError(error: unknown): AffidavitError {
  if (error instanceof AffidavitError) return error;
  const known = fromFramework(error as { code?: string; statusCode?: number });
  return known ?? new AffidavitError('internal', 'something went wrong here', { cause: error });
}

/** Sends an RFC 9457 problem document. What is internal goes to the journal only. */
export function sendProblem(
  reply: FastifyReply,
  error: unknown,
  requestId: string,
  journal: FailureJournal,
): FastifyReply {
  const known = toAffidavitError(error);
  if (known.status >= 500) journal.note(known, requestId);
  const { retryAfterSeconds } = known.details;
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds));
  if (known.status === 401) reply.header('www-authenticate', 'Bearer realm="affidavit"');
  return reply
    .code(known.status)
    .header('content-type', 'application/problem+json')
    .send(JSON.stringify({ ...toProblem(known), request_id: requestId }));
}
