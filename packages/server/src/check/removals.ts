import { WHOLE } from '../retain/removal.ts';
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

/** What was swept and erased of a log, as its entries say. */
export class Removals {
  readonly #source: LogSource;
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
    const some = await this.#read(first - this.#longest, first, last);
    const left = lost.filter((one) => !some.some((removal) => covers(removal, one)));
    if (left.length === 0) return [];
    const all = await this.#read(-1, first, last);
    return left.filter((one) => !all.some((removal) => covers(removal, one)));
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
  async #read(after: number, first: number, last: number) {
    const { db, app } = this.#source;
    const rows = await readable(() =>
      db
        .selectFrom('removals')
        .innerJoin('entries', (join) =>
          join
            .onRef('entries.app', '=', 'removals.app')
            .onRef('entries.event_id', '=', 'removals.event_id'),
        )
        .select(['removals.first_seq', 'removals.end_seq', 'removals.part'])
        .where('removals.app', '=', app)
        .where('removals.first_seq', '>', after)
        .where('removals.first_seq', '<=', last)
        .where('removals.end_seq', '>', first)
        .execute(),
    );
    return rows ?? [];
  }
}

const covers = (
  removal: { readonly first_seq: number; readonly end_seq: number; readonly part: string },
  { seq, part }: LostPart,
): boolean =>
  removal.first_seq <= seq &&
  seq < removal.end_seq &&
  (removal.part === WHOLE || removal.part === part);
