import { ERROR_CATALOGUE, RecordSchema, type ErrorCode } from '@affidavit/schema';
import { z } from 'zod';

import { FILTER_NAMES } from '../query/filter.ts';
import type { Route } from './route.ts';

/** OpenAPI 3.1, from the same routes and schemas that answer the calls. */
export function openApi(routes: readonly Route[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    // Pages are for browsers, not for programs.
    if (route.tag === 'pages') continue;
    const path = templateOf(route.path);
    (paths[path] ??= {})[route.method.toLowerCase()] = operation(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Affidavit',
      version: '0.1.0',
      summary: 'The audit trail for AI agents',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'affidavit_session' },
        wallet: { type: 'apiKey', in: 'cookie', name: 'affidavit_wallet' },
      },
      schemas: { Record: jsonSchema(RecordSchema), Problem: PROBLEM },
    },
  };
}

/** The path as OpenAPI writes it; what a `*` stands for is called `path`. */
const templateOf = (path: string) => path.replaceAll(/:(\w+)/g, '{$1}').replace('*', '{path}');

function jsonSchema(schema: z.ZodType): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' });
  return rest;
}

const PROBLEM = {
  type: 'object',
  description: 'RFC 9457 problem document',
  required: ['type', 'title', 'status', 'detail', 'code', 'advice'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', enum: Object.keys(ERROR_CATALOGUE) },
    advice: { type: 'string' },
    field: { type: 'string' },
    expected: { type: 'string' },
    request_id: { type: 'string' },
  },
};

const COMMON: readonly ErrorCode[] = ['invalid_request', 'internal'];
const WITH_KEY: readonly ErrorCode[] = ['unauthorized', 'forbidden', 'overloaded'];

function operation(route: Route): object {
  const codes = new Set([...COMMON, ...(route.access === 'public' ? [] : WITH_KEY)]);
  for (const code of route.errors ?? []) codes.add(code);
  return {
    summary: route.summary,
    tags: [route.tag],
    operationId: `${route.method.toLowerCase()}${route.path.replaceAll(/[^a-zA-Z0-9]+/g, '_')}`,
    security: security(route),
    'x-access': route.access,
    ...(route.ownersOnly ? { 'x-owners-only': true } : {}),
    ...(route.takesTokens ? { 'x-takes-tokens': true } : {}),
    parameters: parameters(route),
    ...(route.body
      ? {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: jsonSchema(route.body) } },
          },
        }
      : {}),
    responses: responses(route, codes),
  };
}

/** An empty requirement among others: the key or session may be left out. */
function security({ access, openWhenPublic }: Route): object[] {
  if (access === 'public') return [];
  if (access === 'wallet') return [{ wallet: [] }];
  return [{ key: [] }, { session: [] }, ...(openWhenPublic ? [{}] : [])];
}

function parameters(route: Route): object[] {
  const inPath = [...templateOf(route.path).matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const names = [...(route.filters ? FILTER_NAMES : []), ...(route.query ?? [])];
  const inQuery = names.map((name) => ({ name, in: 'query', schema: { type: 'string' } }));
  return [...inPath, ...inQuery];
}

function responses(route: Route, codes: ReadonlySet<ErrorCode>): object {
  const content = { [route.produces ?? 'application/json']: {} };
  const answers: Record<string, object> = {
    [String(route.status ?? 200)]: { description: route.summary, content },
  };
  if (route.otherStatus) {
    const [status, description] = route.otherStatus;
    answers[status] = { description, content };
  }
  for (const code of codes) {
    const { status } = ERROR_CATALOGUE[code];
    const known = answers[status] as { description: string } | undefined;
    answers[status] = {
      description: known ? `${known.description}, ${code}` : code,
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    };
  }
  return answers;
}
