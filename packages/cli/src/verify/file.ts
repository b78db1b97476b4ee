import { createReadStream } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';

import {
  LedgerError,
  parseTlogProof,
  verifyBundle,
  verifyCheckpoint,
  verifyEvidence,
  verifyRange,
  verifyRangeLines,
  verifyReceipt,
  type Receipt,
  type TimeRange,
  type Trust,
  type VerifiedRange,
} from '@affidavit/ledger';

import { CouldNotCheck, UsageError } from '../failure.ts';
import { damageOf, finding, rangeDamage, type Finding, type Kind } from './finding.ts';
import { kindOf, type FileKind } from './kind.ts';
import * as words from './words.ts';

/** Checks of files, offline. */

export interface FileCheck {
  readonly path: string;
  readonly trust: Trust;
  readonly range: TimeRange;
  /** For a bare tlog-proof: the leaf hash that it is about, hex. */
  readonly leaf?: string | undefined;
  /** Told how much of the file was read, and of how much. */
  readonly onProgress: (read: number, size: number) => Promise<void>;
}

/** What is read as one piece must fit in memory; a longer range proof comes as lines. */
const WHOLE_BYTES_MAX = 256 * 1024 * 1024;
const BEGINNING_BYTES = 64 * 1024;
const CHUNK_BYTES = 256 * 1024;

/** How a kind of file is called in a finding. */
const REPORTED: Readonly<Record<FileKind, Kind>> = {
  bundle: 'bundle',
  evidence: 'evidence',
  range: 'range',
  range_lines: 'range',
  receipt: 'receipt',
  proof: 'receipt',
  checkpoint: 'checkpoint',
};

export async function checkFile(check: FileCheck): Promise<Finding> {
  const kind = kindOf(check.path, await beginningOf(check.path));
  if (kind === null) {
    const advice = 'Give a bundle, range proof, evidence, receipt or checkpoint, as it came.';
    throw new CouldNotCheck(`${check.path} is none of the files that can be checked`, advice);
  }
  if (kind !== 'bundle' && check.trust.verifiers.length === 0) {
    const advice = 'Give the verifier key of the ledger with --vkey.';
    throw new CouldNotCheck('the file does not say whose key to trust', advice);
  }
  refuseUnused(check, kind);
  try {
    return await CHECKS[kind](check);
  } catch (error) {
    if (!(error instanceof LedgerError) || error.code === 'invalid_argument') throw error;
    return finding(REPORTED[kind], 'given', null, [damageOf(error)]);
  }
}

/** What is asked for and would not be looked at is refused, not passed over. */
function refuseUnused({ range, leaf }: FileCheck, kind: FileKind): void {
  const isRange = kind === 'range' || kind === 'range_lines';
  if (!isRange && (range.from ?? range.to) !== undefined) {
    throw new UsageError(`--from and --to are for range proofs, and this is a ${REPORTED[kind]}`);
  }
  if (kind !== 'proof' && leaf !== undefined) {
    throw new UsageError('--leaf is for a bare tlog-proof, and this is none');
  }
}

async function beginningOf(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(BEGINNING_BYTES));
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The bytes of the file as they are read, so that any size will do. */
async function* chunksOf({ path, onProgress }: FileCheck): AsyncGenerator<Uint8Array> {
  const { size } = await stat(path);
  let read = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    yield chunk as Buffer;
    read += (chunk as Buffer).length;
    await onProgress(read, size);
  }
}

async function textOf(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size <= WHOLE_BYTES_MAX) return readFile(path, 'utf8');
  const advice = 'Ask for a range proof as lines: GET /v1/ledger/range with format=ndjson.';
  throw new CouldNotCheck(`${path} is too large to be read at once`, advice);
}

async function jsonOf(path: string): Promise<unknown> {
  try {
    return JSON.parse(await textOf(path));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new LedgerError('malformed', 'It is not JSON any more.', { cause });
  }
}

const rangeOptions = ({ trust, range }: FileCheck): Trust & TimeRange => ({
  ...trust,
  ...(range.from === undefined && range.to === undefined ? { shown: true } : range),
});

const CHECKS: Readonly<Record<FileKind, (check: FileCheck) => Promise<Finding>>> = {
  async bundle(check) {
    const { trust } = check;
    const verdict = await verifyBundle(chunksOf(check), trust);
    const anchor = trust.verifiers.length === 0 ? 'file' : 'given';
    const result = verdict.ok ? words.bundleWords(verdict) : verdict.broken;
    return finding('bundle', anchor, verdict.checkpoint, result);
  },
  async range_lines(check) {
    return rangeFinding(check, await verifyRangeLines(chunksOf(check), rangeOptions(check)));
  },
  async range(check) {
    return rangeFinding(check, await verifyRange(await jsonOf(check.path), rangeOptions(check)));
  },
  async evidence({ path, trust }) {
    const verified = await verifyEvidence(withoutParts(await jsonOf(path)), trust);
    return finding('evidence', 'given', verified.checkpoint, words.evidenceWords(verified));
  },
  async receipt({ path, trust }) {
    const receipts = receiptsOf(await jsonOf(path));
    let checkpoint = null;
    for (const receipt of receipts) checkpoint = await verifyReceipt(receipt, trust);
    return finding('receipt', 'given', checkpoint, words.receiptWords(receipts.length));
  },
  async proof({ path, trust, leaf }) {
    if (leaf === undefined) {
      const advice = 'Give the leaf hash of the entry with --leaf, or the evidence instead.';
      throw new CouldNotCheck('a proof alone does not say which entry it is about', advice);
    }
    const proof = await textOf(path);
    const { index: seq } = parseTlogProof(proof);
    const checkpoint = await verifyReceipt({ seq, leaf_hash: leaf, proof }, trust);
    return finding('receipt', 'given', checkpoint, words.receiptWords(1));
  },
  async checkpoint({ path, trust }) {
    const checkpoint = await verifyCheckpoint(await textOf(path), trust);
    return finding('checkpoint', 'given', checkpoint, words.checkpointWords(checkpoint.size));
  },
};

/** The answer 410 for an entry that is gone is evidence of it, without any part. */
function withoutParts(value: unknown): unknown {
  const { code, parts } = (value ?? {}) as { code?: unknown; parts?: unknown };
  return code === 'gone' && parts === undefined ? { ...(value as object), parts: [] } : value;
}

function rangeFinding({ range }: FileCheck, verdict: VerifiedRange): Finding {
  const result = verdict.ok ? words.rangeWords(verdict, range) : verdict.broken.map(rangeDamage);
  return finding('range', 'given', verdict.checkpoint, result);
}

/** The acknowledgement of events with `?receipt=true`, of one call, or one entry out of it. */
function receiptsOf(value: unknown): Receipt[] {
  const { events = [value] } = (value ?? {}) as { events?: unknown };
  const list = (Array.isArray(events) ? events : []) as Partial<Receipt>[];
  const isWhole = ({ seq, leaf_hash, proof }: Partial<Receipt>): boolean =>
    typeof seq === 'number' && typeof leaf_hash === 'string' && typeof proof === 'string';
  if (list.length > 0 && list.every((one) => one !== null && isWhole(one)))
    return list as Receipt[];
  throw new LedgerError('malformed', 'Not a receipt: it lacks a member.');
}
