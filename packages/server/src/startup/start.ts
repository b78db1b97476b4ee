import { mkdirSync } from 'node:fs';

import type { FastifyInstance } from 'fastify';
import { pino, type Logger } from 'pino';

import { Gate } from '../access/gate.ts';
import { keepOverdue } from '../actions/begun.ts';
import { keepApprovals } from '../approvals/duty.ts';
import { Checks } from '../check/checks.ts';
import { ConfigError, type Config } from '../config/config.ts';
import { keepGrants } from '../duties/keep-grants.ts';
import { Deliveries } from '../deliver/deliveries.ts';
import { keepExpiring } from '../duties/expire-tokens.ts';
import { keepRetiring } from '../duties/retire-keys.ts';
import { openSlots } from '../http/slots.ts';
import { routes } from '../http/routes/index.ts';
import { createHttpServer } from '../http/server.ts';
import { INDEXING } from '../indexing/index-feed.ts';
import { CLIENT } from '../ingest/call-trail.ts';
import { readPages } from '../pages/pages.ts';
import { ReceiptReads } from '../prove/receipt-reads.ts';
import { StreamReads } from '../query/stream-reads.ts';
import { keepRemoving, openRetain } from '../retain/retain.ts';
import { signThrough } from '../sequence/sign-manifest.ts';
import type { Services } from '../services.ts';
import { Attempts } from '../sign-in/attempts.ts';
import type { Database } from '../store/open.ts';
import { Turns } from '../threads/turns.ts';
import { keepWatching } from '../watch/watcher.ts';
import { keepWitnessed } from '../witnessing/feeder.ts';
import type { Base } from './base.ts';
import { firstStart, type FirstStart } from './first-start.ts';
import { keepForgetting } from './forgetting.ts';
import { openLedger, type OpenLedger } from './ledger.ts';
import { inTurn, recoverFromPeers, stayAlive } from './peers.ts';
import { closeOpenIntents } from './recover.ts';
import { drainOf } from './shutdown.ts';
import { openVault, type OpenVault } from './vault.ts';

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
  const ledger = await openLedger(config, journal);
  const vault = openVault(config, ledger, journal);
  const { directory, trail, keyring, database } = ledger;
  const base: Base = { config, directory, trail, keyring, now: Date.now };
  const first = await inTurn(ledger.leases, async () => {
    // Again, now that no copy can begin.
    await ledger.writer.thread.call('assertNoCopy', null);
    return firstStart(base, ledger.writer.rollbacks);
  });
  const life = await beginLife(base, ledger);
  let url = '';
  const publicUrl = () => config.public_url ?? url;
  const services = servicesOf(base, ledger, vault, { first, journal, publicUrl });
  takeUpDuties(ledger, services);
  const deliveries = new Deliveries(ledger.duties, { ...services, random: Math.random });
  const http = createHttpServer(services, routes);
  const drain = drainOf(http, ledger.commits);
  const { host, port } = config;
  url = await http.listen({ host, port, backlog: CONNECTIONS_WAITING });
  const close = async () => {
    // Their callers would wait for them longer than a server takes to end.
    await services.checks.close();
    await drain();
    await http.close();
    await vault.approvals.close();
    await vault.callTrail.close();
    await vault.oauth.store.close();
    deliveries.close();
    await ledger.duties.close();
    await ledger.sequencer.close();
    await vault.egress.close();
    await life.end();
    await ledger.close();
  };
  return { url, first, closedIntents: life.closedIntents, http, services, database, close };
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const { message } = cause as Error;
    throw new ConfigError(`--data: the data folder cannot be made: ${message}`, { cause });
  }
}

/** Says that this process lives, and sees to the calls of those that do not any more. */
async function beginLife(base: Base, { peers, duties, processId }: OpenLedger) {
  if (peers === null) {
    const closedIntents = await closeOpenIntents(base, (id) => id !== processId && id !== CLIENT);
    return { closedIntents, end: async () => undefined };
  }
  const end = await stayAlive(peers);
  recoverFromPeers(peers, { ...base, duties });
  return { closedIntents: 0, end };
}

function servicesOf(
  base: Base,
  ledger: OpenLedger,
  vault: OpenVault,
  { first, journal, publicUrl }: { first: FirstStart; journal: Logger; publicUrl: () => string },
): Services {
  const { fingerprintKey } = first;
  const { readers, writer, database, directory } = ledger;
  const { config } = base;
  return {
    ...base,
    processId: ledger.processId,
    gate: new Gate(directory, Date.now, {
      onLateUse: (...use) => vault.tokenTrail.lateUse(...use),
      publicUrl,
    }),
    attempts: new Attempts(Date.now),
    publicUrl,
    pages: readPages(config.pages_folder),
    duties: ledger.duties,
    sequencer: ledger.sequencer,
    commits: ledger.commits,
    readers,
    streamReads: new StreamReads(readers, ledger.commits),
    exportTurns: new Turns(1),
    checks: new Checks(database),
    receiptReads: new ReceiptReads(readers),
    retain: openRetain({ ...base, readers, writer: writer.thread, fingerprintKey }),
    broker: vault.broker,
    minter: vault.minter,
    approvals: vault.approvals,
    actions: vault.actions,
    localActions: vault.localActions,
    signManifest: (request) => signThrough(writer.thread, request, config.write_deadline_ms),
    oauth: vault.oauth,
    delegationTurns: new Turns(1),
    idTokens: vault.idTokens,
    egress: vault.egress,
    egressGuard: vault.guard,
    slots: openSlots(),
    metrics: ledger.metrics,
    journal,
    fingerprintKey,
  };
}

/** What goes on by itself, in one process at a time. */
function takeUpDuties(ledger: OpenLedger, services: Services): void {
  const { duties, index, directory, writer } = ledger;
  duties.keep(INDEXING, async (signal) => {
    const apps = await directory.apps();
    index.take(
      apps.map(({ app }) => app),
      signal,
    );
  });
  keepForgetting(duties, writer.thread);
  keepRemoving(duties, services, services.retain);
  keepRetiring(duties, services);
  keepExpiring(duties, services);
  keepGrants(duties, services);
  keepApprovals(duties, services);
  keepOverdue(duties, services);
  keepWatching(duties, services);
  keepWitnessed(duties, { ...services, random: Math.random });
}
