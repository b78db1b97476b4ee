import { AffidavitError } from '@affidavit/schema';
import type { AppRef } from '@affidavit/vault';

import { HOME_APP_ID, type StoredDirectory } from '../access/directory.ts';
import type { Origin } from '../access/gate.ts';
import { requireScope, type Identity } from '../access/identity.ts';
import { readsAll, requireOwner } from '../access/roles.ts';
import type { Services } from '../services.ts';
import { findApp } from './read-request.ts';
import type { Route } from './route.ts';

/** Who may come in, decided before the body is read. */

export interface Admitted {
  readonly identity: Identity;
  /** Set for those who come without a key; others get theirs by key and request. */
  readonly app: AppRef | null;
}

/** What anyone may have written. */
export interface Knock {
  readonly ip: string;
  readonly headers: {
    readonly authorization?: string | undefined;
    readonly 'user-agent'?: string | undefined;
  };
  readonly params: unknown;
  readonly query: unknown;
}

const NO_APP: AppRef = { app: 0, app_id: '' };

type Doors = Pick<Services, 'directory' | 'gate'>;

/** Whoever needs no key. */
const NOBODY: Identity = {
  ...NO_APP,
  key_id: '',
  prefix: '',
  scopes: new Set(),
  role: null,
  installation: false,
  agent: null,
  ends_at: null,
  token: null,
};

export const isNobody = (identity: Identity): boolean => identity === NOBODY;

/** Throws `unauthorized` and `forbidden`. Waits only where the directory must be asked. */
export function admit(doors: Doors, route: Route, knock: Knock): Admitted | Promise<Admitted> {
  const { access, openWhenPublic } = route;
  if (access === 'public') return { identity: NOBODY, app: NO_APP };
  const identity = openWhenPublic ? null : doors.gate.recall(knock.headers.authorization);
  return identity ? withScope(identity, route) : askAround(doors, route, knock);
}

async function askAround({ directory, gate }: Doors, route: Route, knock: Knock) {
  const open = route.openWhenPublic ? await publicApp(directory, knock) : null;
  if (open) return { identity: NOBODY, app: open };
  return withScope(await gate.identify(knock.headers.authorization, originOf(knock)), route);
}

/** Where a request came from, as the record says it. */
export function originOf({ ip, headers }: Pick<Knock, 'ip' | 'headers'>): Origin {
  const source_ip = ip.replace(/^::ffff:(?=\d+\.)/i, '');
  return { source_ip, user_agent: headers['user-agent']?.slice(0, 1024) };
}

function withScope(identity: Identity, route: Route): Admitted {
  const { access, ownersOnly, takesTokens } = route;
  if (identity.token && !takesTokens) {
    throw new AffidavitError('forbidden', 'a minted token is for calls alone', {
      expected: 'an API key',
      advice: 'Use the API key that minted the token.',
    });
  }
  const isRead = access === 'admin' && readsAll(identity, route);
  if (access !== 'any_key' && access !== 'public' && !isRead) requireScope(identity, access);
  if (ownersOnly) requireOwner(identity);
  return { identity, app: null };
}

/**
 * The app whose public ledger is asked for: the one that is named, or without a key the default
 * app. An app that is not public looks the same as one that is not there.
 */
async function publicApp(
  directory: StoredDirectory,
  { headers, params, query }: Knock,
): Promise<AppRef | null> {
  const preset = headers.authorization === undefined ? HOME_APP_ID : undefined;
  const { app_id: inPath } = params as { app_id?: unknown };
  const { app_id: inQuery } = query as { app_id?: unknown };
  const named = inPath ?? inQuery ?? preset;
  if (typeof named !== 'string') return null;
  const app = await findApp(directory, named);
  return app?.ledger_public === 1 ? app : null;
}
