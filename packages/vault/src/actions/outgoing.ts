import { AffidavitError, type CallBody, type Json, type VerbDefinition } from '@affidavit/schema';

import { asText, type Args } from './arguments.ts';
import { checkTemplate, fillTemplate } from './templates.ts';
import { encode, fillUrl, readUrlTemplate, type UrlTemplate } from './url-template.ts';

/** How the arguments of a verb become a request. */

type Templates = Pick<
  VerbDefinition,
  'method' | 'url' | 'query' | 'headers' | 'body' | 'body_format'
>;

export interface RequestTemplate {
  readonly verb: Templates;
  readonly url: UrlTemplate;
}

export type OutgoingRequest = Pick<CallBody, 'method' | 'url' | 'headers' | 'json' | 'body'>;

const FORM = 'application/x-www-form-urlencoded';
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** Throws `invalid_request` for templates that cannot be filled. */
export function readRequestTemplate(verb: Templates): RequestTemplate {
  for (const field of ['query', 'headers', 'body'] as const) {
    if (verb[field] !== undefined) checkTemplate(field, verb[field]);
  }
  if (verb.body !== undefined && !WITH_BODY.has(verb.method)) {
    throw new AffidavitError('invalid_request', `a ${verb.method} has no body`, {
      field: 'body',
      expected: 'query, or another method',
    });
  }
  const isObject = (value: Json) => typeof value === 'object' && !Array.isArray(value);
  if (verb.body_format === 'form' && verb.body !== undefined && !isObject(verb.body)) {
    throw new AffidavitError('invalid_request', 'a form is made of members', {
      field: 'body',
      expected: 'an object',
    });
  }
  return { verb, url: readUrlTemplate(verb.url) };
}

/** The request that these arguments make. Throws `invalid_request` where one has no place in it. */
export function fillRequest({ verb, url }: RequestTemplate, args: Args): OutgoingRequest {
  const { method, headers = {} } = verb;
  const { query, body } = placed(verb, url, args);
  const isForm = body !== undefined && verb.body_format === 'form';
  const filled = textMembers(fillTemplate(headers, args) as Args);
  const all = isForm ? { 'content-type': FORM, ...filled } : filled;
  return {
    method,
    url: withQuery(fillUrl(url, args), query),
    ...(Object.keys(all).length === 0 ? {} : { headers: all }),
    ...(body === undefined ? {} : isForm ? { body: formText(body as Args) } : { json: body }),
  };
}

/** What goes into query and body: as the templates say, or what is left where it belongs. */
function placed(verb: Templates, { names }: UrlTemplate, args: Args): Placed {
  if (verb.query !== undefined || verb.body !== undefined) {
    const body = verb.body === undefined ? undefined : fillTemplate(verb.body, args);
    return { query: fillTemplate(verb.query ?? {}, args) as Args, body };
  }
  const rest = withoutNamed(args, names);
  if (!WITH_BODY.has(verb.method)) return { query: rest, body: undefined };
  return { query: {}, body: Object.keys(rest).length === 0 ? undefined : rest };
}

interface Placed {
  readonly query: Args;
  readonly body: Json | undefined;
}

/** Arguments that do not stand in the address; one of which a member does counts as used. */
function withoutNamed(args: Args, names: ReadonlySet<string>): Args {
  const used = new Set([...names].map((name) => name.split('.', 1)[0]));
  return Object.fromEntries(Object.entries(args).filter(([name]) => !used.has(name)));
}

function withQuery(url: string, values: Args): string {
  const pairs = formPairs(values, false);
  if (pairs.length === 0) return url;
  return `${url}${url.includes('?') ? '&' : '?'}${pairs.join('&')}`;
}

const formText = (values: Args): string => formPairs(values, true).join('&');

/**
 * `name=value` of each argument, lists as repeated names. `nested` writes members and items in
 * brackets, as Stripe and PHP read them.
 */
function formPairs(values: Args, nested: boolean): string[] {
  return Object.entries(values).flatMap(([name, value]) => pairsOf(name, value, nested));
}

function pairsOf(name: string, value: Json, nested: boolean): string[] {
  if (value === null) return [];
  if (typeof value === 'object' && nested) {
    return Object.entries(value).flatMap(([key, member]) =>
      pairsOf(`${name}[${key}]`, member as Json, nested),
    );
  }
  const items = Array.isArray(value) ? value : [value];
  return items.map((item) => `${encode(name, name)}=${encode(name, asText(name, item))}`);
}

function textMembers(values: Args): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, asText(name, value)]),
  );
}
