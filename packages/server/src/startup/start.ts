import { mkdirSync } from 'node:fs';

import { newId } from '@affidavit/schema';
import {
  Broker,
  createEgress,
  createEgressGuard,
  createKeyring,
  createPolicyEngine,
} from '@affidavit/vault';
import type { FastifyInstance } from 'fastify';
import { pino, type Logger } from 'pino';

import { StoredDirectory } from '../access/directory.ts';
import { Gate } from '../access/identity.ts';
import { Checks } from '../check/checks.ts';
import { ConfigError, type Config } from '../config/config.ts';
import { readMasterKeys } from '../config/master-key.ts';
import { databaseOf, guardPathOf } from '../config/place.ts';
import { ALONE, Duties } from '../duties/duties.ts';
import { keepRetiring } from '../duties/retire-keys.ts';
import { firstStart, type FirstStart } from './first-start.ts';
import { Metrics } from '../http/metrics.ts';
import { openSlots } from '../http/slots.ts';
import { routes } from '../http/routes/index.ts';
import { createHttpServer } from '../http/server.ts';
import { IndexFeed, INDEXING } from '../indexing/index-feed.ts';
import { StoredCallTrail } from '../ingest/call-trail.ts';
import { Trail } from '../ingest/trail.ts';
import { ReceiptReads } from '../prove/receipt-reads.ts';
import { ReaderPool } from '../query/reader-pool.ts';
import { StreamReads } from '../query/stream-reads.ts';
import { keepRemoving, openRetain } from '../retain/retain.ts';
import { keepForgetting } from './forgetting.ts';
import { hearPeers, inTurn, peersOn, recoverFromPeers, stayAlive } from './peers.ts';
import { closeOpenIntents } from './recover.ts';
import { CommitFeed } from '../sequence/commit-feed.ts';
import type { Rollback } from '../sequence/rollback-guard.ts';
import { Sequencer } from '../sequence/sequencer.ts';
import { signThrough } from '../sequence/sign-manifest.ts';
import { writeThrough } from '../sequence/write-through.ts';
import type { WriterSettings } from '../sequence/writer-thread.ts';
import type { Services } from '../services.ts';
import { drainOf } from './shutdown.ts';
import { holdDatabase, type Database } from '../store/open.ts';
import { StoreFailure } from '../store/port.ts';
import { LastingThread } from '../threads/lasting.ts';
import { keepWitnessed } from '../witnessing/feeder.ts';
import { Turns } from '../threads/turns.ts';

const QUEUE_EVENTS = 20_000;
const BATCH_EVENTS = 2000;
const QUERY_THREADS = 2;
const QUERY_QUEUE = 128;
/** Connections that wait to be accepted; the system may allow fewer (net.core.somaxconn). */
const CONNECTIONS_WAITING = 4096;

export interface RunningServer {
  readonly url: string;
  readonly first: FirstStart;
  /** Executions that a crash had left open, closed as unknown. */
  readonly closedIntents: number;
  readonly http: FastifyInstance;
  readonly services: Services;
  readonly database: Database;
  close(): Promise<void>;
}

