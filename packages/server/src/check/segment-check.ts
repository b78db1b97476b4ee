import { PositionLists } from '../indexing/position-lists.ts';
import { readPage, type Positions } from '../indexing/postings.ts';
import { UNLISTED_TYPE_TERM, visitTerms, type Findable, type Term } from '../indexing/terms.ts';
import type { SegmentsTable } from '../store/tables.ts';
import type { FacetCheck } from './facet-check.ts';
import type { Tell } from './index-check.ts';
import type { LogSource } from './source.ts';

/** Records, and pages of the index, that are read at once. */
const RECORDS = 1000;
const PAGES = 64;

/** Damage of one segment that is named: mostly all of it has one cause. */
const TOLD_MAX = 20;

type Segment = Pick<SegmentsTable, 'segment' | 'first_seq' | 'end_seq'>;

/** Makes the postings of one segment again and compares. All reads are of one snapshot. */
export class SegmentCheck {
  readonly #source: LogSource;
  readonly #segment: Segment;
  readonly #facets: FacetCheck;
  readonly #tell: Tell;
  #told = 0;
  readonly #expected = new PositionLists();
  /** 1 for each entry whose record is there. */
  readonly #present: Uint8Array;

  constructor(
    source: LogSource,
    segment: Segment,
    { facets, tell }: { readonly facets: FacetCheck; readonly tell: Tell },
  ) {
    this.#source = source;
    this.#segment = segment;
    this.#facets = facets;
    this.#tell = tell;
    this.#present = new Uint8Array(segment.end_seq - segment.first_seq);
  }

  async run(): Promise<void> {
    const { first_seq, end_seq } = this.#segment;
    await this.#facets.read(this.#source);
    for (let first = first_seq; first < end_seq; first += RECORDS) {
      await this.#readRecords(first, Math.min(first + RECORDS, end_seq));
    }
    if (this.#present.includes(0)) this.#facets.miss();
    await this.#compare();
  }

  async #readRecords(first: number, end: number): Promise<void> {
    const { db, app } = this.#source;
    const rows = await db
      .selectFrom('parts')
      .select(['seq', 'body'])
      .where('app', '=', app)
      .where('seq', '>=', first)
      .where('seq', '<', end)
      .where('part', '=', 'envelope')
      .orderBy('seq')
      .execute();
    for (const { seq, body } of rows) {
      const record = parse(body);
      if (record === null) continue;
      const position = seq - this.#segment.first_seq;
      this.#present[position] = 1;
      visitTerms(record, (term) => this.#expected.add(term, position));
      if (!this.#facets.see(seq, record)) this.#expected.add(UNLISTED_TYPE_TERM, position);
    }
  }

  /** Both in the order of their terms. */
  async #compare(): Promise<void> {
    const expected = this.#expected.terms();
    let at = 0;
    let before = -1;
    for await (const { term, positions } of this.#stored()) {
      if (!(term > before)) return this.#tell(this.#segment.first_seq, 'the index is out of order');
      before = term;
      for (; at < expected.length && (expected[at] as Term) < term; at++) {
        this.#compareTerm(expected[at] as Term, null);
      }
      if (expected[at] === term) at++;
      this.#compareTerm(term, positions);
    }
    for (; at < expected.length; at++) this.#compareTerm(expected[at] as Term, null);
  }

  /** Ends where a page cannot be read; the rest then counts as missing. */
  async *#stored(): AsyncGenerator<{ term: Term; positions: Positions }> {
    const { db, app } = this.#source;
    for (let after = -1; ;) {
      const pages = await db
        .selectFrom('postings')
        .select(['first_term', 'page'])
        .where('app', '=', app)
        .where('segment', '=', this.#segment.segment)
        .where('first_term', '>', after)
        .orderBy('first_term')
        .limit(PAGES)
        .execute();
      for (const { first_term, page } of pages) {
        after = first_term;
        const terms = parsePage(page);
        if (terms?.[0]?.term === first_term) yield* terms;
        else this.#tell(this.#segment.first_seq, 'a page of the index cannot be read');
      }
      if (pages.length < PAGES) return;
    }
  }

  #compareTerm(term: Term, stored: Positions | null): void {
    const expected = this.#expected.positionsOf(term);
    let at = 0;
    const missing = () => this.#name(expected[at++] as number, 'the index lacks a term of it');
    stored?.visit((position) => {
      while (at < expected.length && (expected[at] as number) < position) missing();
      if (expected[at] === position) at++;
      // A type that was not listed may be so by now: it is only looked at once more.
      else if (term !== UNLISTED_TYPE_TERM && this.#present[position] !== 0) {
        this.#name(position, 'the index has a term that it does not have');
      }
    });
    while (at < expected.length) missing();
  }

  #name(position: number, what: string): void {
    if (this.#told++ < TOLD_MAX) this.#tell(this.#segment.first_seq + position, what);
  }
}

function parse(body: string): Findable | null {
  try {
    return JSON.parse(body) as Findable;
  } catch {
    return null;
  }
}

/** Null for a page whose counts do not fit it. */
function parsePage(page: Uint8Array): { term: Term; positions: Positions }[] | null {
  try {
    return [...readPage(page)];
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) return null;
    throw error;
  }
}
