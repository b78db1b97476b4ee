import { plain } from '@affidavit/schema/plain';

import { count, plural } from '../../shared/format/number.ts';
import type { Baseline, Finding } from './run.ts';

/** What the comparison of a run with earlier ones found, in words. */

export interface VerdictWords {
  readonly title: string;
  readonly about: string;
  readonly tone: 'good' | 'refused' | 'neutral';
}

export function verdictOf({ verdict, runs_compared, thresholds }: Baseline): VerdictWords {
  const earlier = `the ${plural(runs_compared, 'earlier run')} of this agent`;
  switch (verdict) {
    case 'consistent':
      return {
        title: 'Like earlier runs',
        about: `It did nothing that ${earlier} had not done before, and not more of it.`,
        tone: 'good',
      };
    case 'novel':
      return {
        title: 'Did something new',
        about: `Some of it none, or hardly any, of ${earlier} had done.`,
        tone: 'refused',
      };
    case 'unusual_volume':
      return {
        title: 'Did much more than usual',
        about: `It did what ${earlier} did, but far more of it.`,
        tone: 'refused',
      };
    case 'insufficient_history':
      return {
        title: 'Too early to tell',
        about: `A run is compared once there are ${thresholds.runs_min} earlier ones of its agent; there ${runs_compared === 1 ? 'is' : 'are'} ${count(runs_compared)}.`,
        tone: 'neutral',
      };
    default:
      return { title: plain(verdict), about: '', tone: 'neutral' };
  }
}

/** What an earlier run did, or did not do; by what was compared. */
const DID: Readonly<Record<string, (value: string) => string>> = {
  provider: (value) => `used the provider ${value}`,
  operation: (value) => `made the call ${value}`,
  scope: (value) => `asked for the scope ${value}`,
  grant: (value) => `used the grant ${value}`,
  network: (value) => `came from the network ${value}`,
  hours: (value) => `was at work between ${value.replace('-', ' and ')} o’clock (UTC)`,
};

const MEASURES: Readonly<Record<string, string>> = { calls: 'calls', refused: 'refusals' };

/** `No earlier run used the provider mail.` */
export function findingInWords(finding: Finding, { runs_compared }: Baseline): string {
  const { check, dimension = '', value, prior_runs = 0, measure = '', median, threshold } = finding;
  if (check === 'volume') {
    const what = MEASURES[measure] ?? plain(measure);
    return `It had ${count(Number(value))} ${what}. Half of the earlier runs had ${count(median ?? 0)} or fewer; more than ${count(Math.floor(threshold ?? 0))} is unusual.`;
  }
  const said = plain(value);
  const did = DID[dimension]?.(said) ?? `had ${plain(dimension)} ${said}`;
  if (prior_runs === 0) return `No earlier run ${did}.`;
  return `Only ${count(prior_runs)} of ${plural(runs_compared, 'earlier run')} ${did}.`;
}
