import type { FactBlock, Layout, Outline, ReportKind } from './kinds.ts';
import type { Counts, Tally } from './tally.ts';

/** What a report says around its entries. */

/** Known before anything is counted. */
export interface Frame {
  readonly kind: ReportKind;
  readonly outline: Outline;
  readonly export_id: string;
  readonly app_id: string;
  readonly origin: string;
  readonly vkey: string;
  readonly size: number;
  readonly checkpoint: string;
  readonly made_at: string;
  /** Who asked for it. */
  readonly made_by: string;
  readonly subject: string;
  readonly identifiers: readonly string[];
  /** What was asked, as it was asked. */
  readonly asked: Readonly<Record<string, string | readonly string[]>>;
  readonly from: string | null;
  readonly to: string | null;
}

export interface Facts {
  readonly id: FactBlock;
  readonly title: string;
  readonly rows: readonly (readonly [name: string, value: string])[];
}

export interface Summary extends Tally {
  readonly facts: readonly Facts[];
}

export interface SectionHead {
  readonly title: string;
  readonly about: string;
  readonly layout: Layout;
  readonly counts: Counts;
}

/** What came of the sections, after they were written. */
export interface End {
  /** Entries that were counted first and were gone when they were to be written. */
  readonly missing: number;
}

/** Puts a report into a format; rows come ready from reader threads. */
export interface Writer {
  readonly head: (frame: Frame) => string;
  readonly summary: (frame: Frame, summary: Summary) => string;
  readonly openSection: (section: SectionHead, index: number) => string;
  readonly betweenRows: string;
  readonly closeSection: (section: SectionHead, written: number) => string;
  readonly end: (frame: Frame, end: End) => string;
}
