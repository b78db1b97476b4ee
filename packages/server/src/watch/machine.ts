import { isLevel, type MonitorKind } from '@affidavit/schema';

/**
 * What a monitor remembers, and what follows from each entry and from time going by. Pure: the duty
 * that watches the trail and the preview over past data drive the same machine.
 *
 * A window is (t − w, t] by `created_at`. To know whether more than `threshold` entries are in it,
 * the newest `threshold + 1` are enough, so that memory is bounded however much comes.
 */

export interface Observed {
  /** `created_at`, epoch ms. */
  readonly at: number;
  readonly event_id: string;
  readonly group: string;
  /** From before the monitor was made: it teaches, and raises nothing. */
  readonly learning: boolean;
}

export interface Rule {
  readonly kind: MonitorKind;
  readonly threshold: number;
  readonly window_ms: number;
  /** When the monitor was made, epoch ms. */
  readonly made_at: number;
}

export interface Alarm {
  readonly alarm_id: string;
  readonly raised_at: number;
  readonly count: number;
  /** Count that was told last: it is told again when it has doubled. */
  readonly told: number;
}

export interface Group {
  /** The newest entries, the oldest first. */
  readonly recent: readonly Seen[];
  readonly alarm: Alarm | null;
}

/** How many there are of something at a time, and which entries tell of it. */
export interface Level {
  readonly count: number;
  readonly event_ids: readonly string[];
}

const NOTHING: Level = { count: 0, event_ids: [] };

type Seen = Pick<Observed, 'at' | 'event_id'>;

export interface Transition {
  readonly what: 'raised' | 'updated' | 'resolved';
  /** When it was so, epoch ms. */
  readonly at: number;
  readonly group: string;
  readonly alarm_id: string;
  readonly raised_at: number;
  readonly count: number;
  /** The entries that caused it, as far as they are remembered. */
  readonly event_ids: readonly string[];
}

/** All that is remembered of all groups together has so many entries at most. */
const SEEN_MAX = 200_000;
const GROUPS_MAX = 2000;
/** A value is news for so long. */
const NEWS_MS = 24 * 3600 * 1000;

export class Machine {
  readonly #rule: Rule;
  readonly #newAlarmId: () => string;
  readonly #groups: Map<string, Group>;
  readonly #touched = new Set<string>();
  readonly #groupsMax: number;
  /** Nothing is due before; it may be too early, never too late. */
  #due = -Infinity;

  constructor(rule: Rule, groups: ReadonlyMap<string, Group>, newAlarmId: () => string) {
    this.#rule = rule;
    this.#newAlarmId = newAlarmId;
    this.#groups = new Map(groups);
    this.#groupsMax = Math.min(GROUPS_MAX, Math.floor(SEEN_MAX / (rule.threshold + 1)));
  }

  get groups(): ReadonlyMap<string, Group> {
    return this.#groups;
  }

