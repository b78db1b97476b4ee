import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import type { StoredDirectory } from '../access/directory.ts';
import { LEASE_MS, type Duties, type LeaseKeeper } from '../duties/duties.ts';
import type { IndexFeed } from '../indexing/index-feed.ts';
import type { Trail } from '../ingest/trail.ts';
import type { CommitFeed } from '../sequence/commit-feed.ts';
import type { Database } from '../store/open.ts';
import type { PostgresPeers } from '../store/postgres/peers.ts';
import type { News, PostgresNews } from '../store/postgres/news.ts';
import { StoreFailure } from '../store/port.ts';
import { closeOpenIntents } from './recover.ts';

/** What a process does because others share its ledger: only with PostgreSQL. */

const SEEN_EVERY_MS = 2000;
/** A process of which nothing was seen for so long is dead. */
const DEAD_AFTER_MS = 12_000;
/** After an outage of the database everyone gets the time to be seen again. */
const RECOVERY_DELAY_MS = 8000;
const RECOVERY_PAUSE_MS = 2000;
const LEASE_WAIT_MS = 60_000;
const LEASE_PAUSE_MS = 200;

/** This process among those that share its database; null where it is alone. */
export async function peersOn(
  database: Database,
  processId: string,
): Promise<PostgresPeers | null> {
  if (database.kind !== 'postgres') return null;
  const { PostgresPeers: Peers } = await import('../store/postgres/peers.ts');
  return new Peers(database.url, processId);
}

/** Runs what only one process at a time may do, as the first start is; others wait for it. */
export async function inTurn<T>(leases: LeaseKeeper, work: () => Promise<T>): Promise<T> {
  const name = 'start';
  const end = performance.now() + LEASE_WAIT_MS;
  while (!(await leases.take(name, LEASE_MS))) {
    if (performance.now() > end) {
      throw new StoreFailure('locked', 'another process has been starting on this ledger too long');
    }
    await sleep(LEASE_PAUSE_MS);
  }
  const kept = setInterval(() => {
    leases.renew(name, LEASE_MS).catch(() => undefined);
  }, LEASE_MS / 3);
  try {
    return await work();
  } finally {
    clearInterval(kept);
    await leases.release(name).catch(() => undefined);
  }
}

interface Hearers {
  readonly directory: StoredDirectory;
  readonly commits: CommitFeed;
  readonly index: IndexFeed;
  readonly journal: Logger;
}

/** Passes on what other processes change, and distrusts the cache while nothing is heard. */
export async function hearPeers(
  database: Database,
  { directory, commits, index, journal }: Hearers,
): Promise<PostgresNews | null> {
  if (database.kind !== 'postgres') return null;
  const { PostgresNews: Hearing } = await import('../store/postgres/news.ts');
  return Hearing.open({
    url: database.url,
    onNews: ({ app, size, tables }: News) => {
      if (tables) directory.onChanges(tables);
      if (tables?.includes('removals')) index.removed(app);
      if (size === undefined) return;
      commits.publish(app, size);
      index.grown(app, size);
    },
    onLost: () => {
      directory.hearing = false;
      journal.warn('the news of other processes is not heard; look-ups go to the database');
    },
    onRegained: () => {
      directory.hearing = true;
      journal.warn('the news of other processes is heard again');
      void lookAround({ directory, commits, index, journal });
    },
  });
}

/** What grew while nothing was heard. */
async function lookAround({ directory, commits, index }: Hearers): Promise<void> {
  const apps = await directory.apps().catch(() => []);
  for (const { app } of apps) {
    commits.publish(app, 0);
    index.grown(app, Infinity);
  }
}

/** Says that this process is alive until it is stopped; then that it has ended. */
export async function stayAlive(peers: PostgresPeers): Promise<() => Promise<void>> {
  await peers.seen();
  const timer = setInterval(() => {
    peers.seen().catch(() => undefined);
  }, SEEN_EVERY_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await peers.retire().catch(() => undefined);
  };
}

interface Recovery {
  readonly duties: Duties;
  readonly directory: StoredDirectory;
  readonly trail: Trail;
}

/** Closes what processes left open that died, one process for all. */
export function recoverFromPeers(
  peers: PostgresPeers,
  { duties, directory, trail }: Recovery,
): void {
  const timing = { pauseMs: RECOVERY_PAUSE_MS, delayMs: RECOVERY_DELAY_MS };
  duties.every('recovery', timing, async () => {
    const dead = await peers.dead(DEAD_AFTER_MS);
    if (dead.length === 0) return;
    await closeOpenIntents({ directory, trail }, (id) => dead.includes(id));
    for (const process of dead) await peers.forget(process);
  });
}
