import { setTimeout as sleep } from 'node:timers/promises';

import { encodeCursor } from '../query/cursor.ts';
import { parseFilter, type Condition, type Filter } from '../query/filter.ts';
import type { Services } from '../services.ts';
import { readFacts, type FactsAsked } from './facts.ts';
import type { Facts, Frame, SectionHead, Writer } from './frame.ts';
import type { SectionOutline } from './kinds.ts';
import type { Choice, ReportFormat, ReportRowsRequest, RowsStep } from './read.ts';
import type { TallyRequest, TallyStep } from './read.ts';
import type { Subject } from './subject.ts';
import { Tallying, type Counts, type Tally } from './tally.ts';

/**
 * A report, piece by piece: first everything is counted, then it is written. Both stop at the same
 * position, and each step is a page in one snapshot, so that memory does not grow with it.
 */

const PAGE_ENTRIES = 1000;
/** Whoever waits for the counting hears something now and then; white space is nothing. */
const SIGN_OF_LIFE = '\n';
const SIGN_OF_LIFE_MS = 5000;

export interface Reporting extends Omit<FactsAsked, 'counts' | 'identifiers'> {
  readonly frame: Frame;
  readonly subject: Subject;
  readonly format: ReportFormat;
  readonly writer: Writer;
}

interface Section extends Pick<SectionOutline, 'title' | 'about' | 'uncounted'> {
  readonly layout: SectionHead['layout'];
  readonly filter: Filter;
  readonly choice: Choice;
}

interface Counted extends Section {
  readonly counts: Counts;
}

export async function* writeReport(reporting: Reporting): AsyncGenerator<string> {
  const { frame, writer } = reporting;
  yield writer.head(frame);
  const total = new Tallying(frame.outline.groupBy);
  const sections: Counted[] = [];
  for (const section of sectionsOf(reporting)) {
    const tally = yield* count(reporting, section);
    if (!section.uncounted) total.addTally(tally);
    sections.push({ ...section, counts: tally.counts });
  }
  const facts = yield* gatherFacts(reporting, total.tally.counts);
  yield writer.summary(frame, { ...total.tally, facts });
  let missing = 0;
  for (const [index, section] of sections.entries()) {
    yield writer.openSection(section, index);
    const written = yield* writeRows(reporting, section);
    missing += Math.max(0, section.counts.entries - written);
    yield writer.closeSection(section, written);
  }
  yield writer.end(frame, { missing });
}

function sectionsOf({ frame, filter, subject }: Reporting): Section[] {
  return frame.outline.sections.flatMap((outline) => {
    const narrowing = subject.within(outline.by);
    if (narrowing === null) return [];
    const { query, except = {}, layout = 'entries' } = outline;
    const conditions: Condition[] = [
      ...filter.conditions,
      ...narrowing.conditions,
      ...parseFilter(query).conditions,
    ];
    const { argument } = narrowing;
    const choice: Choice = {
      except: parseFilter(except).conditions,
      ...(argument === undefined ? {} : { argument }),
    };
    return [{ ...outline, layout, filter: { ...filter, conditions }, choice }];
  });
}

const pageOf = ({ app, frame }: Reporting, { filter, choice }: Section) => ({
  app: app.app,
  filter,
  choice,
  order: 'asc' as const,
  limit: PAGE_ENTRIES,
  before_seq: frame.size,
  cursor: encodeCursor(app.app, filter, { seq: -1, order: 'asc' }),
});

async function* count(reporting: Reporting, section: Section): AsyncGenerator<string, Tally> {
  const { frame } = reporting;
  const tallying = new Tallying(frame.outline.groupBy);
  let request: TallyRequest = { ...pageOf(reporting, section), groupBy: frame.outline.groupBy };
  for (;;) {
    const step = yield* inTurn<TallyStep>(reporting, 'reportTally', request);
    tallying.addTally(step.tally);
    if (!step.has_more) return tallying.tally;
    request = { ...request, cursor: step.next_cursor };
  }
}

async function* writeRows(reporting: Reporting, section: Section): AsyncGenerator<string, number> {
  const { format, writer } = reporting;
  let request: ReportRowsRequest = {
    ...pageOf(reporting, section),
    format,
    layout: section.layout,
  };
  let written = 0;
  for (;;) {
    const step = yield* inTurn<RowsStep>(reporting, 'reportRows', request);
    if (step.count > 0) yield written === 0 ? step.text : writer.betweenRows + step.text;
    written += step.count;
    if (!step.has_more) return written;
    request = { ...request, cursor: step.next_cursor };
  }
}

async function* gatherFacts(reporting: Reporting, counts: Counts): AsyncGenerator<string, Facts[]> {
  const { frame, subject } = reporting;
  const asked = { ...reporting, counts, identifiers: subject.identifiers };
  const facts: Facts[] = [];
  for (const block of frame.outline.facts) {
    facts.push(yield* whileAlive(readFacts(block, asked)));
  }
  return facts;
}

/** Among the exports, one at a time, so that a thread is left for questions. */
async function* inTurn<T>(
  { services }: Pick<Reporting, 'services'>,
  op: string,
  request: object,
): AsyncGenerator<string, T> {
  return yield* whileAlive(read<T>(services, op, request));
}

async function read<T>({ exportTurns, readers }: Services, op: string, request: object) {
  const end = await exportTurns.take();
  return readers.run<T>(op, request).finally(end);
}

/** What a promise resolves with; until then signs of life. */
async function* whileAlive<T>(promise: Promise<T>): AsyncGenerator<string, T> {
  const done = promise.then((value) => ({ value }));
  for (;;) {
    const timer = new AbortController();
    const tick = sleep(SIGN_OF_LIFE_MS, null, { signal: timer.signal }).catch(() => null);
    const ended = await Promise.race([done, tick]).finally(() => timer.abort());
    if (ended) return ended.value;
    yield SIGN_OF_LIFE;
  }
}
