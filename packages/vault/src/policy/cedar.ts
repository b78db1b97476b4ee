/**
 * Cedar's WebAssembly module: loading it, and keeping prepared policy sets in it.
 *
 * The module keeps every set under a name, for the life of the thread, and has no call to
 * remove one. Measured with 4.13: preparing again under the same name frees the set that was
 * there (4,000 replacements, no growth); a new name for each costs about 57 KB for 20 policies,
 * for ever. So the names are few and are used again: the least recently used set makes room.
 *
 * A trap (stack overrun) leaves the module unusable. It is loaded anew, and the call that
 * caused it fails.
 */
import { createRequire } from 'node:module';

export type Cedar = typeof import('@cedar-policy/cedar-wasm/nodejs');

const MODULE = '@cedar-policy/cedar-wasm/nodejs';
const load = createRequire(import.meta.url);

/** Cedar gave up on a text or a call; nothing can be said about what it would have decided. */
export class CedarTrap extends Error {
  override readonly name = 'CedarTrap';
}

let loaded: Cedar | null = null;
/** Counts the loads, so that what was prepared in an earlier one is known to be gone. */
let generation = 0;

function freshCedar(): Cedar {
  delete load.cache[load.resolve(MODULE)];
  generation += 1;
  return load(MODULE) as Cedar;
}

/** A WebAssembly trap, or the same overrun seen as one of the JavaScript stack. */
function isTrap(error: unknown): boolean {
  return error instanceof RangeError || (error instanceof Error && error.name === 'RuntimeError');
}

/** Runs one call into Cedar. Throws CedarTrap when the module broke under it. */
export function withCedar<T>(use: (cedar: Cedar) => T): T {
  loaded ??= freshCedar();
  try {
    return use(loaded);
  } catch (error) {
    if (!isTrap(error)) throw error;
    loaded = null;
    throw new CedarTrap('the policy is too complex for Cedar', { cause: error });
  }
}

/** Cedar texts by their ids in the set. The object itself identifies the set. */
export type PolicyTexts = Readonly<Record<string, string>>;

export type StatefulCall = Omit<
  Parameters<Cedar['statefulIsAuthorized']>[0],
  'preparsedPolicySetId'
>;
export type AuthorizationAnswer = ReturnType<Cedar['statefulIsAuthorized']>;

/** Sets kept prepared at a time; with 20 policies each that is about 15 MB. */
export const PREPARED_SETS = 256;

/** The names that sets are prepared under. One instance a thread, as the names are the module's. */
class PreparedSets {
  /** Least recently used first. */
  readonly #names = new Map<PolicyTexts, string>();
  #generation = -1;

  /** Makes the set ready and returns its name, or Cedar's message. */
  prepare(texts: PolicyTexts): { name: string } | { fault: string } {
    return withCedar((cedar) => {
      if (this.#generation !== generation) this.#names.clear();
      this.#generation = generation;
      const known = this.#names.get(texts);
      if (known !== undefined) return this.#use(texts, known);
      const name = this.#freeName();
      const answer = cedar.preparsePolicySet(name, { staticPolicies: texts });
      if (answer.type === 'success') return this.#use(texts, name);
      return { fault: answer.errors[0]?.message ?? 'the policies do not parse' };
    });
  }

  #use(texts: PolicyTexts, name: string): { name: string } {
    this.#names.delete(texts);
    this.#names.set(texts, name);
    return { name };
  }

  #freeName(): string {
    if (this.#names.size < PREPARED_SETS) return `set-${this.#names.size}`;
    const [oldest] = this.#names;
    if (oldest === undefined) return 'set-0';
    this.#names.delete(oldest[0]);
    return oldest[1];
  }
}

const preparedSets = new PreparedSets();

/** Prepares a set ahead of its first use. Returns Cedar's message when it does not parse. */
export function preparePolicies(texts: PolicyTexts): string | null {
  const prepared = preparedSets.prepare(texts);
  return 'fault' in prepared ? prepared.fault : null;
}

/** Decides a call by a set, preparing the set if it made room for others. */
export function authorize(texts: PolicyTexts, call: StatefulCall): AuthorizationAnswer {
  const prepared = preparedSets.prepare(texts);
  if ('fault' in prepared) throw new CedarTrap(prepared.fault);
  return withCedar((cedar) =>
    cedar.statefulIsAuthorized({ ...call, preparsedPolicySetId: prepared.name }),
  );
}