/** Starts everything in order, each part on top of what it needs, and listens last. */
export async function startServer(
  config: Config,
  journal: Logger = pino({ level: 'warn' }, pino.destination(2)),
): Promise<RunningServer> {
  makeFolder(config.data_folder);
  const masterKeys = readMasterKeys(config.master_keys, config.data_folder);
  const keyring = createKeyring(masterKeys);
  const database = databaseOf(config);
  const processId = newId('execution').replace('exe_', 'prc_');

  const hold = await holdDatabase(database);
  const settings = {
    database,
    master_keys: masterKeys,
    guard_path: guardPathOf(config),
  };
  const writer = await openWriter(settings, config.accept_rollback !== undefined, journal);
  const peers = await peersOn(database, processId);
  const leases = peers ?? ALONE;
  const duties = new Duties({ leases, journal });
  const commits = new CommitFeed();
  const directoryReaders = readers(database, 'lookups', config);
  const directory = new StoredDirectory(directoryReaders);
  const indexing = { database, lease: { name: INDEXING, holder: processId } };
  const index = new IndexFeed(indexing, writer.thread, journal);
  const news = await hearPeers(database, { directory, commits, index, journal });
  const sequencer: Sequencer = new Sequencer({
    write: (submissions) => writeThrough(writer.thread, submissions),
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
  const metrics = new Metrics();
  const trail = new Trail(sequencer);
  const callTrail = new StoredCallTrail(trail, processId, Date.now, journal);
  const guard = createEgressGuard({ allow: config.egress_allow });
  const egress = createEgress({ guard });
  const broker = new Broker({
    directory,
    trail: callTrail,
    egress,
    guard,
    engine: createPolicyEngine(),
    keyring: () => keyring,
    now: () => new Date(),
  });

  const base = { config, directory, trail, keyring, now: Date.now };
  const first = await inTurn(leases, async () => {
    // Again, now that no copy can begin.
    await writer.thread.call('assertNoCopy', null);
    return firstStart(base, writer.rollbacks);
  });
  const endLife = peers ? await stayAlive(peers) : null;
  const closedIntents = peers ? 0 : await closeOpenIntents(base, (id) => id !== processId);
  if (peers) recoverFromPeers(peers, { ...base, duties });
  const queryReaders = readers(database, 'queries', config);
  const services: Services = {
    ...base,
    processId,
    gate: new Gate(directory, Date.now),
    duties,
    sequencer,
    commits,
    readers: queryReaders,
    streamReads: new StreamReads(queryReaders),
    exportTurns: new Turns(1),
    checks: new Checks(database),
    receiptReads: new ReceiptReads(queryReaders),
    retain: openRetain({
      ...base,
      readers: queryReaders,
      writer: writer.thread,
      fingerprintKey: first.fingerprintKey,
    }),
    broker,
    signManifest: (request) => signThrough(writer.thread, request, config.write_deadline_ms),
    egressGuard: guard,
    slots: openSlots(),
    metrics,
    journal,
    fingerprintKey: first.fingerprintKey,
  };
  duties.keep(INDEXING, async (signal) => {
    index.take(
      (await directory.apps()).map(({ app }) => app),
      signal,
    );
  });
  keepForgetting(duties, writer.thread);
  keepRemoving(duties, services, services.retain);
  keepRetiring(duties, services);
  keepWitnessed(duties, { ...services, egress, random: Math.random });
  const http = createHttpServer(services, routes);
  const drain = drainOf(http, commits);
  const { host, port } = config;
  const url = await http.listen({ host, port, backlog: CONNECTIONS_WAITING });
  const close = async () => {
    // Their callers would wait for them longer than a server takes to end.
    await services.checks.close();
    await drain();
    await http.close();
    await callTrail.close();
    await duties.close();
    await sequencer.close();
    await index.close();
    await egress.close();
    await Promise.all([services.readers.close(), directoryReaders.close(), news?.close()]);
    await endLife?.();
    await writer.thread.call('close', null);
    await writer.thread.close();
    hold.release();
  };
  return { url, first, closedIntents, http, services, database, close };
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const { message } = cause as Error;
    throw new ConfigError(`--data: the data folder cannot be made: ${message}`, { cause });
  }
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

/** The writer, and the rollbacks that were accepted at its first start. */
interface Writer {
  readonly thread: LastingThread;
  readonly rollbacks: readonly Rollback[];
}

/**
 * Starts the writer, and anew whenever it ends; refuses a database that is behind what was signed,
 * unless that is accepted.
 */
async function openWriter(
  settings: WriterSettings,
  acceptRollback: boolean,
  journal: Logger,
): Promise<Writer> {
  let rollbacks: readonly Rollback[] = [];
  const thread = new LastingThread({
    module: new URL('../sequence/writer-thread.ts', import.meta.url),
    workerData: settings,
    onEnd: (reason) => {
      journal.error({ err: reason }, 'the writer thread ended; a new one is started');
    },
    prepare: async (made) => {
      rollbacks = await made.call<Rollback[]>('open', null);
      if (rollbacks.length === 0) return;
      if (!acceptRollback) throw new RollbackFound(rollbacks, settings.guard_path);
      const appIds = rollbacks.map(({ app_id }) => app_id);
      await made.call('acceptRollback', appIds);
    },
  });
  await thread.ready();
  return { thread, rollbacks };
}

/** To callers a database like any that is damaged; to who starts the server, all there is to say. */
export class RollbackFound extends StoreFailure {
  readonly explanation: string;

  constructor(rollbacks: readonly Rollback[], guardPath: string) {
    super('damaged', 'the database is behind what this server has signed');
    this.explanation = rollbackMessage(rollbacks, guardPath);
  }
}

function rollbackMessage(rollbacks: readonly Rollback[], guardPath: string): string {
  const lines = rollbacks.map(({ app_id, signed_size, found_size, reason }) =>
    reason === 'behind'
      ? `  ${app_id}: signed up to ${signed_size} entries, the database has ${found_size}`
      : `  ${app_id}: the database has another history than the ${signed_size} entries signed`,
  );
  return [
    'The database is not the one that was signed last (a restored backup?).',
    ...lines,
    `  last checkpoints: ${guardPath}`,
    'Bring the right database back, or start with --accept-rollback "why"; that goes on the record.',
  ].join('\n');
}
