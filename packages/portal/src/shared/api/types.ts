import type { AuditRecord } from '@affidavit/schema';

/** An entry as the API lists it; each field is there only where it is known. */
export type Entry = Partial<AuditRecord> & {
  readonly event_id: string;
  readonly seq: number;
  readonly created_at: string;
  readonly event_type: string;
};

export interface Page<T> {
  readonly data: readonly T[];
  readonly next_cursor: string | null;
  readonly has_more: boolean;
}

/** Who is signed in: `GET /v1/whoami`. */
export interface Whoami {
  readonly app_id: string;
  readonly app_name: string;
  readonly name: string | null;
  readonly role: string | null;
  readonly owner: boolean;
  readonly installation: boolean;
  readonly scopes: readonly string[];
  readonly session?: {
    readonly session_id: string;
    readonly kind: 'operator' | 'wallet';
    readonly how: string;
    readonly expires_at: string;
  };
}
