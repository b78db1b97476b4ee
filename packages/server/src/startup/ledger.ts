import { newId } from '@affidavit/schema';
import { createKeyring, type Keyring } from '@affidavit/vault';
import type { Logger } from 'pino';

import { StoredDirectory } from '../access/directory.ts';
import type { Config } from '../config/config.ts';
import { readMasterKeys } from '../config/master-key.ts';
import { databaseOf, guardPathOf } from '../config/place.ts';
import { ALONE, Duties, type LeaseKeeper } from '../duties/duties.ts';
import { Metrics } from '../http/metrics.ts';
import { IndexFeed, INDEXING } from '../indexing/index-feed.ts';
import { Trail } from '../ingest/trail.ts';
import { ReaderPool } from '../query/reader-pool.ts';
import { CommitFeed } from '../sequence/commit-feed.ts';
import { Sequencer } from '../sequence/sequencer.ts';
import { writeThrough } from '../sequence/write-through.ts';
import type { PostgresPeers } from '../store/postgres/peers.ts';
import { holdDatabase, type Database } from '../store/open.ts';
import { hearPeers, peersOn } from './peers.ts';
import { openWriter, type Writer } from './writer.ts';

const QUEUE_EVENTS = 20_000;
const BATCH_EVENTS = 2000;
const QUERY_THREADS = 2;
const QUERY_QUEUE = 128;

/** What stands on the database, up to the one way into the ledger. */
export interface OpenLedger {
  readonly database: Database;
  readonly processId: string;
  readonly keyring: Keyring;
  readonly writer: Writer;
  /** The other processes on the database; null where there can be none. */
  readonly peers: PostgresPeers | null;
  readonly leases: LeaseKeeper;
  readonly duties: Duties;
  readonly directory: StoredDirectory;
  readonly index: IndexFeed;
  readonly commits: CommitFeed;
  readonly metrics: Metrics;
  readonly sequencer: Sequencer;
  readonly trail: Trail;
  readonly readers: ReaderPool;
  /** After everything that writes has ended. */
  close(): Promise<void>;
}

/** Opens the database and starts the threads on it. Throws `StoreFailure` and `ConfigError`. */
export async function openLedger(config: Config, journal: Logger): Promise<OpenLedger> {
  const master_keys = readMasterKeys(config.master_keys, config.data_folder);
  const database = databaseOf(config);
  const processId = newId('execution').replace('exe_', 'prc_');
  const hold = await holdDatabase(database);
  const settings = { database, master_keys, guard_path: guardPathOf(config) };
  const writer = await openWriter(settings, config.accept_rollback !== undefined, journal);
  const peers = await peersOn(database, processId);
  const leases = peers ?? ALONE;
  const lookups = readers(database, 'lookups', config);
  const directory = new StoredDirectory(lookups);
  const indexing = { database, lease: { name: INDEXING, holder: processId } };
  const parts = {
    commits: new CommitFeed(),
    metrics: new Metrics(),
    directory,
    index: new IndexFeed(indexing, writer.thread, journal),
  };
  const news = await hearPeers(database, { ...parts, journal });
  const sequencer = openSequencer(config, writer, { ...parts, journal });
  const queries = readers(database, 'queries', config);
  await Promise.all([lookups.ready(), queries.ready()]);
  return {
    ...parts,
    database,
    processId,
    keyring: createKeyring(master_keys),
    writer,
    peers,
    leases,
    duties: new Duties({ leases, journal }),
    sequencer,
    trail: new Trail(sequencer),
    readers: queries,
    close: async () => {
      await parts.index.close();
      await Promise.all([queries.close(), lookups.close(), news?.close()]);
      await peers?.close();
      await writer.thread.call('close', null);
      await writer.thread.close();
      hold.release();
    },
  };
}

interface Told {
  readonly commits: CommitFeed;
  readonly metrics: Metrics;
  readonly directory: StoredDirectory;
  readonly index: IndexFeed;
  readonly journal: Logger;
}

function openSequencer(config: Config, writer: Writer, told: Told): Sequencer {
  const { commits, metrics, directory, index, journal } = told;
  return new Sequencer({
    write: (submissions) => writeThrough(writer.thread, submissions),
    poll: () => writer.thread.poll(),
    now: Date.now,
    deadlineMs: config.write_deadline_ms,
    queueLimit: QUEUE_EVENTS,
    batchLimit: BATCH_EVENTS,
    onCommit: ({ app, effects }, { size, events }) => {
      if (effects.length > 0) directory.onEffects(effects);
      if (effects.some(({ table }) => table === 'removals')) index.removed(app);
      if (events.length === 0) return;
      metrics.entries.inc(events.length);
      commits.publish(app, size);
      index.grown(app, size);
    },
    onUncertain: ({ effects }) => directory.onEffects(effects),
    onFailure: (failure) => {
      metrics.writeFailures.inc({ reason: failure.reason });
      journal.error({ err: failure, reason: failure.reason }, 'the trail cannot be written');
    },
  });
}

/** For queries, or for what a request looks up on its way to a write, which does not give way. */
function readers(database: Database, use: 'queries' | 'lookups', config: Config): ReaderPool {
  const threads = use === 'queries' ? QUERY_THREADS : 1;
  return new ReaderPool({
    database,
    threads,
    deadlineMs: config.query_deadline_ms,
    queueLimit: QUERY_QUEUE * threads,
    givesWay: use === 'queries',
  });
}
