import assert from 'node:assert/strict';
import type { OutgoingHttpHeaders } from 'node:http';

import type { Affidavit, Answer } from './server.ts';
import { ask } from './world.ts';

/** For tests: browsers that somebody is signed in with. */

export interface Asked {
  readonly body?: unknown;
  readonly headers?: OutgoingHttpHeaders;
}

export interface Browser {
  /** `name=value`, as the browser sends it. */
  readonly cookie: string;
  readonly session_id: string;
  /** Asks as a page of this server does. */
  request<T = Record<string, unknown>>(
    method: string,
    path: string,
    asked?: Asked,
  ): Promise<Answer<T>>;
}

/** The cookie that an answer sets, as a browser sends it back; undefined where it sets none. */
export function cookieOf({ headers }: Answer<unknown>, name: string): string | undefined {
  const set = headers['set-cookie'] ?? [];
  return set.map((one) => one.split(';', 1)[0] as string).find((one) => one.startsWith(`${name}=`));
}

const OWN_PAGE = { 'x-affidavit-portal': '1', 'sec-fetch-site': 'same-origin' };
const given = (headers: OutgoingHttpHeaders): OutgoingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));

export function browserWith(server: Affidavit, cookie: string, session_id: string): Browser {
  return {
    cookie,
    session_id,
    request: (method, path, { body, headers } = {}) =>
      server.request(method, path, {
        key: null,
        ...(body === undefined ? {} : { body }),
        headers: given({ ...OWN_PAGE, cookie, ...headers }),
      }),
  };
}

export const linkIn = (url: unknown): string => /#link=(\S+)$/.exec(String(url))?.[1] ?? '';

async function enter(server: Affidavit, path: string, name: string, body: object) {
  const answer = await server.request('POST', path, { key: null, body });
  assert.equal(answer.status, 201, answer.text);
  const cookie = cookieOf(answer, name);
  assert.ok(cookie, 'no cookie was set');
  return browserWith(server, cookie, String(answer.body.session_id));
}

/** Signs an operator in. */
export const signIn = (server: Affidavit, body: { key: string } | { link: string }) =>
  enter(server, '/v1/sessions', 'affidavit_session', body);

/** Signs somebody in by a new link of an owner's key. */
export async function signInAs(server: Affidavit, key: string, role: string): Promise<Browser> {
  const { url } = await ask(server, 201, 'POST', '/v1/sign-in-links', { key, body: { role } });
  return signIn(server, { link: linkIn(url) });
}

/** Opens the wallet of a principal, by a link of an application. */
export async function openWallet(
  server: Affidavit,
  key: string,
  principal_id: string,
  more: object = {},
): Promise<Browser> {
  const body = { principal_id, ...more };
  const { url } = await ask(server, 201, 'POST', '/v1/wallet/sessions', { key, body });
  return enter(server, '/v1/wallet/session', 'affidavit_wallet', { link: linkIn(url) });
}
