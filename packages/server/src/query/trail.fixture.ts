/** A trail in a real database, with its index, for the tests beside it. */
import { FIELDS, type AuditEvent, type FieldName } from '@affidavit/schema';
import type { Kysely } from 'kysely';

import { Indexer } from '../indexing/indexer.ts';
import type { Findable } from '../indexing/terms.ts';
import { writeIndexPages, type IndexWrite } from '../indexing/write.ts';
import { prepareEvent } from '../ingest/prepare.ts';
import type { LedgerWriter } from '../sequence/ledger-writer.ts';
import { openLogs, submissionOf, type TestLogs } from '../sequence/log.fixture.ts';
import type { Effect, SeqRange } from '../store/port.ts';
import { kyselyOn } from '../store/sqlite/dialect.ts';
import { openReader } from '../store/sqlite/open.ts';
import type { Tables } from '../store/tables.ts';
import { Deadline } from './deadline.ts';

export type Sent = Findable & { readonly event_type: string };

/** A record as a filter sees it, with its place. */
export interface Kept {
  readonly seq: number;
  readonly created_at: number;
  readonly envelope: Findable;
}

export const START = 1_790_000_000_000;
export const soon = () => new Deadline(Date.now() + 30_000);

interface IndexerWish {
  readonly facetValuesMax?: number;
  readonly onWrite?: (write: IndexWrite) => void;
  readonly graceMs?: number;
}

export class TestTrail {
  readonly kept: Kept[] = [];
  readonly removed = new Set<number>();
  readonly db: Kysely<Tables>;
  readonly logs: TestLogs;
  now = START;
  readonly #writer: LedgerWriter;

  constructor(logs: TestLogs) {
    this.logs = logs;
    this.#writer = logs.newWriter(() => this.now);
    this.db = kyselyOn(openReader(logs.path));
  }

  /** Appends events to the log of app 1, in one batch; all are at the same time. */
  async append(events: readonly Sent[], effects: readonly Effect[] = []): Promise<void> {
    const prepared = events.map((event, i) =>
      prepareEvent(event as AuditEvent, {
        event_id: `evt_${this.kept.length + i}`,
        retriable: false,
        fingerprint: null,
      }),
    );
    await this.#writer.write([submissionOf(1, prepared, effects)]);
    for (const event of events) {
      const seq = this.kept.length;
      const envelope = { ...event, event_id: `evt_${seq}` };
      this.kept.push({ seq, created_at: this.now, envelope });
    }
  }

  /** Removes entries, by an entry of its own. */
  async remove(ranges: readonly SeqRange[]): Promise<void> {
    const seqs = ranges.flatMap(([first, end]) =>
      Array.from({ length: end - first }, (_, i) => first + i),
    );
    const event_id = `evt_${this.kept.length}`;
    await this.append(
      [{ event_type: 'retention.swept' }],
      [
        { op: 'remove', table: 'parts', app: 1, ranges, rows: seqs.length },
        ...ranges.map(([first_seq, end_seq]): Effect => {
          const row = { app: 1, first_seq, end_seq, part: '*', event_id, index_pending: 1 };
          return { op: 'insert', table: 'removals', row };
        }),
      ],
    );
    for (const seq of seqs) this.removed.add(seq);
  }

  /** An indexer as a start makes it; `onWrite` may throw, as a full disk would. */
  indexer(
    segmentSizes: { small: number; merged: number },
    { facetValuesMax = 1000, graceMs = 0, onWrite }: IndexerWish = {},
  ): Indexer {
    const write = async (write: IndexWrite) => {
      onWrite?.(write);
      await this.logs.store.derive(Date.now() + 5000, (db) => writeIndexPages(db, write));
    };
    return new Indexer({ db: this.db, write, segmentSizes, facetValuesMax, graceMs });
  }

  /** One snapshot, as reader threads take it. */
  snapshot<T>(work: (at: Kysely<Tables>) => Promise<T>): Promise<T> {
    return this.db.transaction().execute(work);
  }

  async close(): Promise<void> {
    await this.db.destroy();
    await this.logs.close();
  }
}

export async function openTrail(): Promise<TestTrail> {
  return new TestTrail(await openLogs(1));
}

const TEXTS = 'a b ä A 漢字 Ünïcode\u00a0Straße \u{1f980} 200 true a_b.c İ'.split(' ');
const CANDIDATES: readonly unknown[] = [
  'credential.retrieved',
  'credential.denied',
  'api.called',
  'a.b',
  ...TEXTS,
  true,
  false,
  200,
  404,
  500,
  'a'.repeat(32),
  '1'.repeat(32),
  '0a'.repeat(8),
];

/** Few values that a field can have, so that records share them. */
export function valuesOf(field: FieldName): unknown[] {
  const schema = FIELDS[field].schema as (typeof FIELDS)[FieldName]['schema'] & {
    options?: readonly unknown[];
  };
  const candidates = schema.options ?? CANDIDATES;
  return candidates.filter((candidate) => schema.safeParse(candidate).success).slice(0, 9);
}
