import type { Group } from '../overview/stats.ts';

const HOUR_MS = 3_600_000;
const HOURS = 24;

/** Calls in each of the last 24 hours, the newest last. */
export interface Hours {
  readonly total: number;
  readonly values: readonly number[];
}

/** By the name of the agent, from figures that are grouped by agent and hour. */
export function hoursOf(groups: readonly Group[], now: number): ReadonlyMap<string, Hours> {
  const newest = Math.floor(now / HOUR_MS);
  const found = new Map<string, { total: number; values: number[] }>();
  for (const { agent, at, count } of groups) {
    if (!agent || at === undefined) continue;
    const index = HOURS - 1 - (newest - Math.floor(Date.parse(at) / HOUR_MS));
    if (index < 0 || index >= HOURS) continue;
    const hours = found.get(agent) ?? { total: 0, values: Array<number>(HOURS).fill(0) };
    hours.total += count;
    hours.values[index] = count;
    found.set(agent, hours);
  }
  return found;
}
