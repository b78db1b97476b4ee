import {
  LedgerError,
  toBase64,
  verifyBundle,
  verifyEvidence,
  verifyRange,
  verifyRangeLines,
  type BundleVerdict,
  type Trust,
  type VerifiedCheckpoint,
} from '@affidavit/ledger';

import { foundIn, type Found, type Tell } from './found.ts';
import { layOpen } from './entries.ts';
import type { Head, Job } from './jobs.ts';
import { chunksOf, CouldNotCheck } from './reading.ts';

/** Checks of files that were kept, without any question to the server. */

type FileJob = Extract<Job, { kind: 'file' }>;

const BEGINNING_BYTES = 64 * 1024;
const WHOLE_BYTES_MAX = 256 * 1024 * 1024;
const USTAR_AT = 257;

export async function checkFile({ file, vkey }: FileJob, tell: Tell): Promise<Found> {
  const trust = { verifiers: [vkey] };
  try {
    return await CHECKS[await kindOf(file)](file, trust, tell);
  } catch (error) {
    if (!(error instanceof LedgerError) || error.code === 'invalid_argument') throw error;
    return { checked: 0, broken: [{ seq: null, message: error.message }] };
  }
}

type FileKind = 'bundle' | 'lines' | 'range' | 'evidence';

/** By how it begins; a name is easily changed. */
async function kindOf(file: File): Promise<FileKind> {
  const bytes = new Uint8Array(await file.slice(0, BEGINNING_BYTES).arrayBuffer());
  const text = new TextDecoder('latin1').decode(bytes);
  if (text.startsWith('ustar', USTAR_AT) || file.name.endsWith('.tar')) return 'bundle';
  const [first = ''] = text.split('\n', 1);
  if (first.length < text.length && first.includes('"left"') && !first.includes('"headers"')) {
    return 'lines';
  }
  if (text.includes('"first_seq"')) return 'range';
  if (text.includes('"header"') && text.includes('"proof"')) return 'evidence';
  throw new CouldNotCheck(
    'This file is none that can be checked here.',
    'Drop an evidence bundle (.tar), a range proof or the evidence of an entry, as it was downloaded.',
  );
}

type FileCheck = (file: File, trust: Trust, tell: Tell) => Promise<Found>;

const CHECKS: Readonly<Record<FileKind, FileCheck>> = {
  async bundle(file, trust, tell) {
    return foundInBundle(await verifyBundle(read(file, tell), trust), trust);
  },
  async lines(file, trust, tell) {
    const verdict = await verifyRangeLines(read(file, tell), { ...trust, shown: true });
    return { kind: 'range', head: headOf(verdict.checkpoint, trust), ...foundIn(verdict) };
  },
  async range(file, trust) {
    const verdict = await verifyRange(await json(file), { ...trust, shown: true });
    return { kind: 'range', head: headOf(verdict.checkpoint, trust), ...foundIn(verdict) };
  },
  async evidence(file, trust) {
    const value = (await json(file)) as { parts?: unknown };
    const verified = await verifyEvidence({ parts: [], ...value }, trust);
    const entry = layOpen(verified);
    const missing_parts = entry.missing.length;
    const head = headOf(verified.checkpoint, trust);
    return { kind: 'evidence', head, checked: 1, missing_parts, entry, broken: [] };
  },
};

async function* read(file: File, tell: Tell): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const chunk of chunksOf(file.stream())) {
    yield chunk;
    done += chunk.length;
    tell({ done, total: file.size });
  }
}

async function json(file: File): Promise<unknown> {
  if (file.size > WHOLE_BYTES_MAX) {
    const advice = 'Ask for the range proof as lines (format=ndjson), or use affidavit verify.';
    throw new CouldNotCheck('The file is too large to be read at once.', advice);
  }
  try {
    return JSON.parse(await file.text());
  } catch (cause) {
    throw new LedgerError('malformed', 'It is not JSON any more.', { cause });
  }
}

/** Of a file, the note itself is not shown again. */
function headOf({ origin, size, root }: VerifiedCheckpoint, { verifiers }: Trust): Head {
  const vkey = String(verifiers[0]);
  return { origin, size, root: toBase64(root), vkey, checkpoint: '', cosigned: [] };
}

function foundInBundle(verdict: BundleVerdict, trust: Trust): Found {
  const { checkpoint, manifest, checked, complete, broken } = verdict;
  return {
    kind: 'bundle',
    head: checkpoint === null ? null : headOf(checkpoint, trust),
    checked,
    complete,
    ...(manifest === null
      ? {}
      : {
          within: manifest.entries,
          missing_parts: manifest.missing_parts,
          ...(manifest.first_seq === null ? {} : { first_seq: manifest.first_seq }),
          ...(manifest.last_seq === null ? {} : { last_seq: manifest.last_seq }),
        }),
    broken: broken.map(({ seq, member, message }) => {
      return { seq, message: member === null ? message : `${member}: ${message}` };
    }),
  };
}
