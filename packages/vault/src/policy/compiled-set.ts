/** The policies of an app, read and prepared once for all the calls that they decide. */
import { preparePolicies } from './cedar.ts';
import type { PolicyTexts } from './cedar.ts';
import { sha256Hex } from './explain.ts';
import { LAYERS, widest } from './layer.ts';
import { readPolicyText } from './syntax.ts';
import type { Statement } from './syntax.ts';
import type { PolicyLayer, StoredPolicy } from './types.ts';

export interface PlacedStatement extends Statement {
  readonly policy: StoredPolicy;
  /** Of its policy: the widest of all statements. */
  readonly layer: PolicyLayer;
}

/** Policies ready to decide. Bound to nothing that needs closing; drop it when it is replaced. */
export interface CompiledSet {
  /** Stands for ids and texts of all policies in it. */
  readonly sha256: string;
  /** The policy that cannot be used, smallest id first; while there is one, all is denied. */
  readonly broken: { readonly policy: StoredPolicy; readonly message: string } | null;
  /** By the id each has inside Cedar; in the order of layers, then of ids. */
  readonly statements: ReadonlyMap<string, PlacedStatement>;
  readonly texts: PolicyTexts;
  readonly reads: ReadonlySet<string>;
  readonly zones: readonly string[];
}

const PERMIT_ID = 'delegation';
const PERMIT_TEXT = 'permit (principal, action, resource);';

const byId = (a: StoredPolicy, b: StoredPolicy) => (a.policy_id < b.policy_id ? -1 : 1);

interface ReadPolicy {
  readonly policy: StoredPolicy;
  readonly layer: PolicyLayer;
  readonly statements: readonly Statement[];
}

const byLayer = (a: ReadPolicy, b: ReadPolicy) => LAYERS.indexOf(a.layer) - LAYERS.indexOf(b.layer);

function canDecide({ reads, requirement }: Statement, unknown?: ReadonlySet<string>): boolean {
  if (unknown === undefined) return true;
  return requirement === null && ![...reads].some((name) => unknown.has(name));
}

/** See `PolicyEngine.compile`. */
export function compileSet(
  policies: readonly StoredPolicy[],
  unknown?: ReadonlySet<string>,
): CompiledSet {
  const sorted = [...policies].sort(byId);
  const statements = new Map<string, PlacedStatement>();
  const sound: ReadPolicy[] = [];
  let broken: CompiledSet['broken'] = null;
  for (const policy of sorted) {
    const read = readPolicyText(policy.cedar);
    if ('message' in read) broken ??= { policy, message: read.message };
    else sound.push({ policy, layer: widest(read.map((one) => one.layer)), statements: read });
  }
  // Sorting is stable: within a layer, by id.
  for (const { policy, layer, statements: read } of sound.toSorted(byLayer)) {
    for (const one of read) {
      if (!canDecide(one, unknown)) continue;
      statements.set(`s${statements.size}`, { ...one, layer, policy });
    }
  }
  const placed = [...statements];
  const texts = Object.fromEntries([
    [PERMIT_ID, PERMIT_TEXT],
    ...placed.map(([id, { text }]) => [id, text]),
  ]);
  return {
    sha256: sha256Hex(JSON.stringify(sorted.map(({ policy_id, cedar }) => [policy_id, cedar]))),
    broken: broken ?? (statements.size === 0 ? null : prepareFault(texts, sorted[0])),
    statements,
    texts,
    reads: new Set(placed.flatMap(([, { reads }]) => [...reads])),
    zones: [...new Set(placed.flatMap(([, { zones }]) => [...zones]))],
  };
}

/** Each text parsed alone, so this is not expected; still, nothing is decided without it. */
function prepareFault(texts: PolicyTexts, first: StoredPolicy | undefined): CompiledSet['broken'] {
  try {
    const message = preparePolicies(texts);
    return message === null || first === undefined ? null : { policy: first, message };
  } catch (error) {
    return first === undefined ? null : { policy: first, message: messageOf(error) };
  }
}

export const messageOf = (error: unknown) =>
  error instanceof Error ? error.message : String(error);

/** The layer of a policy by itself; `app` for one that cannot be read. */
export function layerOf({ cedar }: Pick<StoredPolicy, 'cedar'>): PolicyLayer {
  const read = readPolicyText(cedar);
  return 'message' in read ? 'app' : widest(read.map(({ layer }) => layer));
}
