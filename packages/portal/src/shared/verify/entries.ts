import {
  LedgerError,
  parseHeader,
  verifyEvidence,
  verifyInclusion,
  type VerifiedEvidence,
} from '@affidavit/ledger';

import type { Found, Tell } from './found.ts';
import type { Damage, OpenedEntry, ShownEntry } from './jobs.ts';
import { headerTextAt, type Opened } from './ranges.ts';
import { below, CouldNotCheck, readJson, readText } from './reading.ts';

/** Checks of single entries with their contents. */

/** So many are asked for at a time. */
const AT_ONCE = 4;

async function evidenceOf({ source, trust, log }: Opened, event_id: string) {
  const address = source.evidence.replace('{event_id}', encodeURIComponent(event_id));
  const verified = await verifyEvidence(await readJson(address), trust);
  await log.hold(verified.checkpoint);
  if (verified.header.event_id === event_id) return verified;
  throw new LedgerError('proof_failed', 'It is the evidence of another entry.');
}

export function layOpen({ header, parts, missing }: VerifiedEvidence): OpenedEntry {
  const { event_id, seq, created_at } = header;
  return { event_id, seq, created_at, parts, missing };
}

/** One entry by its position: that it is in the log, and what it says, to those who may see that. */
export async function checkPlace(opened: Opened, at: number): Promise<Found> {
  const text = await headerTextAt(opened, at);
  const entry = await evidenceOf(opened, parseHeader(text).event_id)
    .then(layOpen)
    .catch((error: unknown) => {
      if (error instanceof CouldNotCheck && error.status === 403) return placeOf(opened, text, at);
      throw error;
    });
  const { seq, missing } = entry;
  if (seq !== at) throw new LedgerError('proof_failed', 'The entry stands at another position.');
  const missing_parts = missing.length;
  return { checked: 1, first_seq: seq, last_seq: seq, missing_parts, entry, broken: [] };
}

/** Its place alone, for those who may not see contents. */
async function placeOf({ source, trust, log }: Opened, text: string, seq: number) {
  const address = below(source.ledger, 'proof/inclusion', { seq: String(seq) });
  const { header, checkpoint } = await verifyInclusion(text, await readText(address), trust);
  await log.hold(checkpoint);
  const missing = Object.keys(header.parts);
  const { event_id, created_at } = header;
  return { event_id, seq: header.seq, created_at, parts: {}, missing, withheld: true as const };
}

/** Each entry: that it is in the log, and that what the page shows of it is what was recorded. */
export async function checkEntries(
  opened: Opened,
  entries: readonly ShownEntry[],
  tell: Tell,
): Promise<Found> {
  const broken: Damage[] = [];
  const waiting = [...entries];
  let [checked, missing_parts, unseen] = [0, 0, 0];
  let last: OpenedEntry | undefined;
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const result = await checkEntry(opened, next);
      checked += 1;
      if ('message' in result) broken.push(result);
      else {
        missing_parts += result.missing.length;
        if (result.missing.includes('envelope')) unseen += 1;
        last = result;
      }
      tell({ done: checked, total: entries.length });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const entry = entries.length === 1 && last !== undefined ? { entry: last } : {};
  return { checked, missing_parts, unseen, broken, ...entry };
}

async function checkEntry(
  opened: Opened,
  { event_id, shown = {} }: ShownEntry,
): Promise<OpenedEntry | Damage> {
  try {
    const entry = layOpen(await evidenceOf(opened, event_id));
    const different = differences(shown, entry);
    if (different.length === 0) return entry;
    const message = `what the page shows is not what was recorded: ${different.join(', ')}`;
    return { seq: entry.seq, event_id, message };
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return { seq: null, event_id, message: error.message };
  }
}

/** Names of what is shown otherwise than it was recorded. What was erased cannot be compared. */
export function differences(
  shown: Readonly<Record<string, unknown>>,
  { parts, missing, ...place }: OpenedEntry,
): string[] {
  if (missing.includes('envelope')) return [];
  const recorded: Record<string, unknown> = { ...(parts['envelope'] as object), ...place };
  return Object.entries(shown)
    .filter(([, value]) => value !== undefined && value !== null)
    .filter(([name, value]) => JSON.stringify(recorded[name]) !== JSON.stringify(value))
    .map(([name]) => name);
}
