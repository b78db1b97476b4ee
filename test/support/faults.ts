import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { isMainThread, workerData } from 'node:worker_threads';

/**
 * For tests: faults in the writer thread of a real server. Loaded into it before anything else
 * (`NODE_OPTIONS=--import`), it makes the next commit fail in the way that a file asks for.
 */
export type Fault =
  /** The thread ends instead of committing. */
  | 'die-before-commit'
  /** The thread ends when the commit is durable and nobody knows. */
  | 'die-after-commit'
  /** The commit is durable, and its answer comes late. */
  | 'late-answer'
  /** The thread does nothing for a while before it commits. */
  | 'late-commit'
  /** The thread ends while it opens the ledger anew, after a death. */
  | 'die-at-start';

const FOLDER = 'TEST_FAULTS_FOLDER';
const LATE_MS = 2500;

/** Variables for a server whose writer listens for faults in this folder. */
export function faultsFrom(folder: string): Record<string, string> {
  return { [FOLDER]: folder, NODE_OPTIONS: `--import=${fileURLToPath(import.meta.url)}` };
}

/** Asks for a fault at the next commit. */
export function plan(folder: string, fault: Fault): void {
  writeFileSync(join(folder, fault), '');
}

/** Whether a planned fault has not happened yet. */
export const isPlanned = (folder: string, fault: Fault) => existsSync(join(folder, fault));

function take(folder: string, fault: Fault): boolean {
  if (!isPlanned(folder, fault)) return false;
  rmSync(join(folder, fault));
  return true;
}

const pause = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LATE_MS);

function install(folder: string): void {
  if (take(folder, 'die-at-start')) process.exit(1);
  const exec = DatabaseSync.prototype.exec;
  DatabaseSync.prototype.exec = function faulty(this: DatabaseSync, sql: string): void {
    if (sql !== 'COMMIT') return exec.call(this, sql);
    if (take(folder, 'die-before-commit')) process.exit(1);
    if (take(folder, 'late-commit')) pause();
    exec.call(this, sql);
    if (take(folder, 'die-after-commit')) process.exit(1);
    if (take(folder, 'late-answer')) pause();
  };
}

const folder = process.env[FOLDER];
const inWriter =
  !isMainThread && (workerData as { guard_path?: string } | null)?.guard_path !== undefined;
if (folder !== undefined && inWriter) install(folder);
