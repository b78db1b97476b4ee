import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { ERROR_CATALOGUE, FIELD_NAMES, LOOKUP_FIELDS } from '@affidavit/schema';

import { startAffidavit, type Affidavit } from './support/server.ts';
import { ask } from './support/world.ts';

/** The description of the API, as a program would read it. */

/** Of those that are not for any key or session. */
const DOORS: Readonly<Record<string, object[]>> = { public: [], wallet: [{ wallet: [] }] };

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly 'x-access': string;
  readonly security: object[];
  readonly parameters: { name: string; in: string; required?: boolean }[];
  readonly requestBody?: { content: Record<string, { schema: Record<string, unknown> }> };
  readonly responses: Record<string, { description: string; content: Record<string, object> }>;
}

interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: {
    readonly schemas: Record<
      string,
      { properties: Record<string, { enum?: string[] }>; required: string[] }
    >;
  };
}

let server: Affidavit;
let document: Document;
let operations: [string, string, Operation][];

before(async () => {
  server = await startAffidavit();
  document = await ask<Document>(server, 200, 'GET', '/openapi.json', { key: null });
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => [method, path, operation] as [string, string, Operation],
    ),
  );
});
after(() => server.stop());

describe('the description', () => {
  it('is OpenAPI 3.1 with a summary and an id of its own for each operation', () => {
    assert.match(document.openapi, /^3\.1\./);
    const ids = operations.map(([, , { operationId }]) => operationId);
    assert.equal(new Set(ids).size, ids.length);
    for (const [method, path, { summary }] of operations) {
      assert.ok(summary.length > 5, `${method} ${path}`);
    }
  });

  it('declares every parameter of every path', () => {
    for (const [, path, { parameters }] of operations) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = parameters.filter((one) => one.in === 'path').map((one) => one.name);
      assert.deepEqual(declared, named, path);
      const query = parameters.filter((one) => one.in === 'query').map((one) => one.name);
      assert.equal(new Set(query).size, query.length, `${path} names one twice`);
    }
  });

  it('says which operations need a key or a session', () => {
    for (const [method, path, { security, 'x-access': access }] of operations) {
      const open = DOORS[access] ?? [{ key: [] }, { session: [] }];
      // The ledger can be made public; checking it takes a core, and stays for those with a key.
      const isLedger = /^\/v1\/ledgers?(\/|$)/.test(path);
      const canOpen = method === 'get' && isLedger && path !== '/v1/ledger/verify';
      const expected = canOpen ? [...open, {}] : open;
      assert.deepEqual(security, expected, path);
    }
  });

  it('has the record with all its fields, and the problem with all its codes', () => {
    const { Record: record, Problem: problem } = document.components.schemas;
    assert.deepEqual(Object.keys(record?.properties ?? {}).sort(), [...FIELD_NAMES].sort());
    assert.deepEqual(problem?.properties.code?.enum, Object.keys(ERROR_CATALOGUE));
    assert.ok(problem?.required.includes('code'));
  });

  it('lists every filter of the record on the search', () => {
    const search = document.paths['/v1/events']?.get as Operation;
    const names = new Set(search.parameters.map((one) => one.name));
    for (const name of [...LOOKUP_FIELDS, 'user', 'agent', 'actor', 'from', 'to', 'q', 'cursor']) {
      assert.ok(names.has(name), name);
    }
  });

  it('refers to nothing that is not there', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)];
    assert.ok(references.length > 10);
    for (const [, pointer = ''] of references) {
      let target: unknown = document;
      for (const step of pointer.split('/')) target = (target as Record<string, unknown>)[step];
      assert.notEqual(target, undefined, pointer);
    }
  });

  it('has a body that refuses unknown members wherever one is asked for', () => {
    for (const [method, path, { requestBody }] of operations) {
      if (!requestBody || path === '/v1/events') continue;
      const { schema } = requestBody.content['application/json'] as {
        schema: Record<string, unknown>;
      };
      const kinds = (schema.oneOf ?? [schema]) as Record<string, unknown>[];
      for (const kind of kinds) assert.equal(kind.additionalProperties, false, `${method} ${path}`);
    }
  });

  it('gives every code with its status', () => {
    for (const [method, path, { responses }] of operations) {
      const codes = Object.entries(responses).filter(([status]) => Number(status) >= 400);
      assert.ok(codes.length >= 2, `${method} ${path}`);
      for (const [status, { content }] of codes) {
        assert.ok('application/problem+json' in content, `${method} ${path} ${status}`);
      }
    }
  });
});
