/**
 * The closed error catalogue. Every failure that leaves Affidavit has one of these codes;
 * HTTP answers are RFC 9457 problem documents built from them.
 */

interface CatalogueEntry {
  readonly status: number;
  readonly title: string;
  /** What the reader should do next; used when the thrower has nothing more precise. */
  readonly advice: string;
}

const defineCatalogue = <C extends string>(
  entries: Record<C, CatalogueEntry>,
): Readonly<Record<C, CatalogueEntry>> => entries;

export const ERROR_CATALOGUE = defineCatalogue({
  unauthorized: {
    status: 401,
    title: 'The key or session is missing, wrong or ended',
    advice: 'Send a valid key as "Authorization: Bearer <key>", or sign in again.',
  },
  forbidden: {
    status: 403,
    title: 'The key may not do this',
    advice: 'Use a key that has the scope named in this answer.',
  },
  policy_denied: {
    status: 403,
    title: 'Policy denied the call',
    advice: 'See policy_id; test the policy with POST /v1/policies/test.',
  },
  egress_blocked: {
    status: 403,
    title: 'The address may not be called',
    advice: 'Call an address below the base_url of the provider, or have the operator allow it.',
  },
  not_found: {
    status: 404,
    title: 'There is no such thing here',
    advice: 'Check the id and the app the key belongs to.',
  },
  conflict: {
    status: 409,
    title: 'The state does not allow this',
    advice: 'Read the current state, then decide again.',
  },
  gone: {
    status: 410,
    title: 'It has been removed',
    advice: 'The entry was swept or erased; its header and proof remain.',
  },
  payload_too_large: {
    status: 413,
    title: 'The body is too large',
    advice: 'Send less at once; the limit is in this answer.',
  },
  idempotency_mismatch: {
    status: 422,
    title: 'The idempotency key was used with another body',
    advice: 'Repeat the exact request, or take a new Idempotency-Key.',
  },
  invalid_request: {
    status: 400,
    title: 'The request is not valid',
    advice: 'Correct the field named in this answer.',
  },
  invalid_event: {
    status: 400,
    title: 'The event is not valid',
    advice: 'Correct the field named in this answer; nothing was recorded.',
  },
  invalid_context: {
    status: 400,
    title: 'The context is outside its limits',
    advice: 'At most 20 string pairs, keys of 64 and values of 512 characters, 4 KB as JSON.',
  },
  reserved_field: {
    status: 400,
    title: 'The field is set by the server',
    advice: 'Leave the field out; the server fills it from what it knows.',
  },
  unknown_filter: {
    status: 400,
    title: 'There is no such filter',
    advice: 'Filter by an indexed field of the record, or from, to, q, order, cursor, limit.',
  },
  invalid_cursor: {
    status: 400,
    title: 'The cursor is not valid here',
    advice: 'Use next_cursor exactly as given, with the same filters and order.',
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    advice: 'Wait as Retry-After says.',
  },
  provider_unreachable: {
    status: 502,
    title: 'The provider did not answer',
    advice: 'The attempt is on the record under execution_id; try again later.',
  },
  overloaded: {
    status: 503,
    title: 'The server is at its limit',
    advice: 'Wait as Retry-After says and send again; nothing was recorded.',
  },
  audit_unavailable: {
    status: 503,
    title: 'The trail is not available',
    advice: 'The reason says what an operator must mend.',
  },
  query_timeout: {
    status: 504,
    title: 'The query took too long',
    advice: 'Narrow the time range or add a filter.',
  },
  internal: {
    status: 500,
    title: 'Something went wrong here',
    advice: 'Tell the operator the request id.',
  },
});

export type ErrorCode = keyof typeof ERROR_CATALOGUE;

/** What an error can carry beyond its code. All of it is public: it is sent to the caller. */
export interface ErrorDetails {
  /** The field at fault, as a path from the body or query (`events[3].context.tool`). */
  readonly field?: string;
  /** What was expected there. */
  readonly expected?: string;
  /** What to do; defaults to the advice of the catalogue. */
  readonly advice?: string;
  /** Further public members of the problem document (`policy_id`, `execution_id`, …). */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** Seconds for a Retry-After header. */
  readonly retryAfterSeconds?: number;
  /** The internal cause: logged, never sent. */
  readonly cause?: unknown;
}

/** The one error class of schema, vault and server. `message` is public: never put a secret in it. */
export class AffidavitError extends Error {
  override readonly name = 'AffidavitError';
  readonly code: ErrorCode;
  readonly status: number;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = ERROR_CATALOGUE[code].status;
    this.details = details;
  }
}

/** RFC 9457 problem document. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly advice: string;
  readonly field?: string;
  readonly expected?: string;
  readonly [extra: string]: unknown;
}

/** The public shape of an error. The cause stays behind. */
export function toProblem(error: AffidavitError): ProblemDocument {
  const { title, status, advice } = ERROR_CATALOGUE[error.code];
  const { details } = error;
  return {
    ...details.extra,
    type: `https://affidavit.dev/errors/${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    advice: details.advice ?? advice,
    ...(details.field === undefined ? {} : { field: details.field }),
    ...(details.expected === undefined ? {} : { expected: details.expected }),
  };
}
