import type { Services } from '../services.ts';
import { groupNamed } from './entry.ts';
import type { Transition } from './machine.ts';
import type { Sightings, SightingsRequest } from './reads.ts';
import { learnsFrom, openMachine, type OpenRule } from './rule.ts';

/** When a monitor would have raised alarms: the same machine, over what has been. */

const DAY_MS = 24 * 3600 * 1000;
const PAGE_ENTRIES = 1000;
const ALARMS_MAX = 1000;
const EVIDENCE_MAX = 20;

export interface PreviewRequest extends OpenRule {
  readonly app: number;
  readonly days: number;
  /** Ends after so long, and says that it is not complete. */
  readonly budget_ms: number;
}

export interface PreviewAlarm {
  readonly raised_at: string;
  resolved_at: string | null;
  readonly group: Record<string, string>;
  count: number;
  readonly event_ids: readonly string[];
}

type PreviewPorts = Pick<Services, 'readers' | 'exportTurns' | 'now'>;

export async function previewMonitor(ports: PreviewPorts, request: PreviewRequest) {
  const { rule, app, days, budget_ms } = request;
  const to = ports.now();
  const from = to - days * DAY_MS;
  const end = performance.now() + budget_ms;
  const machine = openMachine(rule, from, new Map());
  const alarms = new Map<string, PreviewAlarm>();
  const note = (said: readonly Transition[]) => said.forEach((one) => remember(alarms, rule, one));
  let matched = 0;
  const time = learnsFrom(rule, from);
  const place = await ports.readers.run<{ before: number }>('placeOf', { app, time });
  let after_seq = place.before;
  let complete = true;
  for (let more = true; more;) {
    if (performance.now() > end || alarms.size > ALARMS_MAX) {
      complete = false;
      break;
    }
    const page = await readPage(ports, { ...request, after_seq });
    for (const { at, event_id, group } of page.seen) {
      note(machine.advance(at - 1));
      note(machine.take({ at, event_id, group, learning: at < from }));
    }
    matched += page.seen.length;
    after_seq = page.looked_seq;
    more = page.has_more;
  }
  if (complete) note(machine.advance(to));
  for (const { alarm } of machine.groups.values()) {
    const open = alarm && alarms.get(alarm.alarm_id);
    if (open) open.count = alarm.count;
  }
  return {
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    complete,
    matched,
    looked_seq: after_seq,
    alarms: [...alarms.values()].slice(0, ALARMS_MAX),
  };
}

async function readPage(
  { readers, exportTurns }: PreviewPorts,
  { app, filter, rule, after_seq }: OpenRule & { app: number; after_seq: number },
): Promise<Sightings> {
  const request: SightingsRequest = { app, filter, rule, after_seq, limit: PAGE_ENTRIES };
  const done = await exportTurns.take();
  return readers.run<Sightings>('sightings', request).finally(done);
}

function remember(
  alarms: Map<string, PreviewAlarm>,
  rule: OpenRule['rule'],
  { what, at, group, alarm_id, count, event_ids }: Transition,
): void {
  const known = alarms.get(alarm_id);
  const time = new Date(at).toISOString();
  if (!known) {
    alarms.set(alarm_id, {
      raised_at: time,
      resolved_at: null,
      group: groupNamed(rule, group),
      count,
      event_ids: event_ids.slice(-EVIDENCE_MAX),
    });
    return;
  }
  known.count = count;
  if (what === 'resolved') known.resolved_at = time;
}
