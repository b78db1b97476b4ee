import assert from 'node:assert/strict';

import { ERROR_CATALOGUE, type AuditRecord, type ErrorCode } from '@affidavit/schema';

import type { Affidavit, Answer, RequestOptions } from './server.ts';

/** For tests: apps, agents and grants on a running server, and what to expect of its answers. */

type Fields = Readonly<Record<string, unknown>>;

/** Asks and expects the status; the body as `T`. */
export async function ask<T = Record<string, unknown>>(
  server: Affidavit,
  status: number,
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<T> {
  const answer = await server.request<T>(method, path, options);
  assert.equal(answer.status, status, `${method} ${path}: ${answer.text.slice(0, 500)}`);
  return answer.body;
}

export interface Problem extends Record<string, unknown> {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly advice: string;
  readonly request_id: string;
  readonly field?: string;
  readonly expected?: string;
  readonly execution_id?: string;
  readonly policy_id?: string;
}

/** Expects a problem document (RFC 9457) of the closed catalogue, complete and consistent. */
export function problem(answer: Answer<unknown>, status: number, code: ErrorCode): Problem {
  const shown = answer.text.slice(0, 500);
  assert.equal(answer.status, status, shown);
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
  const document = answer.body as Problem;
  assert.equal(document.code, code, shown);
  assert.equal(document.status, ERROR_CATALOGUE[code].status);
  assert.equal(document.title, ERROR_CATALOGUE[code].title);
  assert.equal(document.type, `https://affidavit.dev/errors/${code}`);
  assert.ok(document.advice.length > 0 && document.detail.length > 0, shown);
  assert.match(document.request_id, /^req_[0-9a-f]{32}$/);
  return document;
}

export interface AppUnderTest {
  readonly app_id: string;
  /** An admin key of this app alone. */
  readonly key: string;
  readonly key_id: string;
  readonly prefix: string;
}

/** A fresh app with an admin key of its own, so that tests do not see each other's entries. */
export async function makeApp(server: Affidavit, name: string): Promise<AppUnderTest> {
  const { app_id } = await ask<{ app_id: string }>(server, 201, 'POST', '/v1/apps', {
    body: { name },
  });
  const minted = await ask<AppUnderTest>(server, 201, 'POST', '/v1/keys', {
    body: { name: `${name} admin`, scopes: ['admin'], app_id },
  });
  return { app_id, key: minted.key, key_id: minted.key_id, prefix: minted.prefix };
}

export interface AgentUnderTest {
  readonly agent_id: string;
  readonly key: string;
  readonly key_id: string;
  readonly prefix: string;
}

export async function makeAgent(
  server: Affidavit,
  app: { readonly key: string },
  name: string,
  scopes: readonly string[] = ['calls:execute', 'events:write', 'events:read'],
): Promise<AgentUnderTest> {
  const { key } = app;
  const { agent_id } = await ask<{ agent_id: string }>(server, 201, 'POST', '/v1/agents', {
    key,
    body: { name },
  });
  const minted = await ask<AgentUnderTest>(server, 201, 'POST', '/v1/keys', {
    key,
    body: { name: `${name} key`, scopes, agent_id },
  });
  return { ...minted, agent_id };
}

export async function makeKey(
  server: Affidavit,
  app: { readonly key: string },
  body: Fields,
): Promise<{ key: string; key_id: string; prefix: string }> {
  return ask(server, 201, 'POST', '/v1/keys', { key: app.key, body: { name: 'a key', ...body } });
}

export interface GrantUnderTest {
  readonly provider_id: string;
  readonly secret_id: string;
  readonly grant_id: string;
}

/** A provider, a secret for it and a grant on it. */
export async function makeGrant(
  server: Affidavit,
  app: { readonly key: string },
  given: {
    readonly provider: string;
    readonly base_url: string;
    readonly secret: string;
    readonly auth?: Fields;
    readonly agents?: readonly string[] | '*';
    readonly principal?: Fields;
    readonly grant?: Fields;
    readonly timeout_ms?: number;
  },
): Promise<GrantUnderTest> {
  const { key } = app;
  const { provider, base_url, secret, auth = { type: 'bearer' } } = given;
  const timeout = given.timeout_ms === undefined ? {} : { timeout_ms: given.timeout_ms };
  const { provider_id } = await ask<GrantUnderTest>(server, 201, 'POST', '/v1/providers', {
    key,
    body: { name: provider, base_url, auth, ...timeout },
  });
  const { secret_id } = await ask<GrantUnderTest>(server, 201, 'POST', '/v1/secrets', {
    key,
    body: { provider, name: `${provider} secret`, value: secret },
  });
  const { principal = { type: 'user', id: 'user_1' }, agents = '*' } = given;
  const { grant_id } = await ask<GrantUnderTest>(server, 201, 'POST', '/v1/grants', {
    key,
    body: { provider, secret_id, principal, agents, ...given.grant },
  });
  return { provider_id, secret_id, grant_id };
}

export type Entry = Partial<AuditRecord> & Pick<AuditRecord, 'seq' | 'event_id' | 'event_type'>;

/** Entries that a query finds, in ascending order, of one page. */
export async function find(
  server: Affidavit,
  key: string | undefined,
  query: Readonly<Record<string, string>>,
): Promise<Entry[]> {
  const search = new URLSearchParams({ order: 'asc', limit: '1000', ...query });
  const path = `/v1/events?${search}`;
  const { data } = await ask<{ data: Entry[] }>(server, 200, 'GET', path, { key });
  return data;
}

/** Entries of one execution, the intent first. */
export function execution(server: Affidavit, key: string, execution_id: unknown) {
  return find(server, key, { execution_id: String(execution_id) });
}

/** Entries in the ledger of the key's app. Asking leaves no entry. */
export async function ledgerSize(server: Affidavit, key: string): Promise<number> {
  const { size } = await ask<{ size: number }>(server, 200, 'GET', '/v1/ledger', { key });
  return size;
}
