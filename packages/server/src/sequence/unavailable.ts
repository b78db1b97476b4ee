import { AffidavitError } from '@affidavit/schema';

import type { StoreFailure } from '../store/port.ts';

const RETRY_AFTER_SECONDS = 1;

const ADVICE: Readonly<Record<StoreFailure['reason'], string>> = {
  disk_full: 'Free space on the disk of the ledger; the server goes on by itself.',
  locked: 'Find the process that holds the database locked; the server goes on by itself.',
  unreachable: 'Bring the database back; the server goes on by itself.',
  read_only: 'Make the data folder or the database writable for the server.',
  io_error: 'Look at the disk and the system journal of the server.',
  damaged: 'Stop the server, run `affidavit fsck`, and restore from a copy if need be.',
  clock: 'Set the clock of the server; the server goes on by itself.',
  timeout: 'Look at the load and the disk of the database; the server goes on by itself.',
};

/** What a caller hears whose entry could not be written. */
export function unavailable(failure: StoreFailure): AffidavitError {
  return refusal('written', failure);
}

/** What a caller hears whose question could not be answered. */
export function unreadable(failure: StoreFailure): AffidavitError {
  return refusal('read', failure);
}

function refusal(done: 'written' | 'read', failure: StoreFailure): AffidavitError {
  return new AffidavitError(
    'audit_unavailable',
    `the trail cannot be ${done}: ${failure.message}`,
    {
      advice: ADVICE[failure.reason],
      extra: { reason: failure.reason },
      retryAfterSeconds: RETRY_AFTER_SECONDS,
      cause: failure,
    },
  );
}
