import { formatAddCheckpoint, fromBase64, parseVerifierKey } from '@affidavit/ledger';
import { AffidavitError } from '@affidavit/schema';
import { isBelow, type Egress } from '@affidavit/vault';

import type { ReaderPool } from '../query/reader-pool.ts';
import { readAnswer, type Asked, type Meaning, type WitnessAnswer } from './answer.ts';
import type { WitnessView } from './reads.ts';

const ANSWER_MS = 10_000;
const ANSWER_BYTES_MAX = 64 * 1024;
/** A witness that says another size each time is not followed for ever. */
const TRIES = 4;

/** The checkpoint that is to be cosigned. */
export interface Target {
  readonly size: number;
  readonly checkpoint: string;
}

export interface AskPorts {
  readonly egress: Egress;
  readonly readers: Pick<ReaderPool, 'run'>;
}

/**
 * What came of it: `ahead` when the witness has cosigned more entries than the target has, else
 * see `Meaning`.
 */
export type Outcome =
  | Exclude<Meaning, { readonly kind: 'other_size' }>
  | { readonly kind: 'ahead'; readonly size: number };

/** Asks a witness to cosign, from the size that it has, which it may have to tell first. */
export async function askWitness(
  ports: AskPorts,
  witness: WitnessView,
  target: Target,
  signal: AbortSignal,
): Promise<Outcome> {
  const key = parseVerifierKey(witness.vkey);
  let old = Math.min(witness.cosigned_size ?? 0, target.size);
  for (let tries = 1; tries <= TRIES; tries++) {
    const asked = { ...target, old };
    const answer = await post(ports, witness, asked, signal);
    if (typeof answer === 'string') return { kind: 'failed', message: answer };
    const meaning = await readAnswer(asked, answer, key);
    if (meaning.kind !== 'other_size') return meaning;
    if (meaning.size > target.size) return { kind: 'ahead', size: meaning.size };
    old = meaning.size;
  }
  return { kind: 'failed', message: 'it says another size each time' };
}

/** The answer, or why there is none. */
async function post(
  { egress, readers }: AskPorts,
  witness: WitnessView,
  { checkpoint, size, old }: Asked,
  signal: AbortSignal,
): Promise<WitnessAnswer | string> {
  const range = { app: witness.app, older: old, newer: size };
  const proof = await readers.run<string[]>('consistency', range);
  const base = witness.url.replace(/\/$/, '');
  const request = {
    method: 'POST',
    url: new URL(`${base}/add-checkpoint`),
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: formatAddCheckpoint({ old, hashes: proof.map(fromBase64), checkpoint }),
    credential: { attach: () => undefined },
    withinScope: (url: URL) => isBelow(base, url),
  };
  const options = { timeoutMs: ANSWER_MS, maxResponseBytes: ANSWER_BYTES_MAX, signal };
  try {
    const result = await egress.callProvider(request, options);
    if (result.kind === 'failure') return `there was no answer (${result.reason})`;
    const type = String(result.headers['content-type'] ?? '');
    return { status: result.status, type, body: Buffer.from(result.body).toString('utf8') };
  } catch (error) {
    if (error instanceof AffidavitError && error.code === 'egress_blocked')
      return 'its address may not be called';
    throw error;
  }
}
