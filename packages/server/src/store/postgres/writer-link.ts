import { StoreFailure } from '../port.ts';
import { CITUS_SETTINGS } from './citus.ts';
import { timedOut, toStoreFailure } from './failure.ts';
import { Link } from './link.ts';
import { migrate } from './migrate.ts';
import { Partitions } from './parts.ts';

const VERSION_MIN = 140_000;
/** Longest of all: opening, with the migration of a large database. */
const OPEN_MS = 300_000;
const STATEMENT_MS = 15_000;
/** A server that lost its process gives back the locks of an open transaction after this. */
const IDLE_IN_TRANSACTION_MS = 10_000;

const SETTINGS = `
  SET statement_timeout = ${STATEMENT_MS};
  SET lock_timeout = ${STATEMENT_MS};
  SET idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_MS};
  SET standard_conforming_strings = on;
  SET jit = off`;

/** `local` and `off` acknowledge what a failure can still take away; any other is kept. */
const SYNCHRONOUS = `SELECT set_config('synchronous_commit', 'on', false)
  WHERE current_setting('synchronous_commit') IN ('off', 'local')`;

const FACTS = `SELECT current_setting('synchronous_commit') AS synchronous_commit,
  current_setting('fsync') AS fsync,
  current_setting('server_encoding') AS encoding,
  current_setting('server_version_num')::integer AS version,
  current_setting('transaction_read_only') AS read_only,
  pg_is_in_recovery() AS standby,
  (SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'citus') AS citus`;

interface Facts {
  readonly synchronous_commit: string;
  readonly fsync: string;
  readonly encoding: string;
  readonly version: number;
  readonly read_only: string;
  readonly standby: boolean;
  /** Version of the extension, where there is one. */
  readonly citus: string | null;
}

/** Throws `StoreFailure` for a server on which an acknowledgement would not mean durable. */
export function assertSound(facts: Omit<Facts, 'citus'>): void {
  if (facts.standby || facts.read_only !== 'off') {
    throw new StoreFailure(
      'read_only',
      'the database takes no writes: it is a standby or read-only',
    );
  }
  if (facts.version < VERSION_MIN) {
    throw new StoreFailure('damaged', 'Affidavit needs PostgreSQL 14 or later');
  }
  if (facts.encoding !== 'UTF8') {
    throw new StoreFailure('damaged', 'the encoding of the database must be UTF8');
  }
  if (facts.fsync !== 'on') {
    throw new StoreFailure('io_error', 'PostgreSQL runs with fsync = off: nothing is durable');
  }
  if (['off', 'local'].includes(facts.synchronous_commit)) {
    throw new StoreFailure('io_error', 'PostgreSQL refused synchronous_commit = on');
  }
}

/** Makes a connection one of a writer. Throws `StoreFailure` where the server is not fit for it. */
export async function prepareSession(link: Link): Promise<Facts> {
  await link.query(SETTINGS);
  await link.query(SYNCHRONOUS);
  const { rows } = await link.query(FACTS);
  const facts = rows[0] as Facts;
  assertSound(facts);
  if (facts.citus !== null) await link.query(CITUS_SETTINGS);
  return facts;
}

export interface WriterLink {
  readonly link: Link;
  readonly partitions: Partitions;
  /** Whether the database has the extension Citus. */
  readonly onCitus: boolean;
}

/** Opens the connection of a writer: durable, bounded, on tables of the newest version. */
export async function openWriterLink(url: string, name: string): Promise<WriterLink> {
  const link = await Link.open(url, name);
  const watchdog = setTimeout(() => link.destroy(timedOut()), OPEN_MS);
  try {
    const onCitus = (await prepareSession(link)).citus !== null;
    await migrate(link, onCitus);
    const apart = async () => (await openWriterLink(url, `${name}, partitions`)).link;
    return { link, onCitus, partitions: new Partitions(link, onCitus ? apart : null) };
  } catch (error) {
    const failure = link.lost ?? toStoreFailure(error);
    link.destroy(failure);
    throw failure;
  } finally {
    clearTimeout(watchdog);
  }
}
