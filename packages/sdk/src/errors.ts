import type { ContextFault, ErrorCode } from '@affidavit/schema';

/**
 * What a caller of the SDK can be told. Provider answers are never errors: a 404 or a 500 by the
 * provider is a `Response`. Every class here is an answer (or the lack of one) by Affidavit.
 */

/** The server's catalogue, plus what only a client can see. */
export type ClientErrorCode =
  | ErrorCode
  /** No connection to Affidavit, or it broke before the whole answer was here. */
  | 'connection_failed'
  /** The deadline of the call passed before Affidavit answered. */
  | 'deadline_exceeded'
  /** A person must approve first. */
  | 'approval_pending'
  /** A person rejected it, or nobody decided in time. */
  | 'approval_refused'
  /** It was begun, and nobody knows how it ended. */
  | 'outcome_unknown'
  /** Something answered, but not as Affidavit does (a proxy, a wrong URL). */
  | 'unexpected_answer';

export interface ApiErrorDetails {
  /** HTTP status of the answer; 0 when there was none. */
  readonly status?: number | undefined;
  readonly field?: string | undefined;
  readonly expected?: string | undefined;
  readonly advice?: string | undefined;
  readonly requestId?: string | undefined;
  readonly executionId?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  /** The whole RFC 9457 problem document. */
  readonly problem?: Readonly<Record<string, unknown>> | undefined;
  readonly cause?: unknown;
}

/** The base of everything the SDK throws, but for the reason of an aborted signal. */
export class AffidavitApiError extends Error {
  override readonly name: string = 'AffidavitApiError';
  readonly code: ClientErrorCode;
  readonly status: number;
  /** Path of the field at fault (`events[3].context.tool`). */
  readonly field: string | undefined;
  readonly expected: string | undefined;
  /** What to do about it. */
  readonly advice: string | undefined;
  readonly requestId: string | undefined;
  /** The execution on the record that this belongs to, where there is one. */
  readonly executionId: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly problem: Readonly<Record<string, unknown>>;

  constructor(code: ClientErrorCode, message: string, details: ApiErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = details.status ?? 0;
    this.field = details.field;
    this.expected = details.expected;
    this.advice = details.advice;
    this.requestId = details.requestId;
    this.executionId = details.executionId;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.problem = details.problem ?? {};
  }
}

/** The `context` is outside its limits; found before anything was sent. */
export class ContextError extends AffidavitApiError {
  override readonly name = 'ContextError';

  /** `prefix` is the path above `context`, such as `events[3].`. */
  static fromFault(fault: ContextFault, prefix = ''): ContextError {
    return new ContextError('invalid_context', fault.message, {
      status: 400,
      field: `${prefix}${fault.field}`,
      expected: fault.expected,
      advice: `Send ${fault.expected}; nothing was sent or recorded.`,
    });
  }
}

/** Policy said no. The denial is on the record under `executionId`. */
export class PolicyDenied extends AffidavitApiError {
  override readonly name: string = 'PolicyDenied';

  /** The policy that decided. */
  get policyId(): string | undefined {
    return textMember(this.problem, 'policy_id');
  }
  /** The kind of rule that failed (`time_window`, `ip_allowlist`, …). */
  get rule(): string | undefined {
    return textMember(this.problem, 'rule');
  }
  /** The decision in a sentence. */
  get explanation(): string {
    return textMember(this.problem, 'explanation') ?? this.message;
  }
}

/** Policy, or the verb itself, keeps an action from being done. Its record is on the problem. */
export class ActionBlocked extends PolicyDenied {
  override readonly name = 'ActionBlocked';

  get verb(): string | undefined {
    return textMember(this.problem, 'verb');
  }
}

/** The address may not be called through this provider. */
export class EgressBlocked extends AffidavitApiError {
  override readonly name = 'EgressBlocked';
}

/** The trail cannot be written, so the call fails. `retryAfterSeconds` says when to come back. */
export class AuditUnavailable extends AffidavitApiError {
  override readonly name: string = 'AuditUnavailable';
}

/** Affidavit itself could not be reached, or did not answer in time. */
export class ConnectionError extends AuditUnavailable {
  override readonly name = 'ConnectionError';
}

/** The provider did not answer. The attempt is on the record under `executionId`. */
export class ProviderUnreachable extends AffidavitApiError {
  override readonly name = 'ProviderUnreachable';
}

