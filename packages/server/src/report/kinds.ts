import type { Query } from '../query/filter.ts';
import type { Dimension } from './tally.ts';

/** What each compliance report asks of the trail, and how it says what it found. */

export const REPORT_KINDS = [
  'access',
  'agent',
  'violations',
  'secret',
  'gdpr',
  'hipaa',
  'soc2',
] as const;
export type ReportKind = (typeof REPORT_KINDS)[number];

/** `entries`: a sentence for each. `disclosures`: the columns of an accounting of disclosures. */
export type Layout = 'entries' | 'disclosures';

/** What a section says beside entries: facts that are read when the report is made. */
export type FactBlock = 'verification' | 'witnesses' | 'retention' | 'holds' | 'erasures';

export interface SectionOutline {
  readonly title: string;
  readonly about: string;
  readonly query: Query;
  /** Leaves out what this finds. */
  readonly except?: Query;
  /**
   * What of the subject its entries have: unless said, the grant, the agent, or the person on whose
   * behalf. `person`: that, or the person themselves. `secret`: the secret itself.
   */
  readonly by?: 'person' | 'secret';
  readonly layout?: Layout;
  /** Whether its entries are in the groups and totals at the beginning. */
  readonly uncounted?: true;
}

export interface Outline {
  readonly title: string;
  /** The question that it answers; `{subject}` stands for whom it is about. */
  readonly question: string;
  /** What must be named: some of these parameters. */
  readonly subject: 'principal' | 'agent' | 'secret' | 'anyone';
  readonly groupTitle: string;
  readonly groupBy: readonly Dimension[];
  readonly facts: readonly FactBlock[];
  readonly sections: readonly SectionOutline[];
  /** What a reader must know to judge it. */
  readonly notes: readonly string[];
}
