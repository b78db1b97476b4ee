/** What a file is, by how it begins and, where that is damaged, by its name. */

export type FileKind =
  | 'bundle'
  | 'evidence'
  | 'range'
  | 'range_lines'
  | 'receipt'
  | 'proof'
  | 'checkpoint';

const USTAR_AT = 257;

/** By the ends of names: for a file whose beginning is damaged. */
const ENDINGS: Readonly<Record<string, FileKind>> = {
  '.tar': 'bundle',
  '.ndjson': 'range_lines',
  '.tlog-proof': 'proof',
};

/** Members that only one kind of JSON has, the most telling first. */
const MEMBERS: readonly (readonly [string, FileKind])[] = [
  ['headers', 'range'],
  ['first_seq', 'range'],
  ['header', 'evidence'],
  ['parts', 'evidence'],
  ['leaf_hash', 'receipt'],
  ['proof', 'receipt'],
];

/** Null for what is none of them. `beginning` is the first 64 KB, or all there is. */
export function kindOf(name: string, beginning: Uint8Array): FileKind | null {
  const text = Buffer.from(beginning).toString('latin1');
  if (text.startsWith('ustar', USTAR_AT)) return 'bundle';
  const ending = Object.keys(ENDINGS).find((one) => name.endsWith(one));
  if (ending !== undefined) return ENDINGS[ending] as FileKind;
  if (text.startsWith('c2sp.org/tlog-proof@')) return 'proof';
  if (/^\s*\{/.test(text)) return kindOfJson(text);
  // U+2014 in UTF-8, as Latin-1: how each signature begins.
  return text.includes('\n\n\u00e2\u0080\u0094 ') ? 'checkpoint' : null;
}

function kindOfJson(text: string): FileKind | null {
  const newline = text.indexOf('\n');
  const first = newline < 0 ? '' : text.slice(0, newline);
  const isFrame = first.endsWith('}') && first.includes('"left"') && !first.includes('"headers"');
  if (isFrame) return 'range_lines';
  return MEMBERS.find(([name]) => text.includes(`"${name}"`))?.[1] ?? null;
}