/** What is told of an approval. */
interface ToldApproval {
  readonly approval_id: string;
  readonly execution_id: string;
  readonly policy_id: string;
  readonly expires_at: string;
}

/** A person must approve first. `client.approvals.wait(error.approvalId)` waits for the answer. */
export class ApprovalPending extends AffidavitApiError {
  override readonly name = 'ApprovalPending';
  readonly approvalId: string;
  /** The policy that asks for it. */
  readonly policyId: string;
  /** ISO 8601. */
  readonly expiresAt: string;

  constructor({ approval_id, execution_id, policy_id, expires_at }: ToldApproval) {
    super('approval_pending', `it waits for approval ${approval_id}`, {
      status: 202,
      executionId: execution_id,
      advice: 'Wait for it with approvals.wait(), or ask GET /v1/approvals/{approval_id}.',
    });
    this.approvalId = approval_id;
    this.policyId = policy_id;
    this.expiresAt = expires_at;
  }
}

/** A person rejected it, or it expired. Nothing was sent. */
export class ApprovalRefused extends AffidavitApiError {
  override readonly name = 'ApprovalRefused';
  readonly approvalId: string;
  readonly approvalStatus: string;
  /** Why, in the words of who rejected it. */
  readonly reason: string | undefined;

  constructor(
    approval: Pick<ToldApproval, 'approval_id' | 'execution_id'> & {
      readonly status: string;
      readonly decision?: { readonly reason: string };
    },
  ) {
    const { approval_id, execution_id, status, decision } = approval;
    super('approval_refused', `approval ${approval_id} is ${status}`, {
      executionId: execution_id,
    });
    this.approvalId = approval_id;
    this.approvalStatus = status;
    this.reason = decision?.reason;
  }
}

const CLASSES: Readonly<Partial<Record<ClientErrorCode, typeof AffidavitApiError>>> = {
  invalid_context: ContextError,
  policy_denied: PolicyDenied,
  egress_blocked: EgressBlocked,
  audit_unavailable: AuditUnavailable,
  provider_unreachable: ProviderUnreachable,
};

function textMember(source: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = source[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function parseProblem(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** RFC 9110 §10.2.3: seconds or an HTTP date. Undefined when absent or not understood. */
export function retryAfterSeconds(headers: Headers, now: number = Date.now()): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (!value) return undefined;
  if (/^\d+$/.test(value)) return Number(value);
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now) / 1000));
}

/** The typed error for an answer of 400 and up. `text` is its body, from whatever answered. */
export function errorFromAnswer(answer: Response, text: string): AffidavitApiError {
  const problem = parseProblem(text);
  if (!problem || !textMember(problem, 'code')) {
    return unexpectedAnswer(answer.status, 'the answer has no problem code');
  }
  return errorFromProblem(problem, answer.status, {
    requestId: answer.headers.get('x-request-id') ?? undefined,
    retryAfterSeconds: retryAfterSeconds(answer.headers),
  });
}

/** The typed error for an RFC 9457 problem document. */
export function errorFromProblem(
  problem: Readonly<Record<string, unknown>>,
  status: number,
  details: Pick<ApiErrorDetails, 'requestId' | 'retryAfterSeconds'> = {},
): AffidavitApiError {
  const code = (textMember(problem, 'code') ?? 'internal') as ErrorCode;
  const isAction = code === 'policy_denied' && textMember(problem, 'verb') !== undefined;
  const ErrorClass = isAction ? ActionBlocked : (CLASSES[code] ?? AffidavitApiError);
  const message = textMember(problem, 'detail') ?? textMember(problem, 'title') ?? code;
  return new ErrorClass(code, message, {
    status,
    field: textMember(problem, 'field'),
    expected: textMember(problem, 'expected'),
    advice: textMember(problem, 'advice'),
    requestId: textMember(problem, 'request_id') ?? details.requestId,
    executionId: textMember(problem, 'execution_id'),
    retryAfterSeconds: details.retryAfterSeconds,
    problem,
  });
}

/** Something else than Affidavit answered. */
export function unexpectedAnswer(status: number, what: string): AffidavitApiError {
  return new AffidavitApiError('unexpected_answer', `HTTP ${status}, but ${what}`, {
    status,
    advice: 'Check that the url is that of Affidavit, and what stands between you and it.',
  });
}
