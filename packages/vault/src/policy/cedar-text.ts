/**
 * Writing Cedar literals. Names, ids and patterns come from whoever may write policies, so
 * everything that goes between quotes passes through here.
 */

/** Quotes, backslashes, and what a reader would not see (control, format, separators). */
const UNSAFE = /["\\\p{C}\p{Zl}\p{Zp}]/gu;

function escaped(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

function escapeText(text: string): string {
  return text.toWellFormed().replace(UNSAFE, escaped);
}

/** A Cedar string literal. */
export function cedarString(text: string): string {
  return `"${escapeText(text)}"`;
}

/** A Cedar entity such as `Agent::"agt_1"`. */
export function cedarEntity(type: 'Agent' | 'Grant' | 'Provider', id: string): string {
  return `${type}::${cedarString(id)}`;
}

/** A `like` pattern: the pieces literally, any characters between them. */
export function cedarPattern(pieces: readonly string[]): string {
  return `"${pieces.map((piece) => escapeText(piece).replaceAll('*', '\\*')).join('*')}"`;
}

/** A Cedar set of strings. */
export function cedarSet(members: readonly string[]): string {
  return `[${members.map(cedarString).join(', ')}]`;
}

/** Members of one parenthesised group of alternatives; keeps a long list from nesting deeply. */
const GROUP = 16;

/**
 * Alternatives joined by `||`, in groups, since Cedar nests a chain as deep as it is long.
 * `indent` is put before each further line.
 */
export function cedarAnyOf(alternatives: readonly string[], indent: string): string {
  if (alternatives.length === 1) return alternatives[0] ?? '';
  const inner = `${indent}  `;
  if (alternatives.length <= GROUP) {
    return `(\n${inner}${alternatives.join(` ||\n${inner}`)}\n${indent})`;
  }
  const groups: string[] = [];
  for (let start = 0; start < alternatives.length; start += GROUP) {
    groups.push(cedarAnyOf(alternatives.slice(start, start + GROUP), inner));
  }
  return cedarAnyOf(groups, indent);
}
