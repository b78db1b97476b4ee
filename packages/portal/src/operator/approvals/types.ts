import type { Entry } from '../../shared/api/types.ts';

/** Approvals as the API shows them. */

export type Status =
  | 'pending'
  | 'approved'
  | 'running'
  | 'rejected'
  | 'expired'
  | 'done'
  | 'failed';

export interface Approval {
  readonly approval_id: string;
  readonly kind: 'call' | 'action';
  readonly status: Status;
  readonly execution_id: string;
  readonly policy_id: string;
  readonly outcome?: string;
  readonly created_at: string;
  readonly expires_at: string;
  readonly decided_at?: string;
  readonly ended_at?: string;
  /** What would be sent, by whom, for whom and why; absent where it was erased. */
  readonly request?: Partial<Entry>;
  readonly decision?: { readonly key_id?: string; readonly name?: string; readonly reason: string };
  /** The answer, or why there is none. For who asked and who administers. */
  readonly result?: unknown;
  readonly error?: unknown;
}
