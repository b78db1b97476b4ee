import type { TileId } from '@affidavit/ledger';
import type { Kysely } from 'kysely';

import { Deadline } from '../query/deadline.ts';
import type { Filter } from '../query/filter.ts';
import type { Tables } from '../store/tables.ts';
import { frameBundle, readBundleLines, type BundleStep } from './bundle.ts';
import { readCosigned, readServedCheckpoint, readWitnesses } from '../witnessing/reads.ts';
import { readEvidence } from './evidence.ts';
import { readHead, readKeys } from './head.ts';
import { readEndedKeys, readKeyChain, type KeyPage } from './keys.ts';
import {
  proveConsistency,
  proveInclusion,
  proveReceipts,
  type EntryName,
  type SignedSize,
} from './proofs.ts';
import { formatHeaders, frameRange, type HeaderSpan, type Times } from './range.ts';
import { readHeaders, readResource } from './tiles.ts';

interface OfApp {
  readonly app: number;
}

export type Snapshot = <T>(work: (at: Kysely<Tables>) => Promise<T>) => Promise<T>;

/** What reader threads answer about the ledger, each in one snapshot. */
export function proveOperations(snapshot: Snapshot) {
  return {
    ledgerHead: ({ app }: OfApp) => snapshot((at) => readHead(at, app)),
    ledger: ({ app }: OfApp) =>
      snapshot(async (at) => ({
        head: await readHead(at, app),
        keys: await readKeys(at, app),
        witnesses: await readWitnesses(at, app),
      })),
    servedCheckpoint: ({ app, witnessed }: OfApp & { witnessed: boolean }) =>
      snapshot((at) => readServedCheckpoint(at, app, witnessed)),
    witnesses: ({ app }: Partial<OfApp>) => snapshot((at) => readWitnesses(at, app)),
    cosigned: ({ app }: OfApp) => snapshot((at) => readCosigned(at, app)),
    keyChain: (page: KeyPage) => snapshot((at) => readKeyChain(at, page)),
    endedKeys: (request: { now: number; limit: number }) =>
      snapshot((at) => readEndedKeys(at, request)),
    ledgerResource: ({ app, tile }: OfApp & { tile: TileId }) =>
      snapshot((at) => readResource(at, app, tile)),
    inclusion: ({ app, name }: OfApp & { name: EntryName }) =>
      snapshot((at) => proveInclusion(at, app, name)),
    receipts: ({ app, seqs, signed }: OfApp & { seqs: readonly number[]; signed?: SignedSize }) =>
      snapshot((at) => proveReceipts(at, app, seqs, signed)),
    consistency: ({ app, older, newer }: OfApp & { older: number; newer: number }) =>
      snapshot((at) => proveConsistency(at, app, older, newer)),
    evidence: ({ app, event_id }: OfApp & { event_id: string }) =>
      snapshot((at) => readEvidence(at, app, event_id)),
    bundleFrame: ({ app, filter }: OfApp & { filter: Filter }) =>
      snapshot((at) => frameBundle(at, app, filter)),
    bundleLines: ({ deadline, ...step }: BundleStep & { deadline: number }) =>
      snapshot((at) => readBundleLines(at, step, new Deadline(deadline))),
    rangeFrame: ({ app, times }: OfApp & { times: Times }) =>
      snapshot((at) => frameRange(at, app, times)),
    headers: ({ app, first, end, format }: OfApp & HeaderSpan) =>
      snapshot(async (at) => formatHeaders(await readHeaders(at, app, first, end), format)),
  };
}
