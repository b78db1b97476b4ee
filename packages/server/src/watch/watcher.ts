import { setTimeout as sleep } from 'node:timers/promises';

import { AffidavitError, isLevel } from '@affidavit/schema';

import type { Duties } from '../duties/duties.ts';
import type { Services } from '../services.ts';
import type { Effect } from '../store/port.ts';
import type { MonitorGroupsTable } from '../store/tables.ts';
import { alarmEvent } from './entry.ts';
import type { Group, Level, Machine, Transition } from './machine.ts';
import type { LevelsRequest, MonitorView, Sightings, SightingsRequest } from './reads.ts';
import { groupsOf, openMachine, openRule, type OpenRule } from './rule.ts';

/** Between two looks at the ledgers. */
const PAUSE_MS = 1000;
/** What was created so long ago can be read by now, whichever process wrote it. */
const SETTLED_MS = 2000;
const PAGE_ENTRIES = 1000;
/** Pages of one monitor before another has its turn. */
const PAGES_MAX = 5;
const GROUPS_MAX = 20_000;

export type WatchPorts = Pick<Services, 'readers' | 'trail' | 'journal' | 'now'>;

/** A monitor with what it remembers, as long as nobody else changes it. */
interface Running extends OpenRule {
  readonly machine: Machine;
  version: number;
  looked_seq: number;
  /** Looked at since, without anything that was worth keeping. */
  kept_seq: number;
}

/**
 * Watches the trail for all monitors of all apps, behind the ledger, by `seq`. What follows from
 * some entries (alarms, memory, place) is written in one transaction, that expects the version it
 * began from: nothing is raised twice, or left out, wherever a process dies or a lease changes hands.
 */
export class Watcher {
  readonly #ports: WatchPorts;
  readonly #running = new Map<string, Running>();

  constructor(ports: WatchPorts) {
    this.#ports = ports;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#look(signal).catch((error: unknown) => {
        this.#ports.journal.warn({ err: error }, 'the monitors could not be looked at');
      });
      await sleep(PAUSE_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
    this.#running.clear();
  }

  async #look(signal: AbortSignal): Promise<void> {
    const settled = this.#ports.now() - SETTLED_MS;
    const all = await this.#ports.readers.run<MonitorView[]>('monitors', { enabled: true });
    const names = new Set(all.map(nameOf));
    for (const name of this.#running.keys()) if (!names.has(name)) this.#running.delete(name);
    for (const monitor of all) {
      if (signal.aborted) return;
      await this.#follow(monitor, settled, signal).catch((error: unknown) => {
        this.#running.delete(nameOf(monitor));
        // Somebody changed it meanwhile: the next look begins from there.
        if (error instanceof AffidavitError && error.code === 'conflict') return;
        const { app_id, monitor_id } = monitor;
        this.#ports.journal.warn({ err: error, app_id, monitor_id }, 'a monitor failed');
      });
    }
  }

  async #follow(monitor: MonitorView, settled: number, signal: AbortSignal): Promise<void> {
    const running = await this.#open(monitor);
    const said: Transition[] = [];
    const caughtUp = await this.#read(monitor, running, said);
    if (caughtUp) said.push(...running.machine.advance(settled));
    if (isLevel(running.rule.kind)) said.push(...(await this.#levels(monitor, running)));
    if (!signal.aborted) await this.#keep(monitor, running, said);
  }

  async #open(monitor: MonitorView): Promise<Running> {
    const known = this.#running.get(nameOf(monitor));
    if (known?.version === monitor.version) return known;
    const { app, monitor_id, version, looked_seq, made_at } = monitor;
    const request = { app, monitor_id, limit: GROUPS_MAX };
    const rows = await this.#ports.readers.run<MonitorGroupsTable[]>('monitorGroups', request);
    const { rule, filter } = openRule(monitor.rule);
    const machine = openMachine(rule, made_at, groupsOf(rows));
    const running = { rule, filter, machine, version, looked_seq, kept_seq: looked_seq };
    this.#running.set(nameOf(monitor), running);
    return running;
  }

  /** Resolves to whether everything was seen that there was. */
  async #read(monitor: MonitorView, running: Running, said: Transition[]): Promise<boolean> {
    const { rule, filter, machine } = running;
    if (isLevel(rule.kind)) return true;
    const { app, made_at, size } = monitor;
    for (let page = 0; page < PAGES_MAX; page++) {
      if (running.looked_seq >= size - 1) return true;
      const after_seq = running.looked_seq;
      const request: SightingsRequest = { app, filter, rule, after_seq, limit: PAGE_ENTRIES };
      const { seen, ...end } = await this.#ports.readers.run<Sightings>('sightings', request);
      for (const { at, event_id, group } of seen)
        said.push(...machine.take({ at, event_id, group, learning: at < made_at }));
      running.looked_seq = end.looked_seq;
      if (!end.has_more) return true;
    }
    return false;
  }

  async #levels({ app }: MonitorView, { rule, machine }: Running): Promise<Transition[]> {
    const now = this.#ports.now();
    const op = rule.kind === 'open_intents' ? 'openIntentsBefore' : 'destinationsBehind';
    const request: LevelsRequest = { app, before: now - rule.window_seconds * 1000 };
    return machine.level(now, await this.#ports.readers.run<Map<string, Level>>(op, request));
  }

  async #keep(monitor: MonitorView, running: Running, said: readonly Transition[]): Promise<void> {
    const changes = running.machine.takeChanges();
    const far = running.looked_seq - running.kept_seq >= PAGE_ENTRIES * PAGES_MAX;
    if (said.length === 0 && changes.size === 0 && !far) return;
    const { app, app_id, monitor_id } = monitor;
    const { version, looked_seq, rule } = running;
    const effects: Effect[] = [
      {
        op: 'update',
        table: 'monitor_states',
        where: { app, monitor_id, version },
        set: { version: version + 1, looked_seq },
      },
      ...groupEffects({ app, monitor_id }, changes),
    ];
    const events = said.map((transition) => alarmEvent(monitor_id, rule, transition));
    if (events.length === 0) await this.#ports.trail.apply(app, effects);
    else await this.#ports.trail.record({ app, app_id, events, effects });
    running.version = version + 1;
    running.kept_seq = looked_seq;
  }
}

const nameOf = ({ app, monitor_id }: MonitorView) => `${app} ${monitor_id}`;

function groupEffects(
  where: { readonly app: number; readonly monitor_id: string },
  changes: ReadonlyMap<string, Group | null>,
): Effect[] {
  return [...changes].flatMap(([grp, group]): Effect[] => {
    const gone: Effect = {
      op: 'delete',
      table: 'monitor_groups',
      where: { ...where, grp },
      any: true,
    };
    if (group === null) return [gone];
    const alarm_id = group.alarm?.alarm_id ?? null;
    const raised_at = group.alarm?.raised_at ?? null;
    const row = { ...where, grp, state: JSON.stringify(group), alarm_id, raised_at };
    return [gone, { op: 'insert', table: 'monitor_groups', row }];
  });
}

/** One process watches for all. */
export function keepWatching(duties: Duties, ports: WatchPorts): void {
  const watcher = new Watcher(ports);
  duties.keep('monitors', (signal) => watcher.run(signal));
}
