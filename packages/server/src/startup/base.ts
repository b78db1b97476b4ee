import type { Keyring } from '@affidavit/vault';

import type { StoredDirectory } from '../access/directory.ts';
import type { Config } from '../config/config.ts';
import type { Trail } from '../ingest/trail.ts';

/** What the steps of a start work with. */
export interface Base {
  readonly config: Config;
  readonly directory: StoredDirectory;
  readonly trail: Trail;
  readonly keyring: Keyring;
  readonly now: () => number;
}
