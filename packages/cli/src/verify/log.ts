import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import {
  followKeys,
  LedgerError,
  verifyLog,
  verifyRangeLines,
  type ListedKey,
  type ResourceReader,
  type TimeRange,
  type Trust,
} from '@affidavit/ledger';

import { CouldNotCheck } from '../failure.ts';
import { withIdleLimit } from '../idle.ts';
import { damageOf, finding, rangeDamage, type Anchor, type Finding } from './finding.ts';
import { logWords, rangeWords } from './words.ts';

/** Checks of a whole log: as a server serves it, or as a copy of that in a folder. */

export interface LogCheck {
  readonly trust: Trust;
  readonly onProgress: (checked: number, size: number) => Promise<void>;
}

const ANSWER_MS = 30_000;
const KEY_PAGES_MAX = 100;
const RESOURCE_BYTES_MAX = 32 * 1024 * 1024;

/** `folder` has what stands below the prefix of the log: `checkpoint`, `tile/…`. */
export async function checkFolder(folder: string, check: LogCheck): Promise<Finding> {
  if (check.trust.verifiers.length === 0) {
    const advice = 'Give the verifier key of the ledger with --vkey.';
    throw new CouldNotCheck('the folder does not say whose key to trust', advice);
  }
  return checkLog((path) => readFile(join(folder, path)), 'given', check);
}

async function checkLog(read: ResourceReader, anchor: Anchor, check: LogCheck): Promise<Finding> {
  const options = { ...check.trust, onProgress: check.onProgress };
  return settle('log', anchor, async () => {
    const verdict = await verifyLog(read, options);
    const result = verdict.ok ? logWords(verdict) : verdict.broken.map(rangeDamage);
    return finding('log', anchor, verdict.checkpoint, result);
  });
}

/** What is not signed, or no proof at all, is broken as well. */
async function settle(
  kind: Finding['kind'],
  anchor: Anchor,
  check: () => Promise<Finding>,
): Promise<Finding> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof LedgerError) || error.code === 'invalid_argument') throw error;
    return finding(kind, anchor, null, [damageOf(error)]);
  }
}

/** A ledger over HTTP. */
export interface Served {
  /** The prefix, such as `https://audit.example.com/v1/ledger`. */
  readonly url: URL;
  readonly key: string | undefined;
  readonly signal: AbortSignal;
}

/** The whole ledger; with a range of time, the proof of that range. */
export async function checkServed(
  served: Served,
  range: TimeRange,
  check: LogCheck,
): Promise<Finding> {
  const isGiven = check.trust.verifiers.length > 0;
  const verifiers = isGiven ? await followed(served, check.trust) : [await keyOf(served)];
  const anchor = isGiven ? 'given' : 'server';
  const trusted = { ...check, trust: { ...check.trust, verifiers } };
  if (range.from === undefined && range.to === undefined) {
    return checkLog((path) => fetchBytes(served, path), anchor, trusted);
  }
  return settle('range', anchor, async () => {
    const { body } = await ask(served, 'range', {
      format: 'ndjson',
      ...(range.from === undefined ? {} : { from: range.from }),
      ...(range.to === undefined ? {} : { to: range.to }),
    });
    if (body === null) throw unreadable(served, 'the answer is empty');
    const chunks = withIdleLimit(body, ANSWER_MS);
    const verdict = await verifyRangeLines(chunks, { ...trusted.trust, ...range });
    const result = verdict.ok ? rangeWords(verdict, range) : verdict.broken.map(rangeDamage);
    return finding('range', anchor, verdict.checkpoint, result);
  });
}

async function keyOf(served: Served): Promise<string> {
  const answer = await ask(served, '');
  const { vkey } = (await answer.json().catch(() => ({}))) as { vkey?: unknown };
  if (typeof vkey === 'string') return vkey;
  throw unreadable(served, 'it does not name the key of a ledger');
}

/**
 * The given keys, and those that they have handed the ledger on to, as far as the server proves it.
 * What it does not prove adds no trust, and shows at the checkpoint.
 */
async function followed(served: Served, trust: Trust): Promise<Trust['verifiers']> {
  const { verifiers } = trust;
  try {
    const keys = await listedKeys(served);
    const known = keys.find(({ vkey }) => verifiers.includes(vkey));
    if (known === undefined) return verifiers;
    const changes = await followKeys(keys, known.vkey, trust);
    return [...verifiers, ...changes.map(({ vkey }) => vkey)];
  } catch (error) {
    if (error instanceof CouldNotCheck || error instanceof LedgerError) return verifiers;
    throw error;
  }
}

async function listedKeys(served: Served): Promise<ListedKey[]> {
  const keys: ListedKey[] = [];
  let cursor: string | null = null;
  for (let pages = 0; pages < KEY_PAGES_MAX; pages += 1) {
    const answer = await ask(served, 'keys', cursor === null ? {} : { cursor });
    const page = (await answer.json().catch(() => ({}))) as {
      readonly data?: ListedKey[];
      readonly next_cursor?: string | null;
    };
    keys.push(...(page.data ?? []));
    cursor = page.next_cursor ?? null;
    if (cursor === null) break;
  }
  return keys;
}

async function fetchBytes(served: Served, path: string): Promise<Uint8Array> {
  const answer = await ask(served, path);
  if (Number(answer.headers.get('content-length')) > RESOURCE_BYTES_MAX) {
    throw unreadable(served, `${path} is too large`);
  }
  return new Uint8Array(await answer.arrayBuffer());
}

/** A key goes nowhere but where it was meant for: redirects are not followed. */
async function ask(
  { url, key, signal }: Served,
  path: string,
  query: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const target = new URL(url);
  if (path !== '') target.pathname = `${url.pathname.replace(/\/+$/, '')}/${path}`;
  for (const [name, value] of Object.entries(query)) target.searchParams.set(name, value);
  let answer: Response;
  try {
    answer = await fetch(target, {
      redirect: 'error',
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    });
  } catch (cause) {
    signal.throwIfAborted();
    throw unreadable({ url: target }, 'it does not answer', cause);
  }
  if (answer.ok) return answer;
  await answer.body?.cancel();
  throw unreadable({ url: target }, `it answers ${answer.status}`);
}

function unreadable({ url }: { url: URL }, why: string, cause?: unknown): CouldNotCheck {
  const advice =
    'Give the address of a ledger, such as https://host/v1/ledger, and a key with --key.';
  return new CouldNotCheck(`${url.origin}${url.pathname} cannot be read: ${why}`, advice, cause);
}
