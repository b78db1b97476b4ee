/**
 * Escapes that work character by character (JSON, percent, form, HTML), undone piece by piece so
 * that a find in the decoded text can be traced to the encoded one. Texts are byte strings (one
 * character per byte of UTF-8). Input is whatever a provider answers; all patterns are linear.
 */
import { Buffer } from 'node:buffer';

export interface EscapeStyle {
  /** Every escape begins with one of these. */
  readonly triggers: readonly string[];
  /** Matches one escape; global. */
  readonly pattern: RegExp;
  /** The bytes that one escape stands for. */
  readonly decode: (escape: string) => string;
}

function bytesOf(codePoint: number): string {
  if (codePoint < 0x80) return String.fromCharCode(codePoint);
  if (codePoint > 0x10ffff) return '';
  return Buffer.from(String.fromCodePoint(codePoint), 'utf8').toString('latin1');
}

const JSON_SHORT: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

function decodeJson(escape: string): string {
  const kind = escape[1] ?? '';
  if (kind !== 'u') return JSON_SHORT[kind] ?? kind;
  const high = Number.parseInt(escape.slice(2, 6), 16);
  if (escape.length === 6) return bytesOf(high);
  const low = Number.parseInt(escape.slice(8, 12), 16);
  return bytesOf(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
}

const HTML_NAMES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

function decodeHtml(escape: string): string {
  const body = escape.slice(1, -1);
  if (body[0] !== '#') return HTML_NAMES[body] ?? escape;
  const hex = body[1] === 'x' || body[1] === 'X';
  return bytesOf(hex ? Number.parseInt(body.slice(2), 16) : Number(body.slice(1)));
}

const decodePercent = (escape: string): string =>
  String.fromCharCode(Number.parseInt(escape.slice(1), 16));

/** RFC 8259 section 7. */
const JSON_STYLE: EscapeStyle = {
  triggers: ['\\'],
  pattern:
    /\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|["\\/bfnrt])/g,
  decode: decodeJson,
};

/** RFC 3986 section 2.1. */
const PERCENT_STYLE: EscapeStyle = {
  triggers: ['%'],
  pattern: /%[0-9a-fA-F]{2}/g,
  decode: decodePercent,
};

/** application/x-www-form-urlencoded: percent, and `+` for a space. */
const FORM_STYLE: EscapeStyle = {
  triggers: ['%', '+'],
  pattern: /%[0-9a-fA-F]{2}|\+/g,
  decode: (escape) => (escape === '+' ? ' ' : decodePercent(escape)),
};

/** Numeric references and the five names that escaping functions produce. */
const HTML_STYLE: EscapeStyle = {
  triggers: ['&'],
  pattern: /&(?:#\d{1,8}|#[xX][0-9a-fA-F]{1,7}|amp|lt|gt|quot|apos);/g,
  decode: decodeHtml,
};

/** The styles to undo for secrets with or without a space in them. */
export function escapeStyles(withSpaces: boolean): readonly EscapeStyle[] {
  const styles = [JSON_STYLE, PERCENT_STYLE, HTML_STYLE];
  return withSpaces ? [...styles, FORM_STYLE] : styles;
}

/** Where the escapes of a style may begin, in order. Each trigger is looked for only once. */
function* triggersIn(style: EscapeStyle, text: string): Generator<number> {
  const ahead = style.triggers.map((trigger) => text.indexOf(trigger));
  for (;;) {
    let nearest = -1;
    for (let index = 0; index < ahead.length; index += 1) {
      const at = ahead[index] ?? -1;
      if (at >= 0 && (nearest < 0 || at < (ahead[nearest] ?? 0))) nearest = index;
    }
    const at = ahead[nearest];
    if (at === undefined) return;
    yield at;
    ahead[nearest] = text.indexOf(style.triggers[nearest] ?? '', at + 1);
  }
}

/**
 * The stretches of a text that can hold an escaped form: everything within `reach` of a trigger.
 * A form without any escape in it is found in the text itself.
 */
export function* escapedStretches(
  style: EscapeStyle,
  text: string,
  reach: number,
): Generator<readonly [number, number]> {
  let stretch: [number, number] | undefined;
  for (const trigger of triggersIn(style, text)) {
    if (stretch !== undefined && trigger - reach <= stretch[1]) {
      stretch[1] = trigger + reach;
      continue;
    }
    if (stretch !== undefined) yield stretch;
    stretch = [Math.max(0, trigger - reach), trigger + reach];
  }
  if (stretch !== undefined) yield stretch;
}

export const unescape = (style: EscapeStyle, text: string): string =>
  text.replace(style.pattern, style.decode);

/**
 * Traces ranges of the unescaped text (sorted, apart) back to the text it came from. A range that
 * touches part of an escape takes the whole of it.
 */
export function traceBack(
  style: EscapeStyle,
  text: string,
  ranges: readonly (readonly [number, number])[],
): (readonly [number, number])[] {
  const steps: { decoded: number; encoded: number; width: number; length: number }[] = [];
  let shift = 0;
  for (const { 0: escape, index } of text.matchAll(style.pattern)) {
    const width = style.decode(escape).length;
    steps.push({ decoded: index - shift, encoded: index, width, length: escape.length });
    shift += escape.length - width;
  }
  let next = 0;
  let offset = 0;
  const locate = (position: number, isEnd: boolean): number => {
    for (let step = steps[next]; step !== undefined; step = steps[next]) {
      const { decoded, encoded, width, length } = step;
      if (position < decoded || (isEnd && position === decoded)) break;
      if (position < decoded + width) return isEnd ? encoded + length : encoded;
      offset = encoded + length - (decoded + width);
      next += 1;
    }
    return position + offset;
  };
  return ranges.map(([start, end]) => [locate(start, false), locate(end, true)] as const);
}
