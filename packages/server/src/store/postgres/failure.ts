import { StoreFailure, type FailureReason } from '../port.ts';

type Cause = readonly [FailureReason, string];

const UNREACHABLE: Cause = ['unreachable', 'the database cannot be reached'];
const LOCKED: Cause = ['locked', 'the ledger is locked by another process'];
const TIMEOUT: Cause = ['timeout', 'the database does not answer in time'];
const READ_ONLY: Cause = [
  'read_only',
  'the database takes no writes: it is a standby or read-only',
];
const REFUSED: Cause = ['unreachable', 'the database refuses the connection: look at its URL'];
const DAMAGED: Cause = ['damaged', 'the database holds other rows than its heads say'];

/** SQLSTATE codes (PostgreSQL manual, appendix A), whole or by their class of two characters. */
const STATES: Readonly<Record<string, Cause>> = {
  '08': UNREACHABLE,
  '22012': ['locked', 'another process wrote the ledger at the same moment'],
  '23': DAMAGED,
  '23514': ['io_error', 'a partition was removed from the database while it was written'],
  '25006': READ_ONLY,
  '25P03': TIMEOUT,
  '25P04': TIMEOUT,
  '28': REFUSED,
  '3D': REFUSED,
  '40': LOCKED,
  '42501': ['read_only', 'the role of the database URL may not do that'],
  '53': UNREACHABLE,
  '53100': ['disk_full', 'the disk of the database is full'],
  '53300': ['unreachable', 'the database has no connection left'],
  '55P03': LOCKED,
  '57014': TIMEOUT,
  '57P': UNREACHABLE,
  '57P05': TIMEOUT,
  '58': ['io_error', 'the disk of the database refused to read or write'],
  XX001: ['damaged', 'the database is damaged'],
  XX002: ['damaged', 'the database is damaged'],
};

/** Errors of the operating system before PostgreSQL says anything. */
const UNREACHED = /^(E(CONN|HOST|NET|AI_|PIPE|TIMEDOUT|NOTFOUND|ADDR)|ENOENT$|EACCES$|ENOTFOUND$)/;

/** The code of an error that PostgreSQL or the network gave, or undefined. */
export function databaseCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') return code;
  const nested = error instanceof AggregateError ? error.errors[0] : undefined;
  return nested === undefined ? undefined : databaseCode(nested);
}

function causeOf(code: string | undefined): Cause | undefined {
  if (code === undefined) return undefined;
  if (UNREACHED.test(code)) return UNREACHABLE;
  return STATES[code] ?? STATES[code.slice(0, 3)] ?? STATES[code.slice(0, 2)];
}

/** Whether the error is one of the database, and not of who uses it. */
export function isDatabaseError(error: unknown): boolean {
  const code = databaseCode(error);
  return code !== undefined && (/^[0-9A-Z]{5}$/.test(code) || UNREACHED.test(code));
}

/**
 * Turns what PostgreSQL threw into a `StoreFailure`. The message never repeats what the database
 * said: it may hold values, and the driver's errors may hold the URL.
 */
export function toStoreFailure(error: unknown, committed: 'no' | 'unknown' = 'no'): StoreFailure {
  if (error instanceof StoreFailure) return error;
  const [reason, message] =
    causeOf(databaseCode(error)) ?? (['io_error', 'the database failed'] as const);
  return new StoreFailure(reason, message, { committed, cause: error });
}

export function unreachable(cause: unknown): StoreFailure {
  return new StoreFailure(...UNREACHABLE, { cause });
}

export function timedOut(): StoreFailure {
  return new StoreFailure(...TIMEOUT);
}
