import { backoffMs, deadlineIn, sleep } from './deadline.ts';
import { AffidavitApiError, ApprovalPending, ApprovalRefused, errorFromProblem } from './errors.ts';
import { Feed, type FeedOptions } from './feed.ts';
import { toProviderResponse, type ProviderResponse } from './provider-response.ts';
import type { Transport } from './transport.ts';
import type { CommonOptions } from './types.ts';

/** Approvals: what waits for a person, and its answer once it was carried out. */

export interface Approval {
  readonly approval_id: string;
  readonly kind: 'call' | 'action';
  readonly status: 'pending' | 'approved' | 'running' | 'rejected' | 'expired' | 'done' | 'failed';
  readonly execution_id: string;
  readonly policy_id: string;
  /** ISO 8601. */
  readonly created_at: string;
  readonly expires_at: string;
  /** What would be sent, by whom, for whom, why; secrets are masked. */
  readonly request?: Readonly<Record<string, unknown>>;
  readonly decision?: { readonly reason: string; readonly [more: string]: unknown };
  /** For who asked: the answer, as it would have come at once. */
  readonly result?: Readonly<Record<string, unknown>>;
  /** For who asked: the problem document that it came to instead. */
  readonly error?: Readonly<Record<string, unknown>>;
  readonly [more: string]: unknown;
}

export interface WaitOptions {
  /** Five minutes unless said otherwise. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const WAIT_MS = 300_000;
const POLL = { baseMs: 500, capMs: 5000 } as const;
const OPEN: ReadonlySet<string> = new Set(['pending', 'approved', 'running']);

const pathOf = (approvalId: string, step = '') =>
  `/v1/approvals/${encodeURIComponent(approvalId)}${step}`;

export class Approvals {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Those of the app for who decides, else those that were asked for with this key or agent. */
  list(filter: { status?: Approval['status'] } = {}, options: FeedOptions = {}): Feed<Approval> {
    return new Feed<Approval>(
      (query, signal) => this.#transport.json('GET', '/v1/approvals', { query, signal }),
      filter,
      options,
    );
  }

  async get(approvalId: string, options: CommonOptions = {}): Promise<Approval> {
    return (await this.#transport.json('GET', pathOf(approvalId), options)) as Approval;
  }

  /** Has it carried out, once. Throws `forbidden` for who asked, `conflict` where it is decided. */
  approve(approvalId: string, reason: string, options: CommonOptions = {}): Promise<Approval> {
    return this.#decide(approvalId, '/approve', reason, options);
  }

  reject(approvalId: string, reason: string, options: CommonOptions = {}): Promise<Approval> {
    return this.#decide(approvalId, '/reject', reason, options);
  }

  async #decide(id: string, step: string, reason: string, options: CommonOptions) {
    const call = { ...options, body: { reason } };
    return (await this.#transport.json('POST', pathOf(id, step), call)) as Approval;
  }

  /**
   * Waits until it has ended. Resolves with what the call would have been answered: the provider's
   * response, or for an action its execution record. Throws what the call would have thrown;
   * ApprovalRefused where it was rejected or expired; ApprovalPending when the time is over first.
   */
  async wait<T = ProviderResponse>(
    approvalId: string,
    { timeoutMs = WAIT_MS, signal }: WaitOptions = {},
  ): Promise<T> {
    const deadline = deadlineIn(timeoutMs, signal);
    for (let polls = 0; ; polls++) {
      const approval = await this.get(approvalId, signal ? { signal } : {});
      if (!OPEN.has(approval.status)) return resultOf(approval) as T;
      const wait_ms = backoffMs(polls, POLL.baseMs, POLL.capMs, Math.random);
      if (wait_ms >= deadline.remaining()) throw new ApprovalPending(approval);
      await sleep(wait_ms, signal);
    }
  }
}

function resultOf(approval: Approval): unknown {
  const { status, kind, result, error, request } = approval;
  if (status === 'rejected' || status === 'expired') throw new ApprovalRefused(approval);
  if (error) throw errorFromProblem(error, Number(error['status'] ?? 0));
  if (result)
    return kind === 'call' ? toProviderResponse(result, String(request?.['url'])) : result;
  throw new AffidavitApiError('outcome_unknown', 'nobody knows how it ended', {
    executionId: approval.execution_id,
    advice: 'Look at the provider before you ask again; the record has what is known.',
  });
}
