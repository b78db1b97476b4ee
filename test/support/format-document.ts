import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';

import {
  BundleWriter,
  canonicalize,
  commitPart,
  concat,
  encodeBundleEntry,
  encodeHeader,
  formatVerifierKey,
  leafHash,
  toBase64,
  toHex,
  utf8,
  ZERO_HASH,
  type NoteSigner,
  type PartName,
} from '@affidavit/ledger';

/** For tests: the examples of docs/ledger-format.md, and the small log that they are about. */

const TEXT = readFileSync(new URL('../../docs/ledger-format.md', import.meta.url), 'utf8');

/** A block of the document, by the name behind `example=`. */
export function example(name: string): string {
  const found = new RegExp(`^\`\`\`\\w+ example=${name}\\n([\\s\\S]*?)\\n\`\`\`$`, 'm').exec(TEXT);
  if (found === null) throw new Error(`the document has no example ${name}`);
  return found[1] as string;
}

/** Names of all examples. */
export const exampleNames = () =>
  [...TEXT.matchAll(/^```\w+ example=(\S+)$/gm)].map(([, name]) => name as string);

/** A block of `name  value` lines. */
export function table(name: string): Record<string, string> {
  const rows = example(name).split('\n');
  return Object.fromEntries(rows.map((row) => /^(\S+) +(.*)$/.exec(row)?.slice(1) ?? []));
}

/** Signs with the Ed25519 key of a seed that is one byte, 32 times (RFC 8410 for the wrapping). */
export function signerOf(name: string, seed: number): NoteSigner {
  const der = Buffer.concat([
    Buffer.from('302e020100300506032b657004220420', 'hex'),
    Buffer.alloc(32, seed),
  ]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return { name, publicKey: spki.subarray(-32), sign: (message) => sign(null, message, key) };
}

export const ORIGIN = 'affidavit.example/app_1';
export const SIGNER: NoteSigner = signerOf(ORIGIN, 1);
export const VKEY = formatVerifierKey(ORIGIN, SIGNER.publicKey);

interface ExampleRecord {
  readonly created_at: string;
  readonly event_id: string;
  readonly parts: Readonly<Record<PartName, unknown>>;
}

export interface ExamplePart {
  readonly name: PartName;
  readonly salt: Uint8Array;
  readonly text: string;
}

const RECORDS = JSON.parse(example('log')) as ExampleRecord[];

/** The parts of each entry, by name. */
export const PARTS: readonly (readonly ExamplePart[])[] = RECORDS.map(({ parts }, n) =>
  (Object.keys(parts) as PartName[]).sort().map((name, k) => ({
    name,
    salt: new Uint8Array(32).fill(16 * n + k),
    text: canonicalize(parts[name]),
  })),
);

export const HEADERS: readonly string[] = RECORDS.reduce<string[]>((headers, record, seq) => {
  const { created_at, event_id } = record;
  const last = headers.at(-1);
  const commitments = (PARTS[seq] ?? []).map(({ name, salt, text }) => {
    return [name, toHex(commitPart(name, salt, utf8(text)))];
  });
  const parts = Object.fromEntries(commitments) as Record<string, string>;
  const prev = last === undefined ? ZERO_HASH : toHex(leafHash(last));
  return [...headers, encodeHeader({ created_at, event_id, parts, prev, seq, v: 1 })];
}, []);

/** The bundle of entry 1, put together from its examples. */
export function exampleBundle(): Uint8Array {
  const writer = new BundleWriter();
  const lines = [0, 1, 2].map((seq) => {
    const shown = (PARTS[seq] ?? []).map((part) => ({ ...part, salt: toBase64(part.salt) }));
    const { path } = JSON.parse(example('bundle-entries').split('\n')[seq] ?? '') as {
      path: string[];
    };
    const header = HEADERS[seq] as string;
    return `${encodeBundleEntry({ header, parts: seq === 1 ? shown : null, path })}\n`;
  });
  return concat(
    writer.add('keys.json', `${canonicalize([{ vkey: VKEY }])}\n`),
    writer.add('checkpoint', `${example('checkpoint')}\n`),
    writer.add('entries/000000.ndjson', lines.join('')),
    writer.add('README.html', '<p>Hello.</p>\n'),
    writer.end(`${example('bundle-manifest')}\n`),
  );
}
