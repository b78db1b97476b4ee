import type { Sequencer } from '../sequence/sequencer.ts';
import type { Connections } from './connections.ts';
import type { Access, Route } from './route.ts';
import type { Turn } from './turn.ts';

/** What there is too much of. */
export type Excess = 'connections' | 'requests' | 'entries';

export type GatedRoute = Pick<Route, 'method' | 'path' | 'access' | 'slots'>;

export interface LoadGateOptions {
  readonly turn: Pick<Turn, 'isFull'>;
  readonly connections: Pick<Connections, 'areTooMany'>;
  readonly sequencer: Pick<Sequencer, 'isBehind'>;
}

/** These are always let in, so that a flood cannot keep a key from being revoked. */
const ALWAYS: ReadonlySet<Access> = new Set<Access>(['public', 'admin', 'any_key']);
/** These write an entry for every request. */
const WRITING: ReadonlySet<Access> = new Set<Access>(['events:write', 'calls:execute']);

/** What a request is for, as far as it matters here. */
type Kind = 'always' | 'reads' | 'writes';

function kindOf({ access, slots }: GatedRoute): Kind {
  // Streams have a bound of their own, and browsers do not come back after a refusal.
  if (ALWAYS.has(access) || slots === 'streams') return 'always';
  return WRITING.has(access) ? 'writes' : 'reads';
}

/** `/v1/events/` of `/v1/events/evt_1`: as far as the paths of routes have no parameters. */
function beginningOf(path: string): string {
  const third = path.indexOf('/', path.indexOf('/', 1) + 1);
  return path.slice(0, third + 1);
}

/**
 * Says which requests could not be answered in time, from what can be known before the key is
 * looked up and the body is read.
 */
export class LoadGate {
  readonly #options: LoadGateOptions;
  /** By method and path, or the beginning of a path that goes on with parameters. */
  readonly #kinds = new Map<string, Kind>();

  constructor(routes: readonly GatedRoute[], options: LoadGateOptions) {
    this.#options = options;
    for (const route of routes) {
      const { method, path } = route;
      const name = `${method} ${/[:*]/.test(path) ? beginningOf(path) : path}`;
      if (this.#kinds.get(name) !== 'always') this.#kinds.set(name, kindOf(route));
    }
  }

  /** Null where the request is let in. `url` as it came: a path, and maybe a query. */
  excess(method: string, url: string): Excess | null {
    const { turn, connections, sequencer } = this.#options;
    const kind = this.#find(method, url);
    if (kind === 'always') return null;
    if (connections.areTooMany) return 'connections';
    if (turn.isFull()) return 'requests';
    return kind === 'writes' && sequencer.isBehind ? 'entries' : null;
  }

  #find(method: string, url: string): Kind {
    const query = url.indexOf('?');
    const path = query < 0 ? url : url.slice(0, query);
    const known = this.#kinds.get(`${method} ${path}`);
    return known ?? this.#kinds.get(`${method} ${beginningOf(path)}`) ?? 'always';
  }
}
