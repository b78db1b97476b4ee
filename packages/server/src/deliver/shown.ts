import type { DestinationsTable, DeadLettersTable } from '../store/tables.ts';
import type { Lane } from './reads.ts';

/** How a destination stands, as the API shows it. */

const MINUTE_MS = 60_000;
const iso = (time: number | null) => (time === null ? null : new Date(time).toISOString());

export interface Standing {
  readonly lanes: readonly Lane[];
  /** Entries in the dead letters. */
  readonly deadLetters: number;
}

/**
 * `paused`; `retrying` while the last try failed; `behind` while there are entries to deliver that
 * waited for more than a moment; else `ok`.
 */
function stateOf({ paused }: DestinationsTable, lanes: readonly Lane[], now: number): string {
  if (paused === 1) return 'paused';
  if (lanes.some(({ failures, ended_at }) => failures > 0 && ended_at === null)) return 'retrying';
  const live = lanes.find(({ end_seq }) => end_seq === null);
  return live && lagSeconds(live, now) > 10 ? 'behind' : 'ok';
}

function lagSeconds({ next_created_at }: Lane, now: number): number {
  return next_created_at === null ? 0 : Math.max(0, Math.round((now - next_created_at) / 1000));
}

export function showDestination(row: DestinationsTable, standing: Standing, now: number) {
  const { destination_id, type, name, paused_reason, created_at, updated_at } = row;
  const { lanes, deadLetters } = standing;
  const live = lanes.find(({ end_seq }) => end_seq === null);
  const others = lanes.filter(({ end_seq }) => end_seq !== null);
  return {
    destination_id,
    type,
    name,
    config: JSON.parse(row.config) as object,
    filter: JSON.parse(row.filter) as object,
    batch: JSON.parse(row.batch) as object,
    state: stateOf(row, lanes, now),
    paused_reason,
    ...(live ? showLive(live, now) : {}),
    dropped: 0,
    dead_letters: deadLetters,
    backfills: others.map(showBackfill),
    created_at: iso(created_at),
    updated_at: iso(updated_at),
  };
}

/** `cursor`: the last `seq` that is done with; -1 where none is. */
function showLive(lane: Lane, now: number) {
  const isRecent = lane.delivered_at !== null && now - lane.delivered_at < MINUTE_MS;
  const rate = isRecent ? lane.delivered_last_minute / 60 : 0;
  return {
    cursor: lane.next_seq - 1,
    delivered: lane.delivered,
    lag_entries: Math.max(0, lane.size - lane.next_seq),
    lag_seconds: lagSeconds(lane, now),
    delivered_per_second: Math.round(rate * 100) / 100,
    last_delivered_at: iso(lane.delivered_at),
    ...showError(lane),
  };
}

function showError({ error, error_at, failures, retry_at }: Lane) {
  return { error, error_at: iso(error_at), failures, retry_at: iso(retry_at) };
}

function showBackfill(lane: Lane) {
  const { lane: id, first_seq, next_seq, end_seq, delivered, dead, created_at, ended_at } = lane;
  return {
    replay_id: id,
    from_seq: first_seq,
    to_seq: (end_seq as number) - 1,
    cursor: next_seq - 1,
    delivered,
    dead_lettered: dead,
    ...showError(lane),
    created_at: iso(created_at),
    ended_at: iso(ended_at),
  };
}

export function showDeadLetter(row: DeadLettersTable) {
  const { dead_letter_id, first_seq, last_seq, entries, reason, created_at } = row;
  return {
    dead_letter_id,
    from_seq: first_seq,
    to_seq: last_seq,
    entries,
    reason,
    created_at: iso(created_at),
  };
}
