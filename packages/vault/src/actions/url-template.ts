import { AffidavitError, type Json } from '@affidavit/schema';

import { argumentAt, asText, type Args } from './arguments.ts';

/**
 * The address of a verb: literal text with `{name}` for arguments (RFC 6570, level 1, section
 * 3.2.2: everything but unreserved characters is percent-encoded). Operators write the template;
 * agents, or whoever talks them into something, write the arguments. An argument stays within its
 * path segment or its query value, whatever it is.
 */
export interface UrlTemplate {
  readonly pieces: readonly Piece[];
  /** Names of the arguments in it, as paths. */
  readonly names: ReadonlySet<string>;
}

type Piece =
  | { readonly literal: string }
  | { readonly name: string; readonly place: 'path' | 'query' };

const NAME = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*){0,7}$/;
/** Scheme and authority. */
const AUTHORITY = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i;
/** What a URL parser would drop, or read as something else than it looks. */
const UNFIT_LITERAL = /[^\x21-\x7e]|[\\#<>"`^|]/;

function refuse(message: string): AffidavitError {
  return new AffidavitError('invalid_request', message, {
    field: 'url',
    expected: 'a path such as /v1/charges/{charge}/refunds, below the base_url of the provider',
  });
}

/** Reads a template. Throws `invalid_request` for one that cannot be filled safely. */
export function readUrlTemplate(text: string): UrlTemplate {
  const [authority = ''] = AUTHORITY.exec(text) ?? [];
  if (/[{}]/.test(authority)) throw refuse('an argument may not choose the host');
  if (text.startsWith('//')) throw refuse('the url names a host without a scheme');
  const pieces: Piece[] = [];
  const names = new Set<string>();
  let before = '';
  text.split(/\{([^{}]*)\}/).forEach((part, index) => {
    if (index % 2 === 0) {
      if (/[{}]/.test(part)) throw refuse('a brace has no partner');
      if (UNFIT_LITERAL.test(part)) throw refuse('the url has a character that must be encoded');
      pieces.push({ literal: part });
    } else {
      if (!NAME.test(part)) throw refuse(`{${part.slice(0, 64)}} is not the name of an argument`);
      names.add(part);
      pieces.push({ name: part, place: before.includes('?') ? 'query' : 'path' });
    }
    before += part;
  });
  checkQueryNames(text);
  checkSegments(text.slice(authority.length));
  return { pieces, names };
}

/** An argument is the value of a parameter, never its name. */
function checkQueryNames(text: string): void {
  const query = /\?(.*)$/s.exec(text)?.[1] ?? '';
  for (const pair of query.split('&')) {
    if (!/^[^={]*\{/.test(pair)) continue;
    throw refuse('an argument may not name a parameter');
  }
}

function checkSegments(text: string): void {
  const [path = ''] = text.split('?', 1);
  if (path.split('/').some(isDotSegment)) throw refuse('the url has a dot segment');
}

/** WHATWG URL, "single-dot" and "double-dot URL path segment". */
function isDotSegment(segment: string): boolean {
  return /^(\.|%2e){1,2}$/i.test(segment);
}

/** The address with its arguments. Throws `invalid_request` where one has no place there. */
export function fillUrl({ pieces }: UrlTemplate, args: Args): string {
  const filled = pieces.map((piece) => {
    if ('literal' in piece) return piece.literal;
    const text = asText(piece.name, required(args, piece.name));
    return piece.place === 'path' ? pathText(piece.name, text) : encode(piece.name, text);
  });
  const url = filled.join('');
  const [path = ''] = url.split('?', 1);
  if (path.split('/').some(isDotSegment)) {
    throw new AffidavitError('invalid_request', 'the arguments make a dot segment of the path', {
      field: 'args',
      expected: 'arguments that leave the path as it is',
    });
  }
  return url;
}

function required(args: Args, name: string): Json {
  const value = argumentAt(args, name);
  if (value !== undefined && value !== null) return value;
  throw new AffidavitError('invalid_request', `args.${name} is needed for the address`, {
    field: `args.${name}`,
    expected: 'text, a number or a boolean',
  });
}

/** Some providers decode before they route: what could be a separator there has no way in. */
function pathText(name: string, text: string): string {
  if (text !== '' && !/[/\\\p{Cc}]/u.test(text)) return encode(name, text);
  throw new AffidavitError('invalid_request', `args.${name} cannot stand in the path`, {
    field: `args.${name}`,
    expected: 'text without slashes and control characters, and not empty',
  });
}

/** RFC 3986, section 2.3: all but unreserved characters. */
export function encode(name: string, text: string): string {
  if (!text.isWellFormed()) {
    throw new AffidavitError('invalid_request', `args.${name} is not well-formed text`, {
      field: `args.${name}`,
      expected: 'Unicode without lone surrogates',
    });
  }
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
