import { LedgerError } from '@affidavit/ledger';

import { checkEntries, checkPlace } from './entries.ts';
import { checkFile } from './files.ts';
import type { Found, Tell } from './found.ts';
import type { Damage, Job, Order, Verdict } from './jobs.ts';
import { checkTiles, checkPlaces, checkRange, named, type Opened } from './ranges.ts';
import { isAlarm } from './memory.ts';
import { openLedger } from './trust.ts';

/** The checks, each from what the server serves to a verdict. */

/** Damage is a verdict; what cannot be checked throws `CouldNotCheck`. */
export async function check({ source, job }: Order, tell: Tell): Promise<Verdict> {
  const started = performance.now();
  const took = () => performance.now() - started;
  if (job.kind === 'file') {
    const found = await checkFile(job, tell);
    return { ...NOTHING, kind: 'file', ...found, took_ms: took() };
  }
  const base = { ...NOTHING, kind: job.kind };
  try {
    const { head, trust, log, memory, remember } = await openLedger(source);
    const found = await settled(() => checkOf({ source, trust, head, log }, job, tell));
    const broken = isAlarm(memory) || found.broken.length > 0;
    return { ...base, head, memory, ...found, remember: broken ? null : remember, took_ms: took() };
  } catch (error) {
    return { ...base, broken: [damageOf(error)], took_ms: took() };
  }
}

const NOTHING: Omit<Verdict, 'kind' | 'took_ms'> = {
  head: null,
  memory: null,
  checked: 0,
  broken: [],
  remember: null,
};

/** What is no proof at all is damage too. */
async function settled(found: () => Promise<Found>): Promise<Found> {
  try {
    return await found();
  } catch (error) {
    return { checked: 0, broken: [damageOf(error)] };
  }
}

function damageOf(error: unknown): Damage {
  if (!(error instanceof LedgerError) || error.code === 'invalid_argument') throw error;
  return { seq: null, message: error.message };
}

async function checkOf(opened: Opened, job: Exclude<Job, { kind: 'file' }>, tell: Tell) {
  switch (job.kind) {
    case 'head':
      return { checked: 0, broken: [] };
    case 'tiles':
      return named(opened, await checkTiles(opened, tell));
    case 'range':
      return named(opened, await checkRange(opened, job, tell));
    case 'places':
      return named(opened, await checkPlaces(opened, job, tell));
    case 'place':
      return checkPlace(opened, job.seq);
    case 'entries':
      return checkEntries(opened, job.entries, tell);
  }
}
