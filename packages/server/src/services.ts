import type {
  Actions,
  Broker,
  Egress,
  EgressGuard,
  IdTokens,
  Keyring,
  LocalActions,
  Minter,
  OAuthClient,
  TokenExchange,
  TokenKeeper,
} from '@affidavit/vault';
import type { Logger } from 'pino';

import type { StoredDirectory } from './access/directory.ts';
import type { Gate } from './access/gate.ts';
import type { StoredApprovals } from './approvals/approvals.ts';
import type { Checks } from './check/checks.ts';
import type { Config } from './config/config.ts';
import type { Duties } from './duties/duties.ts';
import type { StoredTokens } from './grants/stored-tokens.ts';
import type { Trail } from './ingest/trail.ts';
import type { Metrics } from './http/metrics.ts';
import type { AllSlots } from './http/slots.ts';
import type { Pages } from './pages/pages.ts';
import type { ReceiptReads } from './prove/receipt-reads.ts';
import type { ReaderPool } from './query/reader-pool.ts';
import type { StreamReads } from './query/stream-reads.ts';
import type { Retain } from './retain/retain.ts';
import type { ManifestToSign } from './sequence/sign-manifest.ts';
import type { Sequencer } from './sequence/sequencer.ts';
import type { Attempts } from './sign-in/attempts.ts';
import type { Turns } from './threads/turns.ts';
import type { CommitFeed } from './sequence/commit-feed.ts';

export interface OAuthServices {
  readonly client: OAuthClient;
  readonly store: StoredTokens;
  readonly tokens: TokenKeeper;
  readonly exchange: TokenExchange;
}

/** What handlers work with: made once at the start, closed once at the end. */
export interface Services {
  readonly config: Config;
  readonly processId: string;
  readonly directory: StoredDirectory;
  readonly gate: Gate;
  /** Failed sign-ins. */
  readonly attempts: Attempts;
  readonly duties: Duties;
  readonly trail: Trail;
  readonly sequencer: Sequencer;
  readonly commits: CommitFeed;
  readonly readers: ReaderPool;
  readonly streamReads: StreamReads;
  /** Exports read one at a time, so that a thread is left for questions. */
  readonly exportTurns: Turns;
  readonly checks: Checks;
  readonly receiptReads: ReceiptReads;
  readonly retain: Retain;
  readonly broker: Broker;
  readonly minter: Minter;
  readonly approvals: StoredApprovals;
  readonly actions: Actions;
  readonly localActions: LocalActions;
  readonly oauth: OAuthServices;
  /** The list of a grant's agents is changed by one at a time. */
  readonly delegationTurns: Turns;
  readonly idTokens: IdTokens;
  /** How people reach this server; without a slash at the end. */
  readonly publicUrl: () => string;
  /** What browsers are sent; empty where it was not built. */
  readonly pages: Pages;
  readonly egress: Egress;
  readonly egressGuard: EgressGuard;
  /** How much of what lasts may be under way at once. */
  readonly slots: AllSlots;
  readonly keyring: Keyring;
  /** The signed note of a bundle's manifest, by the key of its log. */
  readonly signManifest: (request: ManifestToSign) => Promise<string>;
  readonly metrics: Metrics;
  readonly journal: Logger;
  /** Key of digests that tell retries from clashes; useless outside this installation. */
  readonly fingerprintKey: Uint8Array;
  readonly now: () => number;
}
