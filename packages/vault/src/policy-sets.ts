import type { CompiledSet, PolicyEngine, StoredPolicy } from './policy/index.ts';
import type { Directory } from './ports.ts';

/** Attributes that only a call has. */
const OF_CALLS: ReadonlySet<string> = new Set(['method', 'url', 'host', 'path']);

/** The compiled policies of each app; compiled anew when the directory gives another list. */
export class PolicySets {
  readonly #engine: PolicyEngine;
  readonly #directory: Directory;
  readonly #sets = new Map<number, { policies: readonly StoredPolicy[]; set: CompiledSet }>();
  readonly #mintSets = new WeakMap<readonly StoredPolicy[], CompiledSet>();

  constructor(engine: PolicyEngine, directory: Directory) {
    this.#engine = engine;
    this.#directory = directory;
  }

  async of(app: number): Promise<CompiledSet> {
    const policies = await this.#directory.policies(app);
    const known = this.#sets.get(app);
    if (known?.policies === policies) return known.set;
    const set = this.#engine.compile(policies);
    this.#sets.set(app, { policies, set });
    return set;
  }

  /** For a mint: without what looks at a call, which is decided when there is one. */
  async ofMints(app: number): Promise<CompiledSet> {
    const policies = await this.#directory.policies(app);
    const known = this.#mintSets.get(policies);
    if (known) return known;
    const set = this.#engine.compile(policies, OF_CALLS);
    this.#mintSets.set(policies, set);
    return set;
  }
}
