import type {
  BundleVerdict,
  BundleManifest,
  RangeVerdict,
  VerifiedEvidence,
} from '@affidavit/ledger';

import { plain, thousands } from '../format/plain.ts';
import type { Sound } from './finding.ts';

/** What a sound check proves and what it does not, in plain words. */

const TRUTH = 'that what was recorded is true';
const ONE_VIEW = 'that everybody is shown the same ledger, unless witnesses have cosigned';
const AFTER = 'anything after the checkpoint';

const count = (number: number, one: string, many = `${one}s`): string =>
  `${thousands(number)} ${number === 1 ? one : many}`;

const entries = (number: number): string => count(number, 'entry', 'entries');

function spanOf({ from, to }: Pick<BundleManifest, 'from' | 'to'>): string {
  if (from === undefined && to === undefined) return 'in the whole ledger';
  if (to === undefined) return `from ${plain(from)} on`;
  return from === undefined ? `before ${plain(to)}` : `from ${plain(from)} until ${plain(to)}`;
}

export function bundleWords({ manifest, complete }: BundleVerdict): Sound {
  const { entries: found, parts, missing_parts, filter } = manifest as BundleManifest;
  const proved = [
    'each entry stood at its place in the ledger when the checkpoint was signed, unchanged',
    `${count(parts, 'part')} of them ${parts === 1 ? 'is' : 'are'} exactly what was recorded`,
    'the file is as the ledger has signed it, with nothing added or taken away',
  ];
  if (complete) proved.push(`there is nothing else in the ledger ${spanOf(manifest as object)}`);
  const not_proved = [TRUTH, ONE_VIEW, AFTER];
  if (!complete) {
    const asked = plain(filter);
    not_proved.unshift(`that no other entry fits ${asked}: that is the word of the server`);
  }
  if (missing_parts > 0) {
    not_proved.push(
      `what ${count(missing_parts, 'part')} said that are not shown: erased, or past retention`,
    );
  }
  return {
    summary: `evidence bundle with ${entries(found)} ${spanOf(manifest as object)}`,
    proved,
    not_proved,
  };
}

export function evidenceWords({ header, parts, missing }: VerifiedEvidence): Sound {
  const shown = Object.keys(parts);
  const gone = missing.map((name) => plain(name)).join(', ');
  return {
    summary: `entry ${header.seq}, ${plain(header.event_id)}, of ${header.created_at}`,
    proved: [
      'the entry is in the ledger, at this place and of this time',
      ...(shown.length > 0
        ? [`what is shown is exactly what was recorded: ${shown.join(', ')}`]
        : []),
    ],
    not_proved: [
      TRUTH,
      ONE_VIEW,
      ...(gone === '' ? [] : [`what these parts said, which are not shown: ${gone}`]),
    ],
  };
}

/** `asked` says whether the range was named by who checks, or is whatever the proof shows. */
export function rangeWords(
  { within, checked, first_seq, last_seq, covers }: RangeVerdict,
  asked: { readonly from?: string; readonly to?: string },
): Sound {
  const span = covers === undefined ? spanOf(asked) : shownSpan(covers);
  const places = checked === 0 ? '' : ` (${first_seq} to ${last_seq})`;
  return {
    summary: `range proof over ${entries(checked)}${places}`,
    proved: [
      'these entries are in the ledger at these places, unchanged and in this order',
      `there is nothing else in the ledger ${span}`,
      ...(covers === undefined ? [`in that time there are ${entries(within)}`] : []),
    ],
    not_proved: ['what is in the entries: only their commitments are shown', ONE_VIEW, AFTER],
  };
}

function shownSpan({ after, before }: NonNullable<RangeVerdict['covers']>): string {
  if (after === null && before === null) return 'at all';
  if (before === null) return `after ${after}`;
  return after === null ? `before ${before}` : `after ${after} and before ${before}`;
}

export const receiptWords = (receipts: number): Sound => ({
  summary: `receipt for ${entries(receipts)}`,
  proved: ['an entry with this leaf hash is at its place in the ledger'],
  not_proved: [
    'what is in the entry, its id and its time: take its evidence for that',
    ONE_VIEW,
    AFTER,
  ],
});

export const checkpointWords = (size: number): Sound => ({
  summary: `checkpoint of ${entries(size)}`,
  proved: ['the ledger has signed that it is this'],
  not_proved: ['anything about the entries', ONE_VIEW],
});

export const logWords = ({ checked }: RangeVerdict): Sound => ({
  summary: `whole ledger of ${entries(checked)}`,
  proved: [
    'every entry is at its place, chained to the one before, under the signed checkpoint',
    'every hash tile that is served is the one that the entries give',
  ],
  not_proved: ['what is in the entries: only their commitments are shown', ONE_VIEW],
});