  /** Groups that changed since it was last asked; those that are gone with null. */
  takeChanges(): Map<string, Group | null> {
    const changes = new Map(
      [...this.#touched].map((name) => [name, this.#groups.get(name) ?? null] as const),
    );
    this.#touched.clear();
    return changes;
  }

  /** The next entry; entries come in the order of the ledger. */
  take(seen: Observed): Transition[] {
    const { group: name } = seen;
    // An entry at the very end of a window is still in it, but a value at its end is forgotten.
    const before = this.#rule.kind === 'new_value' ? seen.at : seen.at - 1;
    const said = this.#settle(name, before);
    const group = this.#groups.get(name) ?? { recent: [], alarm: null };
    said.push(...this.#makeRoom(name, seen.at));
    const { next, transition } = this.#step(group, seen);
    this.#set(name, next);
    return transition ? [...said, transition] : said;
  }

  /** Time has gone by: nothing that was created at or before `now` comes any more. */
  advance(now: number): Transition[] {
    if (now < this.#due) return [];
    const said = [...this.#groups.keys()].flatMap((name) => this.#settle(name, now));
    this.#due = Math.min(...[...this.#groups.values()].map((group) => this.#dueOf(group)));
    return said.sort((a, b) => a.at - b.at);
  }

  /** How many there are now in each group, for what is not told by entries. */
  level(now: number, levels: ReadonlyMap<string, Level>): Transition[] {
    const names = new Set([...this.#groups.keys(), ...levels.keys()]);
    return [...names].flatMap((name) => this.#levelOf(now, name, levels.get(name) ?? NOTHING));
  }

  #levelOf(now: number, name: string, { count, event_ids }: Level): Transition[] {
    const alarm = this.#groups.get(name)?.alarm ?? null;
    const isHigh = count > this.#rule.threshold;
    if (isHigh === (alarm !== null)) return [];
    const recent = event_ids.map((event_id) => ({ at: now, event_id }));
    const raised = alarm ?? this.#raise(now, count);
    if (isHigh) this.#set(name, { recent, alarm: raised });
    else this.#drop(name);
    return [tell(isHigh ? 'raised' : 'resolved', now, name, raised, recent)];
  }

  #step(group: Group, seen: Observed): { next: Group; transition?: Transition } {
    const { kind, threshold, window_ms } = this.#rule;
    const kept = kind === 'absence' || kind === 'new_value' ? 1 : threshold + 1;
    const recent = [...group.recent, { at: seen.at, event_id: seen.event_id }].slice(-kept);
    if (kind === 'absence') return comeBack(group, recent, seen);
    if (group.alarm) return this.#goOn(group.alarm, recent, seen);
    const first = recent[0] as Seen;
    const isNew =
      kind === 'new_value'
        ? group.recent.length === 0
        : recent.length === kept && first.at > seen.at - window_ms;
    if (!isNew || seen.learning) return { next: { recent, alarm: null } };
    const alarm = this.#raise(seen.at, kept);
    return {
      next: { recent, alarm },
      transition: tell('raised', seen.at, seen.group, alarm, recent),
    };
  }

  #goOn(alarm: Alarm, recent: readonly Seen[], seen: Observed) {
    const count = alarm.count + 1;
    const doubled = this.#rule.kind !== 'new_value' && count >= alarm.told * 2;
    const next = { ...alarm, count, told: doubled ? count : alarm.told };
    const transition = tell('updated', seen.at, seen.group, next, recent);
    return { next: { recent, alarm: next }, ...(doubled ? { transition } : {}) };
  }

  /** What became of a group by the time alone. */
  #settle(name: string, now: number): Transition[] {
    const group = this.#groups.get(name);
    if (!group || this.#dueOf(group) > now) return [];
    const { kind } = this.#rule;
    const at = this.#dueOf(group);
    if (kind === 'absence') {
      const alarm = this.#raise(at, 0);
      this.#set(name, { ...group, alarm });
      return [tell('raised', at, name, alarm, group.recent)];
    }
    if (!group.alarm) {
      this.#drop(name);
      return [];
    }
    this.#set(name, { ...group, alarm: null });
    const resolved = tell('resolved', at, name, group.alarm, group.recent);
    return [resolved, ...this.#settle(name, now)];
  }

  /** When time alone changes something, epoch ms. */
  #dueOf({ recent, alarm }: Group): number {
    const { kind, window_ms, made_at } = this.#rule;
    const first = recent[0]?.at ?? -Infinity;
    const last = recent.at(-1)?.at ?? -Infinity;
    if (isLevel(kind)) return Infinity;
    if (kind === 'absence') return alarm ? Infinity : Math.max(last + window_ms, made_at);
    if (!alarm) return last + window_ms;
    return kind === 'new_value'
      ? alarm.raised_at + Math.min(window_ms, NEWS_MS)
      : first + window_ms;
  }

  /** The group that has been quiet for longest gives way to a new one. */
  #makeRoom(name: string, at: number): Transition[] {
    if (this.#groups.has(name) || this.#groups.size < this.#groupsMax) return [];
    const quiet = [...this.#groups].reduce((a, b) => (lastOf(b[1]) < lastOf(a[1]) ? b : a));
    const [oldest, { alarm, recent }] = quiet;
    this.#drop(oldest);
    return alarm ? [tell('resolved', at, oldest, alarm, recent)] : [];
  }

  #raise(at: number, count: number): Alarm {
    return { alarm_id: this.#newAlarmId(), raised_at: at, count, told: count };
  }

  #set(name: string, group: Group): void {
    this.#groups.set(name, group);
    this.#touched.add(name);
    this.#due = Math.min(this.#due, this.#dueOf(group));
  }

  #drop(name: string): void {
    this.#groups.delete(name);
    this.#touched.add(name);
  }
}

function comeBack({ alarm }: Group, recent: readonly Seen[], { at, group }: Observed) {
  const next = { recent, alarm: null };
  return alarm ? { next, transition: tell('resolved', at, group, alarm, recent) } : { next };
}

const lastOf = ({ recent }: Group): number => recent.at(-1)?.at ?? -Infinity;

function tell(
  what: Transition['what'],
  at: number,
  group: string,
  { alarm_id, raised_at, count }: Alarm,
  recent: readonly Seen[],
): Transition {
  const event_ids = recent.map(({ event_id }) => event_id).filter((id) => id !== '');
  return { what, at, group, alarm_id, raised_at, count, event_ids };
}
