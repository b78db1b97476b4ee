import type { MonitorRule } from '@affidavit/schema';
import type { Kysely } from 'kysely';

import type { Snapshot } from '../prove/operations.ts';
import { decodeCursor, encodeCursor } from '../query/cursor.ts';
import { Deadline } from '../query/deadline.ts';
import type { Filter } from '../query/filter.ts';
import { firstAtOrAfter, readPage, sizeOf } from '../query/page.ts';
import type { MonitorGroupsTable, Tables } from '../store/tables.ts';
import type { Level } from './machine.ts';
import { observe, type Sighting } from './observe.ts';

/** What is read for monitors; each in one snapshot. */

const MONITORS_MAX = 10_000;
/** Of open intents and of destinations no more are counted. */
const LEVEL_MAX = 1000;

/** A monitor, how far it is, and the ledger it watches. */
export interface MonitorView {
  readonly app: number;
  readonly app_id: string;
  readonly monitor_id: string;
  /** A `MonitorRule` as JSON. */
  readonly rule: string;
  readonly enabled: number;
  /** Epoch ms. */
  readonly made_at: number;
  readonly created_at: number;
  readonly updated_at: number;
  readonly version: number;
  readonly looked_seq: number;
  /** Entries of the ledger now. */
  readonly size: number;
}

export interface SightingsRequest {
  readonly app: number;
  readonly filter: Filter;
  readonly rule: MonitorRule;
  readonly after_seq: number;
  readonly limit: number;
}

export interface Sightings {
  readonly seen: readonly Sighting[];
  /** The last `seq` that was looked at. */
  readonly looked_seq: number;
  readonly has_more: boolean;
}

export function watchOperations(snapshot: Snapshot) {
  return {
    monitors: (request: { app?: number; monitor_id?: string; enabled?: true }) =>
      snapshot((at) => readMonitors(at, request)),
    monitorGroups: (request: GroupsRequest) => snapshot((at) => readGroups(at, request)),
    sightings: ({ deadline, ...request }: SightingsRequest & { deadline: number }) =>
      snapshot((at) => readSightings(at, request, new Deadline(deadline))),
    openIntentsBefore: (request: LevelsRequest) => snapshot((at) => readOldIntents(at, request)),
    destinationsBehind: (request: LevelsRequest) => snapshot((at) => readBehind(at, request)),
    /** The last `seq` before a time, and the size of the ledger. */
    placeOf: ({ app, time }: { app: number; time: number }) =>
      snapshot(async (at) => {
        const size = await sizeOf(at, app);
        return { before: (await firstAtOrAfter(at, app, size, time)) - 1, size };
      }),
  };
}

function readMonitors(
  db: Kysely<Tables>,
  { app, monitor_id, enabled }: { app?: number; monitor_id?: string; enabled?: true },
): Promise<MonitorView[]> {
  let query = db
    .selectFrom('monitors as m')
    .innerJoin('monitor_states as s', (join) =>
      join.onRef('s.app', '=', 'm.app').onRef('s.monitor_id', '=', 'm.monitor_id'),
    )
    .innerJoin('apps as a', 'a.app', 'm.app')
    .leftJoin('heads as h', 'h.app', 'm.app')
    .select(['m.app', 'a.app_id', 'm.monitor_id', 'm.rule', 'm.enabled', 'm.made_at'])
    .select(['m.created_at', 'm.updated_at', 's.version', 's.looked_seq'])
    .select((eb) => eb.fn.coalesce('h.size', eb.lit(0)).as('size'))
    .orderBy('m.app')
    .orderBy('m.monitor_id')
    .limit(MONITORS_MAX);
  if (app !== undefined) query = query.where('m.app', '=', app);
  if (monitor_id !== undefined) query = query.where('m.monitor_id', '=', monitor_id);
  if (enabled) query = query.where('m.enabled', '=', 1);
  return query.execute();
}

interface GroupsRequest {
  readonly app: number;
  readonly monitor_id?: string;
  /** Only those with an alarm. */
  readonly raised?: true;
  readonly limit: number;
}

function readGroups(
  db: Kysely<Tables>,
  { app, monitor_id, raised, limit }: GroupsRequest,
): Promise<MonitorGroupsTable[]> {
  let query = db.selectFrom('monitor_groups').selectAll().where('app', '=', app);
  if (monitor_id !== undefined) query = query.where('monitor_id', '=', monitor_id);
  if (raised) query = query.where('alarm_id', 'is not', null);
  return query.orderBy('monitor_id').orderBy('grp').limit(limit).execute();
}

/** What the filter finds behind a place, as the monitor sees it. */
async function readSightings(
  db: Kysely<Tables>,
  { app, filter, rule, after_seq, limit }: SightingsRequest,
  deadline: Deadline,
): Promise<Sightings> {
  const cursor = encodeCursor(app, filter, { seq: after_seq, order: 'asc' });
  const request = { app, filter, order: 'asc', limit, cursor } as const;
  const { records, next_cursor, has_more } = await readPage(db, request, deadline);
  const seen = records.map((record) => observe(rule, record)).filter((one) => one !== null);
  // An ascending page always has a cursor.
  const { seq } = decodeCursor(app, filter, 'asc', next_cursor as string);
  return { seen, looked_seq: seq, has_more };
}

export interface LevelsRequest {
  readonly app: number;
  /** What is older counts, epoch ms. */
  readonly before: number;
}

/** Intents of before, all in one group. */
async function readOldIntents(db: Kysely<Tables>, { app, before }: LevelsRequest) {
  const rows = await db
    .selectFrom('open_intents')
    .select('event_id')
    .where('app', '=', app)
    .where('created_at', '<', before)
    .orderBy('execution_id')
    .limit(LEVEL_MAX)
    .execute();
  const level = { count: rows.length, event_ids: rows.map(({ event_id }) => event_id) };
  return new Map<string, Level>([['[]', level]]);
}

/** Destinations of which the next entry is of before, by how many entries they are behind. */
async function readBehind(db: Kysely<Tables>, { app, before }: LevelsRequest) {
  const rows = await db
    .selectFrom('deliveries as d')
    .innerJoin('heads as h', 'h.app', 'd.app')
    .innerJoin('entries as e', (join) =>
      join.onRef('e.app', '=', 'd.app').onRef('e.seq', '=', 'd.next_seq'),
    )
    .select(['d.destination_id', 'd.next_seq', 'h.size', 'e.event_id'])
    .where('d.app', '=', app)
    .where('d.end_seq', 'is', null)
    .where('e.created_at', '<', before)
    .limit(LEVEL_MAX)
    .execute();
  return new Map<string, Level>(
    rows.map(({ destination_id, next_seq, size, event_id }) => [
      JSON.stringify([destination_id]),
      { count: size - next_seq, event_ids: [event_id] },
    ]),
  );
}
