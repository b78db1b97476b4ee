import type { Kysely } from 'kysely';

import type { Tables } from '../store/tables.ts';
import { FACET_VALUES_MAX, FacetList, listedFacets } from './facet-list.ts';
import { forgetRemoved } from './forget.ts';
import { mergePages } from './merge.ts';
import { SEGMENT_ENTRIES_MAX, SegmentBuilder, type Page } from './postings.ts';
import { UNLISTED_TYPE_TERM, visitTerms, type Findable } from './terms.ts';
import type { IndexWrite } from './write.ts';

/** A small segment is made as soon as it is full; 64 of them are merged into a large one. */
export const SMALL_SEGMENT = 1024;
/** What is read at a time, so that little of it is in memory at once. */
const ENTRIES_PER_READ = 128;
const PAGES_PER_READ = 4;
/** What holds up the ledger at a time. */
const PAGES_PER_WRITE = 32;

/** Ids of segments: even for small ones, odd for merged ones. */
const smallId = (first: number) => first * 2;
const mergedId = (first: number) => first * 2 + 1;

export interface IndexerOptions {
  readonly db: Kysely<Tables>;
  readonly write: (write: IndexWrite) => Promise<void>;
  /** Entries of a small segment and of a merged one, which is a multiple of it. */
  readonly segmentSizes?: { readonly small: number; readonly merged: number };
  /** Values that are listed for each facet field. */
  readonly facetValuesMax?: number;
  /**
   * How long pages stay after another segment replaced theirs, ms: for readers that found the
   * segment before and have no snapshot, as on a cluster. None by default.
   */
  readonly graceMs?: number;
}

/**
 * Indexes entries behind the ledger: what it has not reached yet, queries read from the records
 * themselves. Everything it writes can be made again from the records, and is, when a step failed.
 */
export class Indexer {
  readonly #options: IndexerOptions;
  readonly #small: number;
  readonly #merged: number;
  readonly #facets = new Map<number, FacetList>();
  /** Segments whose pages are still there, the oldest first; `since` by `performance.now()`. */
  readonly #replaced: { app: number; segment: number; since: number }[] = [];

  constructor(options: IndexerOptions) {
    this.#options = options;
    const { small, merged } = options.segmentSizes ?? {
      small: SMALL_SEGMENT,
      merged: SEGMENT_ENTRIES_MAX,
    };
    this.#small = small;
    this.#merged = merged;
  }

  /** Forgets what was removed, and indexes all full segments of one log; returns up to where. */
  async catchUp(app: number): Promise<number> {
    if (!this.#facets.has(app)) await this.#begin(app);
    await forgetRemoved(this.#options, app, this.#facets.get(app) as FacetList);
    for (;;) {
      const end = await this.#indexedEnd(app);
      await this.#mergeBefore(app, end);
      await this.#discardReplaced();
      const size = await this.#logSize(app);
      if (size - end < this.#small) return end;
      await this.#indexSmall(app, end);
    }
  }

  /** The first time: what facets have had, and what an end between two steps left behind. */
  async #begin(app: number): Promise<void> {
    const { db, write, facetValuesMax = FACET_VALUES_MAX } = this.#options;
    for await (const segment of orphans(db, app)) await write({ step: 'discard', app, segment });
    this.#facets.set(app, new FacetList(facetValuesMax, await listedFacets(db, app)));
  }

  async #indexedEnd(app: number): Promise<number> {
    const row = await this.#options.db
      .selectFrom('segments')
      .select((eb) => eb.fn.max('end_seq').as('end'))
      .where('app', '=', app)
      .where('ready', '=', 1)
      .executeTakeFirst();
    return Number(row?.end ?? 0);
  }

  async #logSize(app: number): Promise<number> {
    const row = await this.#options.db
      .selectFrom('heads')
      .select('size')
      .where('app', '=', app)
      .executeTakeFirst();
    return Number(row?.size ?? 0);
  }

