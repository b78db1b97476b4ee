import { AffidavitError } from '@affidavit/schema';
import type { AppRef } from '@affidavit/vault';

import type { LogVerdict } from '../check/log.ts';
import type { Filter } from '../query/filter.ts';
import type { ErasureList } from '../retain/erasure-list.ts';
import type { Services } from '../services.ts';
import type { ErasuresTable } from '../store/tables.ts';
import type { WitnessView } from '../witnessing/reads.ts';
import { showWitness } from '../witnessing/status.ts';
import { DAY_MS } from '../retain/decision.ts';
import type { Facts } from './frame.ts';
import type { FactBlock } from './kinds.ts';
import type { Counts } from './tally.ts';

/** What a report says that is in no entry: how things stand when it is made. */

export interface FactsAsked {
  readonly services: Services;
  readonly app: AppRef;
  readonly filter: Filter;
  /** Of the subject. */
  readonly identifiers: readonly string[];
  readonly counts: Counts;
  readonly witnesses: readonly WitnessView[];
  /** Ends a verification that nobody waits for any more. */
  readonly signal: AbortSignal;
}

type Rows = Facts['rows'];

const LISTED_MAX = 200;
const isoOf = (ms: number) => new Date(ms).toISOString();

async function retention({ services, app }: FactsAsked): Promise<Rows> {
  const [row] = await services.directory.rows('retention', { app: app.app });
  const window = row?.window_ms ?? null;
  const kept = window === null ? 'for ever' : `${window / DAY_MS} days`;
  return [
    ['Entries are kept', kept],
    ['Then', 'their contents are removed; that they were there stays proved'],
  ];
}

async function holds({ services, app, counts }: FactsAsked): Promise<Rows> {
  const rows = await services.directory.rows('holds', { app: app.app }, 'hold_id');
  return [
    ['Entries of this report on legal hold', String(counts.on_hold)],
    ['Holds that stand in the app', String(rows.length)],
    ...rows
      .slice(0, LISTED_MAX)
      .map((hold) => [hold.hold_id, `${isoOf(hold.placed_at)}: ${hold.reason}`] as const),
  ];
}

async function erasures({ services, app, identifiers }: FactsAsked): Promise<Rows> {
  const found: ErasuresTable[] = [];
  for (const identifier of identifiers) {
    const digest = services.retain.erasures.digest(app, identifier);
    const request: ErasureList = { app: app.app, after: '', limit: LISTED_MAX, digest };
    found.push(...(await services.readers.run<ErasuresTable[]>('erasures', request)));
  }
  if (found.length === 0) return [['Erasures', 'none was asked for']];
  return found.map(({ erasure_id, created_at, state, erased, reason }) => [
    erasure_id,
    `${isoOf(created_at)}, ${state}: ${erased} entries. ${reason}`,
  ]);
}

async function witnesses({ services, witnesses: all }: FactsAsked): Promise<Rows> {
  if (all.length === 0) return [['Witnesses', 'none: nobody else cosigns this ledger']];
  return all.slice(0, LISTED_MAX).map((witness) => {
    const { name, status, cosigned_size, last_seen } = showWitness(witness, services.now());
    return [
      name,
      `${status}; cosigned ${cosigned_size ?? 'nothing'} entries, last seen ${last_seen ?? 'never'}`,
    ];
  });
}

/** Everything that is stored of the range, against the signed checkpoint. */
async function verification({ services, app, filter, signal }: FactsAsked): Promise<Rows> {
  const { from, to } = filter;
  const range = {
    app: app.app,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
  try {
    const verdict = await services.checks.run(range, { signal });
    return verdict === null ? [['Result', 'not finished']] : verdictRows(verdict);
  } catch (error) {
    if (!(error instanceof AffidavitError)) throw error;
    return [['Result', `not checked: ${error.message}. Run affidavit verify.`]];
  }
}

function verdictRows({ ok, size, checked, removed_parts, broken }: LogVerdict): Rows {
  return [
    ['Result', ok ? 'sound' : 'BROKEN: see below'],
    ['Entries checked', `${checked} of ${size}`],
    ['Parts removed by retention and erasure', String(removed_parts)],
    ...broken
      .slice(0, LISTED_MAX)
      .map(({ seq, reason }) => [`Position ${seq ?? 'unknown'}`, reason] as const),
  ];
}

const BLOCKS: Readonly<
  Record<FactBlock, readonly [title: string, read: (asked: FactsAsked) => Promise<Rows>]>
> = {
  verification: ['Verification of the ledger', verification],
  witnesses: ['Witnesses', witnesses],
  retention: ['Retention', retention],
  holds: ['Legal holds', holds],
  erasures: ['Erasures', erasures],
};

export async function readFacts(block: FactBlock, asked: FactsAsked): Promise<Facts> {
  const [title, read] = BLOCKS[block];
  return { id: block, title, rows: await read(asked) };
}
