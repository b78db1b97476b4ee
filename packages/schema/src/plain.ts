/**
 * What stands in an entry was written by others: agents, providers, the people they serve. Before
 * it reaches a terminal or a page, everything that could move the cursor, change colours or turn the
 * reading direction is taken out.
 */

// Controls, format characters (zero-width and bidirectional marks), lone surrogates, separators.
const HARMFUL = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** The value on one line, without control characters; an object as JSON. */
export function plain(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text.replaceAll(/[\t\r\n]+/g, ' ').replaceAll(HARMFUL, '\uFFFD');
}

/** At most `length` characters, the last an ellipsis when something was left out. */
export function clip(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}

/** The head and the tail of an id: enough to tell it from others by eye. */
export function shortId(id: string): string {
  const [prefix, rest] = id.includes('_')
    ? [id.slice(0, id.indexOf('_') + 1), id.slice(id.indexOf('_') + 1)]
    : ['', id];
  return rest.length <= 10 ? id : `${prefix}…${rest.slice(-6)}`;
}
