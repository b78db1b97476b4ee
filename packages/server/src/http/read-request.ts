import { AffidavitError } from '@affidavit/schema';
import type { AppRef } from '@affidavit/vault';
import type { z } from 'zod';

import type { StoredDirectory } from '../access/directory.ts';
import type { Identity } from '../access/identity.ts';
import type { Route } from './route.ts';

/** The parts of a request that anyone may have written, checked. */

function refuse(message: string, field: string, expected: string): AffidavitError {
  return new AffidavitError('invalid_request', message, { field, expected });
}

export function readQuery(
  { query: names = [], filters }: Route,
  given: unknown,
): Record<string, string | string[]> {
  const query = given as Record<string, string | string[]>;
  for (const name of Object.keys(query)) {
    if (filters || name === 'app_id' || names.includes(name)) continue;
    throw refuse(
      `there is no parameter ${name}`,
      name,
      `one of ${['app_id', ...names].join(', ')}`,
    );
  }
  return query;
}

/** One value of a parameter that may stand only once. */
export function single(query: Readonly<Record<string, string | string[]>>, name: string) {
  const value = query[name];
  if (Array.isArray(value)) throw refuse(`${name} is given twice`, name, 'one value');
  return value;
}

export function readBody(route: Route, value: unknown): unknown {
  if (!route.body) return value;
  const parsed = route.body.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  throw bodyError(parsed.error.issues[0] as z.core.$ZodIssue);
}

function bodyError(issue: z.core.$ZodIssue): AffidavitError {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const field = [path, issue.keys[0]].filter(Boolean).join('.');
    return refuse(`${field} is not known here`, field, 'a member of this body');
  }
  if (issue.path[0] === 'context') {
    const expected = 'at most 20 string pairs, keys of 64 and values of 512 characters, 4 KB';
    return new AffidavitError('invalid_context', 'context is outside its limits', {
      field: 'context',
      expected,
    });
  }
  const message = issue.path.length === 0 ? issue.message : `${path}: ${issue.message}`;
  return refuse(message, path || 'body', issue.message);
}

/** The app a request is about: the key's own, or any for a key of the installation. */
export async function resolveApp(
  directory: StoredDirectory,
  identity: Identity,
  named: unknown,
): Promise<AppRef> {
  const own = await directory.appByNumber(identity.app);
  if (!own) throw new AffidavitError('internal', 'the app of the key is gone');
  if (named === undefined || named === own.app_id) return own;
  if (typeof named !== 'string') throw refuse('app_id is not text', 'app_id', 'the id of an app');
  if (!identity.installation) {
    throw new AffidavitError('forbidden', 'the key belongs to another app', { field: 'app_id' });
  }
  const app = await directory.appById(named === 'default' ? 'app_default' : named);
  if (app) return app;
  throw new AffidavitError('not_found', `there is no app ${named.slice(0, 64)}`, {
    field: 'app_id',
  });
}
