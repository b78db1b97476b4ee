import { AffidavitError, type Scope } from '@affidavit/schema';
import type { AppRef } from '@affidavit/vault';

import { HOME_APP_ID } from '../access/directory.ts';
import type { Origin } from '../access/gate.ts';
import { requireScope, type Identity } from '../access/identity.ts';
import { requireOwnPage, type BrowserHeaders } from '../access/same-origin.ts';
import { readsAll, requireOwner } from '../access/roles.ts';
import type { Services } from '../services.ts';
import { findApp } from './read-request.ts';
import type { Access, Route } from './route.ts';

/** Who may come in, decided before the body is read. */

export interface Admitted {
  readonly identity: Identity;
  /** Set for those who come without a key; others get theirs by key and request. */
  readonly app: AppRef | null;
}

/** What anyone may have written. */
export interface Knock {
  readonly ip: string;
  readonly headers: BrowserHeaders & {
    readonly authorization?: string | undefined;
    readonly cookie?: string | undefined;
    readonly 'user-agent'?: string | undefined;
  };
  readonly params: unknown;
  readonly query: unknown;
}

const NO_APP: AppRef = { app: 0, app_id: '' };

type Doors = Pick<Services, 'directory' | 'gate' | 'publicUrl'>;

/** Whoever needs no key or session. */
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
  session: null,
};

export const isNobody = (identity: Identity): boolean => identity === NOBODY;

/** Throws `unauthorized` and `forbidden`. Waits only where the directory must be asked. */
export function admit(doors: Doors, route: Route, knock: Knock): Admitted | Promise<Admitted> {
  const { access, openWhenPublic } = route;
  if (access === 'public') return { identity: NOBODY, app: NO_APP };
  const asksAround = openWhenPublic || access === 'wallet';
  const identity = asksAround ? null : doors.gate.recall(knock.headers);
  return identity ? enter(doors, identity, route, knock) : askAround(doors, route, knock);
}

async function askAround(doors: Doors, route: Route, knock: Knock): Promise<Admitted> {
  const { gate } = doors;
  const open = route.openWhenPublic ? await publicApp(doors, knock) : null;
  if (open) return { identity: NOBODY, app: open };
  const identity =
    route.access === 'wallet'
      ? await gate.identifyWallet(knock.headers)
      : await gate.identify(knock.headers, originOf(knock));
  return enter(doors, identity, route, knock);
}

function enter({ publicUrl }: Doors, identity: Identity, route: Route, knock: Knock): Admitted {
  if (identity.session) requireOwnPage(route.method, knock.headers, publicUrl());
  // A wallet is of one app, whichever a request names.
  if (route.access === 'wallet') return { identity, app: appOf(identity) };
  return withScope(identity, route);
}

const appOf = ({ app, app_id }: Identity): AppRef => ({ app, app_id });

/** Where a request came from, as the record says it. */
export function originOf({ ip, headers }: Pick<Knock, 'ip' | 'headers'>): Origin {
  const source_ip = ip.replace(/^::ffff:(?=\d+\.)/i, '');
  return { source_ip, user_agent: headers['user-agent']?.slice(0, 1024) };
}

const isScope = (access: Access): access is Scope =>
  access !== 'any_key' && access !== 'public' && access !== 'wallet';

/** What is asked for is how the app is set up; callers read verbs too. */
const isSetUp = (access: Access) => access === 'admin' || access === 'calls:execute';

function withScope(identity: Identity, route: Route): Admitted {
  const { access, ownersOnly, takesTokens } = route;
  if (identity.token && !takesTokens) {
    throw new AffidavitError('forbidden', 'a minted token is for calls alone', {
      expected: 'an API key',
      advice: 'Use the API key that minted the token.',
    });
  }
  const isRead = isSetUp(access) && readsAll(identity, route);
  if (isScope(access) && !isRead) requireScope(identity, access);
  if (ownersOnly) requireOwner(identity);
  return { identity, app: null };
}

/**
 * The app whose public ledger is asked for: the one that is named, or without a key or session the
 * default app. An app that is not public looks the same as one that is not there.
 */
async function publicApp(
  { directory, gate }: Doors,
  { headers, params, query }: Knock,
): Promise<AppRef | null> {
  const preset = gate.bringsNothing(headers) ? HOME_APP_ID : undefined;
  const { app_id: inPath } = params as { app_id?: unknown };
  const { app_id: inQuery } = query as { app_id?: unknown };
  const named = inPath ?? inQuery ?? preset;
  if (typeof named !== 'string') return null;
  const app = await findApp(directory, named);
  return app?.ledger_public === 1 ? app : null;
}
