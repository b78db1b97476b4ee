import { count, plural } from '../format/number.ts';
import type { Verdict } from './jobs.ts';

/** What a sound check shows, and what it does not, in plain words. */

export interface Words {
  readonly summary: string;
  readonly shows: readonly string[];
  readonly not: readonly string[];
}

const entries = (number: number) => plural(number, 'entry', 'entries');

const TRUE = 'that what was recorded is true';
const CONTENTS = 'what is in the entries: the headers show only commitments to it';
const ONE_VIEW = 'that everybody is shown the same ledger, unless witnesses have cosigned it';

export function verdictWords(verdict: Verdict): Words {
  switch (verdict.kind) {
    case 'tiles':
      return wholeWords(verdict, [
        'every hash of the tree that the server gives is the one that the entries give',
      ]);
    case 'bundle':
      return bundleWords(verdict);
    case 'place':
    case 'entries':
    case 'evidence':
      return entryWords(verdict);
    default:
      return verdict.checked === verdict.size ? wholeWords(verdict) : rangeWords(verdict);
  }
}

function wholeWords({ checked }: Verdict, more: readonly string[] = []): Words {
  return {
    summary: `All ${entries(checked)} of the ledger`,
    shows: [
      'every entry is at its place, chained to the one before it, and no older than that one',
      'all of them together give the root that the checkpoint signs; none is missing',
      ...more,
    ],
    not: [CONTENTS, ONE_VIEW],
  };
}

function rangeWords({ checked, first_seq = 0, last_seq = -1, within = checked }: Verdict): Words {
  const places = checked === 0 ? '' : `, ${count(first_seq)} to ${count(last_seq)}`;
  return {
    summary: `${entries(checked)}${places}`,
    shows: [
      'these entries are in the ledger at these places, unchanged and in this order',
      `nothing else is in the range: it has ${entries(within)}, and what is checked beyond shows where it begins and ends`,
    ],
    not: [CONTENTS, ONE_VIEW],
  };
}

function bundleWords({ within = 0, complete, missing_parts = 0 }: Verdict): Words {
  return {
    summary: `Evidence bundle with ${entries(within)}`,
    shows: [
      'each entry stood at its place in the ledger when the checkpoint was signed',
      'what the file says of each entry is exactly what was recorded',
      'the file is as the ledger signed it: nothing was added or taken away',
      ...(complete ? ['nothing else is in the ledger in this range of time'] : []),
    ],
    not: [
      TRUE,
      ...(complete ? [] : ['that no other entry fits the filter: that is the word of the server']),
      ...goneWords(missing_parts),
      ONE_VIEW,
    ],
  };
}

function entryWords({ checked, entry, missing_parts = 0 }: Verdict): Words {
  const one = entry ? `Entry ${count(entry.seq)} of ${entry.created_at}` : entries(checked);
  return {
    summary: one,
    shows: [
      checked === 1
        ? 'it is in the ledger, at this place and of this time'
        : 'each is in the ledger',
      ...(entry?.withheld ? [] : ['what is shown is exactly what was recorded']),
    ],
    not: entry?.withheld
      ? ['what is in it: you may check the ledger, not read the entries', ONE_VIEW]
      : [TRUE, ...goneWords(missing_parts), ONE_VIEW],
  };
}

const goneWords = (parts: number) =>
  parts === 0
    ? []
    : [
        `what ${plural(parts, 'part')} said that ${parts === 1 ? 'is' : 'are'} gone: erased, or past retention`,
      ];
