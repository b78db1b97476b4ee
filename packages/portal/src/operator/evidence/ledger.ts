import { addressOf, withApp } from '../../shared/api/client.ts';
import type { Ledger } from '../../shared/verify/use-check.ts';

/** What the server says of the ledger: `GET /v1/ledger`. */
export interface LedgerState {
  readonly app_id: string;
  readonly origin: string;
  readonly vkey: string;
  readonly size: number;
  readonly last_created_at: string;
  readonly checkpoint: string;
  readonly keys: readonly {
    readonly vkey: string;
    readonly from_size: number;
    readonly to_size: number | null;
  }[];
  readonly witnesses: readonly WitnessState[];
}

export interface WitnessState {
  readonly name: string;
  readonly vkey: string;
  readonly cosigned_size: number | null;
  readonly last_seen: string | null;
  readonly status: 'ok' | 'behind' | 'missing' | 'conflict';
  readonly error: string | null;
}

/** Where the checks read it. The app is in the path, so that no two ledgers share an address. */
export const ledgerOf = (appId: string): Ledger => ({
  name: appId,
  ledger: `/v1/ledgers/${appId}`,
  evidence: addressOf('/v1/events/{event_id}/evidence', withApp({ app_id: appId })),
});
