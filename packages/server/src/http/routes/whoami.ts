import { actorFields, hasScope, INSTALLATION_SCOPE, type Identity } from '../../access/identity.ts';
import { isOwner } from '../../access/roles.ts';
import { route, type Context, type Route } from '../route.ts';

/** The key or session that asks, as the server sees it. */
async function whoAmI({ identity, app, services }: Context) {
  const { installation, session } = identity;
  const scopes = [...identity.scopes].filter((scope) => scope !== INSTALLATION_SCOPE);
  // People see the name of their app; who only checks its ledger does not.
  const isForPeople = session !== null || hasScope(identity, 'admin');
  const known = isForPeople ? await services.directory.appByNumber(app.app) : null;
  return {
    app_id: app.app_id,
    ...(known ? { app_name: known.name } : {}),
    ...(session ? showSession(identity) : { key_id: identity.key_id }),
    scopes,
    ...(identity.role === null ? {} : { role: identity.role }),
    owner: isOwner(identity),
    installation,
    ...actorFields(identity),
  };
}

function showSession({ session, ends_at }: Identity) {
  if (!session) return {};
  const { session_id, kind, how, key_id } = session;
  const expires_at = new Date(ends_at ?? session.expires_at).toISOString();
  const name = session.name ?? session.email;
  return {
    ...(key_id === null ? {} : { key_id }),
    ...(name === null ? {} : { name }),
    session: { session_id, kind, how, expires_at },
  };
}

export const whoamiRoutes: readonly Route[] = [
  route({
    access: 'any_key',
    tag: 'access',
    method: 'GET',
    path: '/v1/whoami',
    summary: 'What the server knows of the key or session that asks',
    handler: whoAmI,
  }),
];
