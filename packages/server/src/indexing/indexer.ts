import { FACET_FIELDS } from '@affidavit/schema';
import type { Kysely } from 'kysely';

import type { Tables } from '../store/tables.ts';
import { readPage, SEGMENT_ENTRIES_MAX, SegmentBuilder } from './postings.ts';
import { termsOf, type Findable } from './terms.ts';
import type { IndexWrite } from './write.ts';

/** A small segment is made as soon as it is full; 64 of them are merged into a large one. */
export const SMALL_SEGMENT = 1024;
const PAGES_PER_WRITE = 64;
const FACET_VALUES_MAX = 10_000;

/** Ids of segments: even for small ones, odd for merged ones. */
const smallId = (first: number) => first * 2;
const mergedId = (first: number) => first * 2 + 1;

export interface IndexerOptions {
  readonly db: Kysely<Tables>;
  readonly write: (write: IndexWrite) => Promise<void>;
}

/**
 * Indexes entries behind the ledger: what it has not reached yet, queries read from the records
 * themselves. Everything it writes can be made again from the records.
 */
export class Indexer {
  readonly #options: IndexerOptions;
  readonly #seenFacets = new Map<number, Set<string>>();

  constructor(options: IndexerOptions) {
    this.#options = options;
  }

  /** Indexes all full segments of one log; returns up to where it is indexed. */
  async catchUp(app: number): Promise<number> {
    for (;;) {
      const end = await this.#indexedEnd(app);
      const size = await this.#logSize(app);
      if (size - end < SMALL_SEGMENT) return end;
      await this.#indexSmall(app, end);
      const reached = end + SMALL_SEGMENT;
      if (reached % SEGMENT_ENTRIES_MAX === 0) {
        await this.#merge(app, reached - SEGMENT_ENTRIES_MAX, reached);
      }
    }
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
    const end = first + SMALL_SEGMENT;
    const rows = await this.#options.db
      .selectFrom('parts')
      .select(['seq', 'body'])
      .where('app', '=', app)
      .where('seq', '>=', first)
      .where('seq', '<', end)
      .where('part', '=', 'envelope')
      .orderBy('seq')
      .execute();
    const builder = new SegmentBuilder();
    const facets = new Map<string, { field: string; value: string }>();
    for (const { seq, body } of rows) {
      const record = JSON.parse(body) as Findable;
      for (const term of termsOf(record)) builder.add(term, seq - first);
      this.#newFacets(app, record, facets);
    }
    await this.#writeSegment(app, smallId(first), builder);
    await this.#options.write({
      step: 'publish',
      app,
      segment: smallId(first),
      first_seq: first,
      end_seq: end,
      replaces: [],
      facets: [...facets.values()],
    });
    for (const key of facets.keys()) this.#seen(app).add(key);
  }

  #seen(app: number): Set<string> {
    const seen = this.#seenFacets.get(app) ?? new Set<string>();
    this.#seenFacets.set(app, seen);
    return seen;
  }

  #newFacets(
    app: number,
    record: Findable,
    facets: Map<string, { field: string; value: string }>,
  ): void {
    const seen = this.#seen(app);
    for (const field of FACET_FIELDS) {
      if (record[field] === undefined) continue;
      const value = String(record[field]);
      const key = `${field}\0${value}`;
      if (seen.size + facets.size < FACET_VALUES_MAX && !seen.has(key)) {
        facets.set(key, { field, value });
      }
    }
  }

  async #merge(app: number, first: number, end: number): Promise<void> {
    const builder = new SegmentBuilder();
    const replaces: number[] = [];
    for (let at = first; at < end; at += SMALL_SEGMENT) {
      replaces.push(smallId(at));
      for (const { page } of await this.#pagesOf(app, smallId(at))) {
        for (const { term, positions } of readPage(page)) {
          for (const position of positions) builder.add(term, at - first + position);
        }
      }
    }
    await this.#writeSegment(app, mergedId(first), builder);
    await this.#options.write({
      step: 'publish',
      app,
      segment: mergedId(first),
      first_seq: first,
      end_seq: end,
      replaces,
      facets: [],
    });
    for (const segment of replaces) await this.#options.write({ step: 'discard', app, segment });
  }

  #pagesOf(app: number, segment: number) {
    return this.#options.db
      .selectFrom('postings')
      .select('page')
      .where('app', '=', app)
      .where('segment', '=', segment)
      .orderBy('first_term')
      .execute();
  }

  async #writeSegment(app: number, segment: number, builder: SegmentBuilder): Promise<void> {
    const pages = builder.pages();
    for (let at = 0; at < pages.length; at += PAGES_PER_WRITE) {
      const some = pages.slice(at, at + PAGES_PER_WRITE);
      await this.#options.write({ step: 'pages', app, segment, pages: some });
    }
  }
}
