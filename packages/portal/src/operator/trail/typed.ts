import type { Token } from './filters.ts';

/** What is typed into the filter bar: `provider:mail outcome:error "past due"`. */

const PIECE = /([a-z][a-z_0-9]*):(?:"([^"]*)"?|([^\s"]+))|"([^"]*)"?|(\S+)/g;

/** Conditions in the order they were typed; all plain words and phrases together are one `q`. */
export function readTyped(text: string): readonly Token[] {
  const tokens: Token[] = [];
  const words: string[] = [];
  for (const [piece, name, quoted, bare, phrase] of text.matchAll(PIECE)) {
    const value = quoted ?? bare;
    // An address that was pasted is text, and no condition on `https`.
    if (name !== undefined && value && !value.startsWith('//')) tokens.push({ name, value });
    else if (phrase !== undefined) words.push(phrase === '' ? '' : `"${phrase}"`);
    else words.push(piece);
  }
  const q = words.filter((word) => word !== '').join(' ');
  return q === '' ? tokens : [...tokens, { name: 'q', value: q }];
}

/** The way a token is typed, to be edited. */
export function typedOf({ name, value }: Token): string {
  if (name === 'q') return value;
  return /[\s"]/.test(value) ? `${name}:"${value}"` : `${name}:${value}`;
}

export interface Completing {
  /** What stands before the piece that is being typed. */
  readonly before: string;
  /** The field whose value is being typed; undefined while the name itself is. */
  readonly name?: string;
  readonly typed: string;
}

/** The last piece of the text, which is the one that can be completed. */
export function completing(text: string): Completing {
  const last = /(?:^|\s)([a-z][a-z_0-9]*:"[^"]*|[^\s"]*)$/.exec(text)?.[1] ?? '';
  const before = text.slice(0, text.length - last.length);
  const [, name, typed = ''] = /^([a-z][a-z_0-9]*):"?(.*)$/.exec(last) ?? [];
  return name === undefined ? { before, typed: last } : { before, name, typed };
}
