/** The one thread that writes: it owns the connection, the signing keys and the rollback guard. */
import { workerData } from 'node:worker_threads';

import { createKeyring } from '@affidavit/vault/sealing';

import { writeIndexPages, type IndexWrite } from '../indexing/write.ts';
import { forgetOld } from '../store/forget.ts';
import { assertNoCopy } from '../store/loader.ts';
import { openLedgerStore, type Database } from '../store/open.ts';
import { StoreFailure, type LedgerStore } from '../store/port.ts';
import { serve } from '../threads/rpc.ts';
import { LedgerWriter } from './ledger-writer.ts';
import {
  findRollbacks,
  newest,
  readGuard,
  writeGuard,
  type LastCheckpoints,
} from './rollback-guard.ts';
import { signedManifest, type ManifestToSign } from './sign-manifest.ts';
import { openSigner } from './signing-keys.ts';
import type { Submission, Verdict } from './submission.ts';
import { packVerdicts, unpackBatch, type PackedBatch } from './wire.ts';

export interface WriterSettings {
  readonly database: Database;
  readonly master_keys: readonly Uint8Array[];
  readonly guard_path: string;
}

const GUARD_PAUSE_MS = 1000;
const SIGN_DEADLINE_MS = 2000;
/** Index pages can wait: they give way at once where something holds the database. */
const DERIVE_DEADLINE_MS = 200;

const settings = workerData as WriterSettings;
const keyring = createKeyring(settings.master_keys);

interface Ledger {
  readonly store: LedgerStore;
  readonly writer: LedgerWriter;
}
let opened: Ledger | null = null;

async function open(): Promise<Ledger> {
  const store = await openLedgerStore(settings.database);
  const now = Date.now;
  const writer = new LedgerWriter({ store, openSigner: (keys) => openSigner(keyring, keys), now });
  return { store, writer };
}

function ledger(): Ledger {
  if (opened) return opened;
  throw new StoreFailure('damaged', 'the ledger is not open');
}

/** What this process has signed or found last, by app id. */
let checkpoints: LastCheckpoints = {};
/** Apps whose rollback was accepted and that were not signed for since. */
const accepted = new Set<string>();
let guardTimer: NodeJS.Timeout | null = null;
/** One thing at a time on the one connection. */
let tail: Promise<unknown> = Promise.resolve();

function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const turn = tail.then(work);
  tail = turn.catch(() => undefined);
  return turn;
}

function saveGuard(): void {
  if (guardTimer) clearTimeout(guardTimer);
  guardTimer = null;
  const kept = readGuard(settings.guard_path);
  for (const appId of accepted) if (appId in checkpoints) delete kept[appId];
  const merged = newest(checkpoints, kept);
  writeGuard(settings.guard_path, merged);
  for (const appId of Object.keys(checkpoints)) accepted.delete(appId);
}

/** Keeps the guard within a second of the ledger; a failure to write it must not stop the ledger. */
function guard(submissions: readonly Submission[], verdicts: readonly Verdict[]): void {
  for (const [index, verdict] of verdicts.entries()) {
    if (!verdict.ok || verdict.receipt.size === 0) continue;
    const appId = appIds.get((submissions[index] as Submission).app);
    if (appId) checkpoints[appId] = verdict.receipt.checkpoint;
  }
  guardTimer ??= setTimeout(() => {
    try {
      saveGuard();
    } catch {
      guardTimer = null;
    }
  }, GUARD_PAUSE_MS);
}

const appIds = new Map<number, string>();

async function learnApps(submissions: readonly Submission[]): Promise<void> {
  if (submissions.every((submission) => appIds.has(submission.app))) return;
  const { db } = ledger().store;
  const apps = await db.selectFrom('apps').select(['app', 'app_id']).execute();
  for (const { app, app_id } of apps) appIds.set(app, app_id);
}

/** What is durable is acknowledged, whatever happens to the guard. */
async function keepGuard(submissions: readonly Submission[], verdicts: readonly Verdict[]) {
  try {
    await learnApps(submissions);
    guard(submissions, verdicts);
  } catch {
    // The next batch tries again.
  }
}

serve({
  /**
   * Opens the ledger; answers the rollbacks found against the guard file. Nothing may be written
   * before they are accepted.
   */
  open: () =>
    inTurn(async () => {
      opened ??= await open();
      await assertNoCopy(opened.store.db);
      checkpoints = readGuard(settings.guard_path);
      return findRollbacks(opened.store.db, checkpoints);
    }),
  /** Forgets what was signed last in these apps. */
  acceptRollback: (appIds: readonly string[]) =>
    inTurn(async () => {
      for (const appId of appIds) {
        delete checkpoints[appId];
        accepted.add(appId);
      }
    }),
  write: (batch: PackedBatch) =>
    inTurn(async () => {
      const submissions = unpackBatch(batch);
      const verdicts = await ledger().writer.write(submissions);
      await keepGuard(submissions, verdicts);
      return packVerdicts(verdicts);
    }),
  signManifest: (request: ManifestToSign) =>
    inTurn(() =>
      ledger().store.transact(Date.now() + SIGN_DEADLINE_MS, async (tx) =>
        signedManifest(keyring, await tx.signingKeys(request.app), request),
      ),
    ),
  /** A database server gives space back on a connection of its own, an embedded one in turn. */
  reclaim: (step: number) => {
    const reclaim = () => ledger().store.reclaim(step);
    return settings.database.kind === 'sqlite' ? inTurn(reclaim) : reclaim();
  },
  tidy: (pages: number) => inTurn(() => ledger().store.tidy(pages)),
  index: (write: IndexWrite) =>
    inTurn(() =>
      ledger().store.derive(Date.now() + DERIVE_DEADLINE_MS, (db) => writeIndexPages(db, write)),
    ),
  assertNoCopy: () => inTurn(() => assertNoCopy(ledger().store.db)),
  /** One step of forgetting what was kept from before a time; whether there may be more. */
  forgetOld: (before: number) =>
    inTurn(async () => {
      let more = false;
      await ledger().store.derive(Date.now() + DERIVE_DEADLINE_MS, async (db) => {
        more = await forgetOld(db, before);
      });
      return more;
    }),
  close: () =>
    inTurn(async () => {
      try {
        saveGuard();
      } finally {
        await opened?.store.close();
      }
    }),
});
