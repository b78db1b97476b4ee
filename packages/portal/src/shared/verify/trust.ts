import {
  followKeys,
  fromHex,
  LedgerError,
  toBase64,
  verifyCheckpoint,
  verifyConsistency,
  type ListedKey,
  type Trust,
  type VerifiedCheckpoint,
} from '@affidavit/ledger';

import type { Cosigned, Head, Memory, Remembered, Source } from './jobs.ts';
import { isAlarm } from './memory.ts';
import { below, CouldNotCheck, readJson, readText } from './reading.ts';
import { SameLog } from './same-log.ts';

/** Whose word counts: the key that this browser believed first, and those it has led to. */

interface LedgerAnswer {
  readonly origin: string;
  readonly vkey: string;
  readonly checkpoint: string;
  readonly witnesses?: readonly { readonly vkey: string }[];
}

export interface OpenedLedger {
  readonly head: Head;
  readonly trust: Trust;
  readonly log: SameLog;
  readonly memory: Memory;
  readonly remember: Remembered | null;
}

const KEY_PAGES_MAX = 100;

/**
 * Reads the newest checkpoint, checks who has signed it, and holds it against what this browser
 * has seen before. Throws `LedgerError` where the log itself has not signed.
 */
export async function openLedger({ ledger, known }: Source): Promise<OpenedLedger> {
  await requireEd25519();
  const answer = await readJson<LedgerAnswer>(ledger);
  const believed = known === null ? [answer.vkey] : await followed(ledger, known, answer.vkey);
  const isKnownKey = believed.includes(answer.vkey);
  const keys = isKnownKey ? believed : [answer.vkey];
  const trust = { verifiers: keys };
  const seen = await verifyCheckpoint(answer.checkpoint, trust);
  const memory = isKnownKey
    ? await compare(ledger, known, answer.checkpoint, seen, trust)
    : { state: 'other_key' as const, ...(known as Remembered) };
  const head = showHead(answer, seen);
  const log = new SameLog(ledger, head);
  const cosigned = await cosignatures(log, ledger, answer, keys);
  const remember = isAlarm(memory) ? null : keep(head);
  return { head: { ...head, cosigned }, trust, log, memory, remember };
}

/** The newest checkpoint that all witnesses have cosigned, if there is one yet. */
async function cosignatures(
  log: SameLog,
  ledger: string,
  { witnesses = [] }: LedgerAnswer,
  keys: readonly string[],
): Promise<readonly Cosigned[]> {
  if (witnesses.length === 0) return [];
  const address = below(ledger, 'checkpoint', { witnessed: 'true' });
  const note = await readText(address).catch((error: unknown) => {
    if (isRefusal(error)) return null;
    throw error;
  });
  if (note === null) return [];
  const verifiers = [...keys, ...witnesses.map(({ vkey }) => vkey)];
  const checkpoint = await verifyCheckpoint(note, { verifiers });
  await log.hold(checkpoint);
  const { size, signatures } = checkpoint;
  return signatures.flatMap(({ key, time }) =>
    time === undefined ? [] : [{ name: key.name, size, at: time * 1000 }],
  );
}

function showHead({ vkey, checkpoint }: LedgerAnswer, seen: VerifiedCheckpoint): Head {
  const { origin, size, root } = seen;
  return { origin, vkey, size, root: toBase64(root), checkpoint, cosigned: [] };
}

const keep = ({ vkey, checkpoint, origin, size }: Head): Remembered => {
  return { vkey, checkpoint, origin, size, seen_at: new Date().toISOString() };
};

/** The known key, and those that it has handed the ledger on to. */
async function followed(ledger: string, known: Remembered, vkey: string): Promise<string[]> {
  if (known.vkey === vkey) return [vkey];
  try {
    const changes = await followKeys(await listedKeys(ledger), known.vkey);
    return [known.vkey, ...changes.map((change) => change.vkey)];
  } catch (error) {
    if (error instanceof LedgerError || isRefusal(error)) return [known.vkey];
    throw error;
  }
}

async function listedKeys(ledger: string): Promise<ListedKey[]> {
  const keys: ListedKey[] = [];
  let cursor: string | null = null;
  for (let pages = 0; pages < KEY_PAGES_MAX; pages += 1) {
    const address = below(ledger, 'keys', cursor === null ? {} : { cursor });
    const page: { data?: ListedKey[]; next_cursor?: string | null } = await readJson(address);
    keys.push(...(page.data ?? []));
    cursor = page.next_cursor ?? null;
    if (cursor === null) break;
  }
  return keys;
}

const isRefusal = (error: unknown) =>
  error instanceof CouldNotCheck && error.status !== undefined && error.status !== 401;

/** Whether the log goes on from where it was when this browser saw it last. */
async function compare(
  ledger: string,
  known: Remembered | null,
  note: string,
  { origin, size }: VerifiedCheckpoint,
  trust: Trust,
): Promise<Memory> {
  if (known === null) return { state: 'first' };
  const { seen_at } = known;
  const before = { seen_at, size: known.size };
  if (origin !== known.origin) return { state: 'other_log', ...before };
  if (size < known.size) return { state: 'shrunk', ...before };
  try {
    const query = { old: String(known.size), new: String(size) };
    const address = below(ledger, 'proof/consistency', query);
    const { hashes } = await readJson<{ hashes: string[] }>(address);
    await verifyConsistency(known.checkpoint, note, hashes, trust);
  } catch (error) {
    if (error instanceof LedgerError) return { state: 'forked', ...before };
    if (isRefusal(error)) return { state: 'unproved', ...before };
    throw error;
  }
  return { state: size === known.size ? 'same' : 'grown', ...before };
}

/** Of the example in the description of the format. */
const ANY_KEY = fromHex('8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c');

/** RFC 8032 signatures by the browser itself; it has them on pages that came over https. */
async function requireEd25519(): Promise<void> {
  try {
    await crypto.subtle.importKey('raw', new Uint8Array(ANY_KEY), 'Ed25519', false, ['verify']);
  } catch {
    throw new CouldNotCheck(
      'This browser cannot check Ed25519 signatures here.',
      'Open the page over https, or in a newer browser.',
    );
  }
}
