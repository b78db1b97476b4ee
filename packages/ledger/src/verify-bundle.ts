import { fromUtf8, toHex, utf8 } from './bytes.ts';
import type { Chunks } from './byte-source.ts';
import { BundleEntries } from './bundle-entries.ts';
import { BUNDLE_MEMBERS, entriesMember, parseManifest, sumLine } from './bundle.ts';
import type { BundleManifest } from './bundle.ts';
import { LedgerError } from './error.ts';
import type { LedgerErrorCode } from './error.ts';
import { parseJson } from './json.ts';
import { parseNote } from './note.ts';
import { followKeys } from './rotation.ts';
import type { ListedKey } from './rotation.ts';
import { sha256 } from './sha256.ts';
import type { Sha256 } from './sha256.ts';
import { readTar } from './tar.ts';
import type { TarMember } from './tar.ts';
import { openLogNote, verifyCheckpoint } from './verify.ts';
import type { Trust, VerifiedCheckpoint } from './verify.ts';

/** What is wrong with a bundle. */
export interface BundleDamage {
  /** The damaged entry; null where the damage is not in one entry. */
  readonly seq: number | null;
  /** The member it is in; null where the archive itself is damaged. */
  readonly member: string | null;
  readonly reason: LedgerErrorCode;
  /** In words. */
  readonly message: string;
}

/** What came of checking a bundle. Nothing but `broken` means anything unless `ok`. */
export interface BundleVerdict {
  readonly ok: boolean;
  /** Empty when ok; else the first damage. */
  readonly broken: readonly BundleDamage[];
  /** Null unless the log has signed it. */
  readonly checkpoint: VerifiedCheckpoint | null;
  readonly manifest: BundleManifest | null;
  /** Entries whose place in the log was checked, borders of the range included. */
  readonly checked: number;
  /** That these are all entries of the log in [from, to) of the manifest. */
  readonly complete: boolean;
}

/**
 * Checks a bundle as it comes, in memory for one member: each entry is in the log that the
 * checkpoint signs, each part is what the entry was committed to, nothing was added to the file or
 * taken away, and a range is complete. All of it is the attacker's; damage never throws.
 *
 * Without any `verifiers`, the keys that the bundle itself carries are believed: that shows
 * accidents, not forgery.
 */
export async function verifyBundle(chunks: Chunks, trust: Trust): Promise<BundleVerdict> {
  const bundle = new BundleReading(chunks, trust);
  let broken: BundleDamage[] = [];
  try {
    await bundle.read();
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    const { code: reason, message } = error;
    broken = [{ seq: bundle.entries?.seq ?? null, member: bundle.member, reason, message }];
  }
  const { checkpoint, manifest } = bundle;
  const ok = broken.length === 0;
  const complete = ok && manifest?.scope === 'range';
  return { ok, broken, checkpoint, manifest, checked: bundle.entries?.checked ?? 0, complete };
}

/** The members in their order, each checked against what came before it. */
class BundleReading {
  readonly #members: AsyncGenerator<TarMember>;
  readonly #trust: Trust;
  readonly #hash: Sha256;
  #ahead: TarMember | null = null;
  /** What SHA256SUMS must say. */
  #sums = '';
  /** Where it is: the damage is there, if there is any. */
  member: string | null = null;
  checkpoint: VerifiedCheckpoint | null = null;
  entries: BundleEntries | null = null;
  manifest: BundleManifest | null = null;

  constructor(chunks: Chunks, trust: Trust) {
    this.#members = readTar(chunks);
    this.#trust = trust;
    this.#hash = trust.hash ?? sha256;
  }

  async read(): Promise<void> {
    const keys = readKeys(await this.#take(BUNDLE_MEMBERS.keys));
    const trust = { ...this.#trust, verifiers: await this.#trusted(keys) };
    this.checkpoint = await verifyCheckpoint(await this.#take(BUNDLE_MEMBERS.checkpoint), trust);
    this.entries = new BundleEntries(this.checkpoint, this.#hash);
    for (let n = 0; (await this.#peek()) === entriesMember(n); n += 1) {
      const lines = (await this.#take(entriesMember(n))).split('\n');
      if (lines.pop() !== '') throw malformed('a line has no end');
      for (const line of lines) this.entries.add(line);
      this.entries.seq = null;
    }
    await this.#take(BUNDLE_MEMBERS.page);
    const expected = this.#sums;
    const sums = await this.#take(BUNDLE_MEMBERS.sums);
    this.#compareSums(sums, expected);
    await this.#readManifest(toHex(this.#hash(utf8(sums))), this.checkpoint, this.entries, trust);
    if ((await this.#peek()) !== null) throw malformed('it has a member too many');
  }

  /** The keys that were given, and those that they have handed the log on to. */
  async #trusted(keys: readonly ListedKey[]): Promise<Trust['verifiers']> {
    const { verifiers } = this.#trust;
    if (verifiers.length === 0) return keys.map(({ vkey }) => vkey);
    const known = keys.find(({ vkey }) => verifiers.includes(vkey));
    if (known === undefined) return verifiers;
    const changes = await followKeys(keys, known.vkey, this.#trust);
    return [...verifiers, ...changes.map(({ vkey }) => vkey)];
  }

  /** Name of the member that comes next; null at the end. */
  async #peek(): Promise<string | null> {
    this.#ahead ??= (await this.#members.next()).value ?? null;
    return this.#ahead?.name ?? null;
  }

  /** The next member, as text; it must be this one. */
  async #take(name: string): Promise<string> {
    this.member = null;
    if ((await this.#peek()) !== name) throw malformed(`${name} is not where it belongs`);
    this.member = name;
    const { bytes } = this.#ahead!;
    this.#ahead = null;
    this.#sums += sumLine(toHex(this.#hash(bytes)), name);
    return fromUtf8(bytes);
  }

  #compareSums(sums: string, expected: string): void {
    if (sums === expected) return;
    const said = sums.split('\n');
    const different = expected.split('\n').find((line, i) => line !== said[i]);
    this.member = different?.slice(66) || BUNDLE_MEMBERS.sums;
    throw failed('The digest of the member is not the one in SHA256SUMS.');
  }

  async #readManifest(
    sumsDigest: string,
    { origin }: VerifiedCheckpoint,
    entries: BundleEntries,
    trust: Trust,
  ): Promise<void> {
    const note = await this.#take(BUNDLE_MEMBERS.manifest);
    const { text } = await openLogNote(note, () => origin, trust);
    // One more by an unknown key would be ignored, and could be anything.
    if (parseNote(note).signatures.length !== 1) throw malformed('its manifest has two signatures');
    const manifest = parseManifest(text);
    if (manifest.origin !== origin) throw failed('The manifest is of another log.');
    if (manifest.sha256sums !== sumsDigest) throw failed('The manifest is of other contents.');
    entries.finish(manifest);
    this.manifest = manifest;
  }
}

/** The keys that a bundle carries, the oldest first. */
function readKeys(text: string): ListedKey[] {
  const list = parseJson(text, 'a bundle') as ListedKey[];
  if (Array.isArray(list) && list.length > 0) {
    if (list.every((key) => typeof key?.vkey === 'string')) return list;
  }
  throw malformed('it names no keys');
}

const malformed = (reason: string): LedgerError =>
  new LedgerError('malformed', `Not a bundle: ${reason}.`);

const failed = (message: string): LedgerError => new LedgerError('proof_failed', message);
