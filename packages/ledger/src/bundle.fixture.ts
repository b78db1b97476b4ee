/** Bundles of a small log, for the tests beside it. */
import { concat, toBase64 } from './bytes.ts';
import {
  BUNDLE_MEMBERS,
  BundleWriter,
  encodeBundleEntry,
  entriesMember,
  formatManifest,
} from './bundle.ts';
import type { BundleEntry, BundleManifest } from './bundle.ts';
import { canonicalize } from './canonical.ts';
import { envelopeOf, ORIGIN, saltOf, SIGNER, VERIFIER } from './log.fixture.ts';
import type { TestLog } from './log.fixture.ts';
import { nextPath } from './multi-proof.ts';
import { signNote } from './note.ts';

/** What a test changes on the way. */
export interface BundleChanges {
  /** Positions at both ends that are shown without their parts. */
  readonly borders?: readonly number[];
  readonly perMember?: number;
  readonly manifest?: Partial<BundleManifest>;
  readonly entry?: (entry: BundleEntry, seq: number) => BundleEntry;
  readonly lines?: (lines: readonly string[]) => readonly string[];
  readonly page?: string;
  readonly keys?: string;
  readonly signer?: typeof SIGNER;
}

/** The lines of entries at rising positions, each with its path. */
export async function bundleLines(
  log: TestLog,
  seqs: readonly number[],
  { borders = [], entry = (one) => one }: BundleChanges = {},
): Promise<string[]> {
  const lines: string[] = [];
  let previous: number | null = null;
  for (const seq of seqs) {
    const path = await nextPath(previous, seq, log.headers.length, log.read);
    const shown = {
      name: 'envelope',
      salt: toBase64(saltOf(seq)),
      text: canonicalize(envelopeOf(seq)),
    };
    const parts = borders.includes(seq) ? null : [shown];
    const one = { header: log.headers[seq]!, parts, path: path.map(toBase64) };
    lines.push(encodeBundleEntry(entry(one, seq)));
    previous = seq;
  }
  return lines;
}

/** A bundle of the entries at these positions. */
export async function makeBundle(
  log: TestLog,
  seqs: readonly number[],
  changes: BundleChanges = {},
): Promise<Uint8Array> {
  const { borders = [], perMember = 3, page = '<p>For the auditor.</p>\n' } = changes;
  const writer = new BundleWriter();
  const lines = (changes.lines ?? ((same) => same))(await bundleLines(log, seqs, changes));
  const chunks = [
    writer.add(BUNDLE_MEMBERS.keys, changes.keys ?? `${canonicalize([{ vkey: VERIFIER }])}\n`),
    writer.add(BUNDLE_MEMBERS.checkpoint, log.checkpoint),
  ];
  for (let n = 0; n * perMember < lines.length; n += 1) {
    const some = lines.slice(n * perMember, (n + 1) * perMember);
    chunks.push(writer.add(entriesMember(n), some.map((line) => `${line}\n`).join('')));
  }
  chunks.push(writer.add(BUNDLE_MEMBERS.page, page));
  const found = seqs.filter((seq) => !borders.includes(seq));
  const manifest: BundleManifest = {
    app_id: 'app_1',
    created_at: '2026-11-22T09:00:00.000Z',
    entries: found.length,
    filter: {},
    first_seq: found[0] ?? null,
    last_seq: found.at(-1) ?? null,
    missing_parts: 0,
    origin: ORIGIN,
    parts: found.length,
    scope: 'range',
    sha256sums: writer.sha256sums,
    v: 1,
    ...changes.manifest,
  };
  chunks.push(writer.end(signNote(formatManifest(manifest), changes.signer ?? SIGNER)));
  return concat(...chunks);
}

/** Bytes cut into pieces of a size that fits nothing. */
export function* pieces(bytes: Uint8Array, size = 777): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
