/** Why a call had no answer, in words that are public: no address, name or value of the caller. */
import { AffidavitError } from '@affidavit/schema';

export type FailureReason =
  | 'refused'
  | 'timeout'
  | 'dns'
  | 'tls'
  | 'reset'
  | 'too_large'
  | 'blocked'
  | 'redirect_limit'
  | 'other';

export interface Fault {
  readonly reason: FailureReason;
  /** Public. */
  readonly message: string;
  /** Whether the same request could fare better a moment later. */
  readonly transient: boolean;
}

const fault = (reason: FailureReason, message: string, transient = false): Fault => ({
  reason,
  message,
  transient,
});

export const faults = {
  deadline: (timeoutMs: number): Fault =>
    fault('timeout', `the provider did not answer within ${timeoutMs} ms`),
  cancelled: fault('other', 'the call was cancelled'),
  closed: fault('other', 'the broker is shutting down'),
  crowded: fault('other', 'too many calls are waiting for a connection'),
  tooLarge: (bytes: number): Fault => fault('too_large', `response larger than ${bytes} bytes`),
  redirectLimit: (hops: number): Fault =>
    fault('redirect_limit', `the provider redirected more than ${hops} times`),
  downgrade: fault('blocked', 'the provider redirected from https to http'),
  undecodable: fault('other', 'the response could not be decompressed'),
} as const;

const NAME_NOT_FOUND = fault('dns', 'the name of the provider does not resolve');
const NAME_SERVICE = fault('dns', 'the name service did not answer', true);
const CONNECTION_REFUSED = fault('refused', 'the provider refused the connection', true);
const UNREACHABLE = fault('refused', 'the network of the provider cannot be reached', true);
const CONNECT_TIMEOUT = fault('timeout', 'no connection to the provider in time', true);
const RESET = fault('reset', 'the provider closed the connection', true);
const MALFORMED = fault('other', 'the answer of the provider is not valid HTTP');

/** Codes of node:dns, node:net and undici (docs/api/Errors.md). */
const BY_CODE: Readonly<Record<string, Fault>> = {
  ENOTFOUND: NAME_NOT_FOUND,
  ENODATA: NAME_NOT_FOUND,
  EAI_AGAIN: NAME_SERVICE,
  EAI_FAIL: NAME_SERVICE,
  ESERVFAIL: NAME_SERVICE,
  ETIMEOUT: NAME_SERVICE,
  ECONNREFUSED: CONNECTION_REFUSED,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  EHOSTDOWN: UNREACHABLE,
  EADDRNOTAVAIL: UNREACHABLE,
  ETIMEDOUT: CONNECT_TIMEOUT,
  UND_ERR_CONNECT_TIMEOUT: CONNECT_TIMEOUT,
  ECONNRESET: RESET,
  EPIPE: RESET,
  ECONNABORTED: RESET,
  UND_ERR_SOCKET: RESET,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: RESET,
  UND_ERR_HEADERS_OVERFLOW: fault('too_large', 'the headers of the response are too large'),
  UND_ERR_DESTROYED: faults.closed,
  UND_ERR_CLOSED: faults.closed,
};

/** OpenSSL verification results (X509_V_ERR_*) as node:tls names them. */
const CERTIFICATE_CODE =
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH|PATH_LENGTH_)/;

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/** When every address of a name failed, the first failure speaks for all. */
function firstCause(error: unknown): unknown {
  return error instanceof AggregateError && codeOf(error) === '' ? error.errors[0] : error;
}

/** The fault behind an error of the guard, the connection or undici. */
export function faultOf(error: unknown): Fault {
  if (error instanceof AffidavitError && error.code === 'egress_blocked') {
    return fault('blocked', error.message);
  }
  const code = codeOf(firstCause(error));
  const known = Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined;
  if (known !== undefined) return known;
  if (CERTIFICATE_CODE.test(code) || code === 'EPROTO') {
    return fault('tls', `the TLS connection failed (${code})`);
  }
  // undici leaves the code of some parser errors undefined; their name is always set.
  if (error instanceof Error && error.name === 'HTTPParserError') return MALFORMED;
  return fault('other', 'the call to the provider failed');
}
