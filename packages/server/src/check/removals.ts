import { parseHeader } from '@affidavit/ledger';
import type { AuditEvent } from '@affidavit/schema';

import { WHOLE } from '../retain/removal.ts';
import { commitText } from '../sequence/hash.ts';
import type { PartsTable } from '../store/tables.ts';
import { readable, type LogSource } from './source.ts';

/** An entry that has lost parts. */
export interface Gone {
  readonly seq: number;
  readonly absent: readonly string[];
}

interface LostPart {
  readonly seq: number;
  readonly part: string;
}

interface Removal {
  readonly event_id: string;
  readonly first_seq: number;
  /** Exclusive. */
  readonly end_seq: number;
  readonly part: string;
}

/** What an entry says that was removed. */
interface Told {
  /** First and last, both of them in it. */
  readonly ranges: readonly (readonly [number, number])[];
  /** All unless named. */
  readonly parts: readonly string[] | null;
}

const TELLING: ReadonlySet<string> = new Set(['retention.swept', 'erasure.executed']);
/** Entries that are remembered: one sweep says what it did in a few of them. */
const TOLD_MAX = 100;

/** What was swept and erased of a log, by the word of its entries alone. */
export class Removals {
  readonly #source: LogSource;
  readonly #told = new Map<string, Told | null>();
  /** Entries of the longest removal that there was at first. */
  #longest: number | null = null;

  constructor(source: LogSource) {
    this.#source = source;
  }

  /**
   * Parts that are gone without an entry that says so. Asked after they were found to be gone: a
   * removal is written in the same transaction, so that it must be there by now.
   */
  async unexplained(gone: readonly Gone[]): Promise<LostPart[]> {
    const lost = gone.flatMap(({ seq, absent }) => absent.map((part) => ({ seq, part })));
    const first = gone[0]?.seq ?? 0;
    const last = gone.at(-1)?.seq ?? 0;
    this.#longest ??= await this.#readLongest();
    const left = await this.#without(lost, await this.#read(first - this.#longest, first, last));
    return left.length === 0 ? left : this.#without(left, await this.#read(-1, first, last));
  }

  async #without(lost: readonly LostPart[], removals: readonly Removal[]): Promise<LostPart[]> {
    const left: LostPart[] = [];
    for (const one of lost) if (!(await this.#isTold(one, removals))) left.push(one);
    return left;
  }

  async #isTold(lost: LostPart, removals: readonly Removal[]): Promise<boolean> {
    for (const removal of removals) {
      if (!covers(removal, lost)) continue;
      if (says(await this.#tellingOf(removal.event_id), lost)) return true;
    }
    return false;
  }

  async #readLongest(): Promise<number> {
    const { db, app } = this.#source;
    const row = await readable(() =>
      db
        .selectFrom('removals')
        .select((eb) => eb.fn.max(eb('end_seq', '-', eb.ref('first_seq'))).as('entries'))
        .where('app', '=', app)
        .executeTakeFirst(),
    );
    return Number(row?.entries ?? 0);
  }

  /** Of [first, last], by removals that begin after a position. */
  async #read(after: number, first: number, last: number): Promise<Removal[]> {
    const { db, app } = this.#source;
    const rows = await readable(() =>
      db
        .selectFrom('removals')
        .select(['event_id', 'first_seq', 'end_seq', 'part'])
        .where('app', '=', app)
        .where('first_seq', '>', after)
        .where('first_seq', '<=', last)
        .where('end_seq', '>', first)
        .execute(),
    );
    return rows ?? [];
  }

  async #tellingOf(eventId: string): Promise<Told | null> {
    const known = this.#told.get(eventId);
    if (known !== undefined) return known;
    const told = (await readable(() => this.#readTelling(eventId))) ?? null;
    if (this.#told.size >= TOLD_MAX) this.#told.clear();
    this.#told.set(eventId, told);
    return told;
  }

  /** Only what the server itself has recorded, and what its header commits to. */
  async #readTelling(eventId: string): Promise<Told | null> {
    const { db, app } = this.#source;
    const rows = await db
      .selectFrom('entries')
      .innerJoin('parts', (join) =>
        join.onRef('parts.app', '=', 'entries.app').onRef('parts.seq', '=', 'entries.seq'),
      )
      .select(['header', 'part', 'salt', 'body'])
      .where('entries.app', '=', app)
      .where('event_id', '=', eventId)
      .where('part', 'in', ['envelope', 'args'])
      .execute();
    const bodies = new Map(rows.filter(isCommitted).map(({ part, body }) => [part, body]));
    const [envelope, args] = [bodies.get('envelope'), bodies.get('args')];
    if (envelope === undefined || args === undefined) return null;
    const { event_type = '', source } = JSON.parse(envelope) as AuditEvent;
    if (source !== 'observed' || !TELLING.has(event_type)) return null;
    const { ranges = [], parts } = JSON.parse(args) as { ranges?: Told['ranges']; parts?: unknown };
    return { ranges, parts: parts === undefined ? null : Array.isArray(parts) ? parts : [] };
  }
}

function isCommitted(
  row: Pick<PartsTable, 'part' | 'salt' | 'body'> & { header: string },
): boolean {
  try {
    const { parts } = parseHeader(row.header);
    return parts[row.part] === commitText(row.part, row.salt, row.body);
  } catch {
    return false;
  }
}

const covers = ({ first_seq, end_seq, part }: Removal, lost: LostPart): boolean =>
  first_seq <= lost.seq && lost.seq < end_seq && (part === WHOLE || part === lost.part);

const says = (told: Told | null, { seq, part }: LostPart): boolean =>
  told !== null &&
  (told.parts === null || told.parts.includes(part)) &&
  told.ranges.some(([first, last]) => first <= seq && seq <= last);
