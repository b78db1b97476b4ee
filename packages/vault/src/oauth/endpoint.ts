import { AffidavitError, type AuditEvent } from '@affidavit/schema';
import * as oauth from 'oauth4webapi';

import type { Egress } from '../egress/call.ts';
import type { EgressGuard } from '../egress/guard.ts';

/** What requests to OAuth servers go by: the same guarded way out as calls. */
export interface WayOut {
  readonly egress: Egress;
  readonly guard: EgressGuard;
}

const REQUEST_MS = 10_000;
const ANSWER_BYTES_MAX = 256 * 1024;
const DESCRIPTION_CHARACTERS = 300;

/** Why an OAuth server did not give what it was asked for. */
export interface OAuthFailure {
  /** It said no; it did not answer, or not now; it answered what cannot be used. */
  readonly kind: 'refused' | 'unreachable' | 'unusable';
  /** Its `error` (RFC 6749 section 5.2), or `network_…`, `http_…`, `invalid_answer`. */
  readonly error: string;
  readonly description?: string;
  /** Whether it may have done what it was asked to, unseen. */
  readonly may_have_happened: boolean;
}

/** The network did not carry a request or its answer. */
class Unreachable extends Error {
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * One request to an OAuth server: guarded, bounded, never redirected, by http only where the
 * operator allowed the address. What the server answers is under an attacker's control.
 */
export class EndpointRequest {
  readonly #way: WayOut;
  #facts: Partial<AuditEvent> = {};
  #sent = false;

  constructor(way: WayOut) {
    this.#way = way;
  }

  /** Where it went and what came of it, as the record says it. */
  get facts(): Partial<AuditEvent> {
    return this.#facts;
  }

  /** For options of oauth4webapi. What may be sent by http is decided here, not there. */
  get options() {
    return {
      [oauth.customFetch]: (
        href: string,
        init: { method: string; headers: object; body?: unknown },
      ) => this.#fetch(href, init),
      [oauth.allowInsecureRequests]: true,
    };
  }

  async #fetch(
    href: string,
    init: { method: string; headers: object; body?: unknown },
  ): Promise<Response> {
    const url = new URL(href);
    await inTime(this.#way.guard.checkConfidential(url));
    const { method } = init;
    const result = await this.#way.egress.callProvider(
      {
        method,
        url,
        headers: init.headers as Record<string, string>,
        body: init.body instanceof URLSearchParams ? init.body.toString() : undefined,
        credential: { attach: () => undefined },
        withinScope: (hop) => hop.href === url.href,
      },
      { timeoutMs: REQUEST_MS, maxResponseBytes: ANSWER_BYTES_MAX, noRedirects: true },
    );
    const { latency_ms, retry_count } = result;
    this.#facts = { method, url: url.origin + url.pathname, latency_ms, retry_count };
    if (result.kind === 'failure') {
      this.#sent = result.request_sent;
      throw new Unreachable(`network_${result.reason}`, result.message);
    }
    this.#sent = true;
    const { status } = result;
    this.#facts = { ...this.#facts, response_status: status };
    const hasBody = result.body.length > 0 && ![204, 205, 304].includes(status);
    const headers = Object.entries(result.headers).map(([name, value]): [string, string] => [
      name,
      String(value),
    ]);
    return new Response(hasBody ? Buffer.from(result.body) : null, { status, headers });
  }

  /** What an error of oauth4webapi or of the way out means. */
  failure(error: unknown): OAuthFailure {
    const may_have_happened = this.#sent;
    if (
      error instanceof oauth.ResponseBodyError ||
      error instanceof oauth.AuthorizationResponseError
    ) {
      const refusal = { kind: 'refused', error: clean(error.error, 100), may_have_happened: false };
      const { error_description: text } = error;
      const description =
        text === undefined ? {} : { description: clean(text, DESCRIPTION_CHARACTERS) };
      return { ...refusal, ...description } as OAuthFailure;
    }
    if (error instanceof Unreachable) {
      return { kind: 'unreachable', error: error.reason, may_have_happened };
    }
    if (error instanceof AffidavitError) {
      return {
        kind: 'unreachable',
        error: error.code,
        description: error.message,
        may_have_happened,
      };
    }
    const status = this.#facts.response_status ?? 0;
    if (status >= 500 || status === 429) {
      return { kind: 'unreachable', error: `http_${status}`, may_have_happened: status !== 429 };
    }
    const description = error instanceof oauth.OperationProcessingError ? error.message : undefined;
    return {
      kind: 'unusable',
      error: status >= 300 ? `http_${status}` : 'invalid_answer',
      ...(description === undefined
        ? {}
        : { description: clean(description, DESCRIPTION_CHARACTERS) }),
      may_have_happened,
    };
  }
}

/** Printable, and no longer than that. */
function clean(text: string, characters: number): string {
  return text.replaceAll(/[^\x20-\x7e]/g, ' ').slice(0, characters) || 'unknown';
}

async function inTime(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Unreachable('network_timeout', 'no address in time')),
      REQUEST_MS,
    );
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
