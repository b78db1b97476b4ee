import { AffidavitError } from '@affidavit/schema';

/**
 * JSON as I-JSON (RFC 7493) asks: UTF-8, no duplicate names, no integers that a double cannot
 * hold, no lone surrogates. `JSON.parse` lets all of these through in silence. The bytes are the
 * attacker's.
 */
const DEPTH_MAX = 64;
const SHOWN_CHARACTERS = 100;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

export function parseStrictJson(bytes: Uint8Array): unknown {
  const text = decode(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    // The message of the parser quotes the body, which may hold what must not be repeated.
    const [, position] = /position (\d+)/.exec((cause as Error).message) ?? [];
    const where = position === undefined ? '' : `, from position ${position} on`;
    throw refuse(`the body is not JSON${where}`, 'body', 'JSON');
  }
  const walk: Walk = { names: 0, surrogates: SURROGATE_ESCAPE.test(text) };
  inspect(value, walk, 'body', 0);
  if (walk.names !== countNames(text)) {
    const name = findDuplicate(text).slice(0, SHOWN_CHARACTERS);
    throw refuse(
      `the name ${JSON.stringify(name)} stands twice in one object`,
      name || 'body',
      'each name once',
    );
  }
  return value;
}

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw refuse('the body is not UTF-8', 'body', 'JSON in UTF-8', cause);
  }
}

function refuse(message: string, field: string, expected: string, cause?: unknown): AffidavitError {
  const shown = field.length > SHOWN_CHARACTERS ? `${field.slice(0, SHOWN_CHARACTERS)}…` : field;
  return new AffidavitError('invalid_request', message, { field: shown, expected, cause });
}

interface Walk {
  names: number;
  readonly surrogates: boolean;
}

function inspect(value: unknown, walk: Walk, path: string, depth: number): void {
  if (typeof value === 'number') return inspectNumber(value, path);
  if (typeof value === 'string') return inspectString(value, walk, path);
  if (typeof value !== 'object' || value === null) return;
  if (depth >= DEPTH_MAX) throw refuse('the body is nested too deep', path, `${DEPTH_MAX} levels`);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) inspect(value[i], walk, `${path}[${i}]`, depth + 1);
    return;
  }
  for (const name of Object.keys(value)) {
    walk.names++;
    inspectString(name, walk, path);
    const member = (value as Record<string, unknown>)[name];
    if (typeof member === 'string' && !walk.surrogates) continue;
    inspect(member, walk, path === 'body' ? name : `${path}.${name}`, depth + 1);
  }
}

function inspectNumber(value: number, path: string): void {
  if (Number.isSafeInteger(value)) return;
  if (Number.isInteger(value) || !Number.isFinite(value)) {
    throw refuse('a number is beyond ±(2^53 − 1)', path, 'a smaller number, or text');
  }
}

function inspectString(value: string, walk: Walk, path: string): void {
  if (walk.surrogates && !value.isWellFormed()) {
    throw refuse('a text holds half of a surrogate pair', path, 'well-formed Unicode');
  }
}

/** The end of the string whose opening quote is at `start`: the index of its closing quote. */
function stringEnd(text: string, start: number): number {
  let end = start;
  for (;;) {
    end = text.indexOf('"', end + 1);
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === 92) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
}

/** Names in a text that is known to be JSON: the colons outside strings. */
function countNames(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    if (character === 34) i = stringEnd(text, i);
    else if (character === 58) count++;
  }
  return count;
}

const NAME_END = /\s*:/y;

/** The first name that repeats, in a text that is known to have one. */
function findDuplicate(text: string): string {
  const open: (Set<string> | null)[] = [];
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '{') open.push(new Set());
    else if (character === '[') open.push(null);
    else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const end = stringEnd(text, i);
      NAME_END.lastIndex = end + 1;
      const isName = NAME_END.test(text) && open.at(-1);
      const name = isName ? (JSON.parse(text.slice(i, end + 1)) as string) : '';
      if (isName && isName.has(name)) return name;
      if (isName) isName.add(name);
      i = end;
    }
  }
  return '';
}