  async #indexSmall(app: number, first: number): Promise<void> {
    const end = first + this.#small;
    const builder = new SegmentBuilder();
    const facets = (this.#facets.get(app) as FacetList).begin();
    for (let at = first; at < end; at += ENTRIES_PER_READ) {
      const some = await this.#envelopes(app, at, Math.min(at + ENTRIES_PER_READ, end));
      for (const { seq, body } of some) {
        const record = JSON.parse(body) as Findable;
        visitTerms(record, (term) => builder.add(term, seq - first));
        if (!facets.add(record)) builder.add(UNLISTED_TYPE_TERM, seq - first);
      }
    }
    const segment = smallId(first);
    await this.#writeSegment(app, segment, builder.pages());
    const { fresh } = facets;
    const range = { first_seq: first, end_seq: end };
    await this.#publish({ app, segment, ...range, replaces: [], facets: fresh });
    facets.keep();
  }

  #envelopes(app: number, first: number, end: number) {
    return this.#options.db
      .selectFrom('parts')
      .select(['seq', 'body'])
      .where('app', '=', app)
      .where('seq', '>=', first)
      .where('seq', '<', end)
      .where('part', '=', 'envelope')
      .orderBy('seq')
      .execute();
  }

  /** Merges the small segments that end here, if they fill a large one and are not merged yet. */
  async #mergeBefore(app: number, end: number): Promise<void> {
    if (end === 0 || end % this.#merged !== 0) return;
    const last = await this.#options.db
      .selectFrom('segments')
      .select('segment')
      .where('app', '=', app)
      .where('segment', '=', smallId(end - this.#small))
      .executeTakeFirst();
    if (last) await this.#merge(app, end - this.#merged, end);
  }

  async #merge(app: number, first: number, end: number): Promise<void> {
    const replaces: number[] = [];
    for (let at = first; at < end; at += this.#small) replaces.push(smallId(at));
    const sources = replaces.map((one, i) => ({
      pages: this.#pagesOf(app, one),
      offset: i * this.#small,
    }));
    const segment = mergedId(first);
    await this.#writeSegment(app, segment, mergePages(sources));
    const range = { first_seq: first, end_seq: end };
    await this.#publish({ app, segment, ...range, replaces, facets: [] });
    const since = performance.now();
    for (const one of replaces) this.#replaced.push({ app, segment: one, since });
  }

  async #discardReplaced(): Promise<void> {
    const { write, graceMs = 0 } = this.#options;
    for (let next = this.#replaced[0]; next !== undefined; next = this.#replaced[0]) {
      if (performance.now() - next.since < graceMs) return;
      await write({ step: 'discard', app: next.app, segment: next.segment });
      this.#replaced.shift();
    }
  }

  #publish(segment: Omit<Extract<IndexWrite, { step: 'publish' }>, 'step'>): Promise<void> {
    return this.#options.write({ step: 'publish', ...segment });
  }

  async *#pagesOf(app: number, segment: number): AsyncGenerator<Uint8Array> {
    for (let after = -1; ;) {
      const rows = await this.#options.db
        .selectFrom('postings')
        .select(['first_term', 'page'])
        .where('app', '=', app)
        .where('segment', '=', segment)
        .where('first_term', '>', after)
        .orderBy('first_term')
        .limit(PAGES_PER_READ)
        .execute();
      for (const { page } of rows) yield page;
      if (rows.length < PAGES_PER_READ) return;
      after = Number(rows.at(-1)?.first_term);
    }
  }

  async #writeSegment(
    app: number,
    segment: number,
    pages: Iterable<Page> | AsyncIterable<Page>,
  ): Promise<void> {
    const { write } = this.#options;
    await write({ step: 'discard', app, segment });
    let some: Page[] = [];
    for await (const page of pages) {
      some.push(page);
      if (some.length < PAGES_PER_WRITE) continue;
      await write({ step: 'pages', app, segment, pages: some });
      some = [];
    }
    if (some.length > 0) await write({ step: 'pages', app, segment, pages: some });
  }
}

/** Segments that have pages and were never published, or were replaced. */
async function* orphans(db: Kysely<Tables>, app: number): AsyncGenerator<number> {
  const rows = await db.selectFrom('segments').select('segment').where('app', '=', app).execute();
  const published = new Set(rows.map(({ segment }) => Number(segment)));
  for (let after = -1; ;) {
    const next = await db
      .selectFrom('postings')
      .select('segment')
      .where('app', '=', app)
      .where('segment', '>', after)
      .orderBy('segment')
      .limit(1)
      .executeTakeFirst();
    if (!next) return;
    after = Number(next.segment);
    if (!published.has(after)) yield after;
  }
}
