import { AffidavitError, checkContext } from '@affidavit/schema';
import type { AppRef } from '@affidavit/vault';
import type { z } from 'zod';

import { HOME_APP_ID, type AppRow, type StoredDirectory } from '../access/directory.ts';
import type { Identity } from '../access/identity.ts';
import type { Route } from './route.ts';

/** The parts of a request that anyone may have written, checked. */

function refuse(message: string, field: string, expected: string): AffidavitError {
  return new AffidavitError('invalid_request', message, { field, expected });
}

export function readQuery(
  { query: own = [], filters, callback, anyQuery, access }: Route,
  given: unknown,
): Record<string, string | string[]> {
  if (anyQuery) return {};
  const query = given as Record<string, string | string[]>;
  if (filters || callback) return query;
  // A wallet is of one app: it can name none.
  const names = access === 'wallet' ? own : ['app_id', ...own];
  for (const name of Object.keys(query)) {
    if (names.includes(name)) continue;
    throw refuse(`there is no parameter ${name}`, name, `one of ${names.join(', ') || 'none'}`);
  }
  return query;
}

/** One value of a parameter that may stand only once. */
export function single(query: Readonly<Record<string, string | string[]>>, name: string) {
  const value = query[name];
  if (Array.isArray(value)) throw refuse(`${name} is given twice`, name, 'one value');
  return value;
}

/** All parameters, as they came. */
export function searchOf(query: Readonly<Record<string, string | string[]>>): URLSearchParams {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, one);
  }
  return search;
}

export function readBody(route: Route, value: unknown): unknown {
  if (!route.body) return value;
  const parsed = route.body.safeParse(value === undefined ? {} : value);
  if (parsed.success) return parsed.data;
  throw bodyError(parsed.error.issues[0] as z.core.$ZodIssue, value);
}

function bodyError(issue: z.core.$ZodIssue, value: unknown): AffidavitError {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const field = [path, issue.keys[0]].filter(Boolean).join('.');
    return refuse(`${field} is not known here`, field, 'a member of this body');
  }
  if (issue.path[0] === 'context') {
    const fault = checkContext((value as { context?: unknown } | undefined)?.context);
    const { message, field, expected } = fault ?? {
      ...issue,
      field: path,
      expected: issue.message,
    };
    return new AffidavitError('invalid_context', message, { field, expected });
  }
  const message = issue.path.length === 0 ? issue.message : `${path}: ${issue.message}`;
  return refuse(message, path || 'body', issue.message);
}

/** The `app_id` of the path, the query or the body. */
export function readAppName(...places: readonly unknown[]): unknown {
  let named: unknown;
  for (const place of places) {
    const here = (place as { app_id?: unknown } | null | undefined)?.app_id;
    if (here === undefined || here === named) continue;
    if (named !== undefined) throw refuse('the request names different apps', 'app_id', 'one app');
    named = here;
  }
  return named;
}

/** The app that somebody named, by its id or as `default`. */
export function findApp(directory: StoredDirectory, named: string): Promise<AppRow | null> {
  return directory.appById(named === 'default' ? HOME_APP_ID : named);
}

/** The app a request is about: the key's own, or any for a key of the installation. */
export function resolveApp(
  directory: StoredDirectory,
  { app, app_id, installation }: Identity,
  named: unknown,
): AppRef | Promise<AppRef> {
  const own = { app, app_id };
  if (named === undefined || named === app_id) return own;
  if (typeof named !== 'string') throw refuse('app_id is not text', 'app_id', 'the id of an app');
  return resolveNamed(directory, own, installation, named);
}

async function resolveNamed(
  directory: StoredDirectory,
  own: AppRef,
  installation: boolean,
  named: string,
): Promise<AppRef> {
  const app = await findApp(directory, named);
  if (app?.app === own.app) return own;
  if (!installation) {
    throw new AffidavitError('forbidden', 'the key belongs to another app', { field: 'app_id' });
  }
  if (app) return app;
  throw new AffidavitError('not_found', `there is no app ${named.slice(0, 64)}`, {
    field: 'app_id',
  });
}
