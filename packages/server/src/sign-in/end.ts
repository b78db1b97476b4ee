import { cookieText } from '../access/cookies.ts';
import type { SessionKind } from '../access/sessions.ts';
import { administer } from '../http/administer.ts';
import type { Context } from '../http/route.ts';
import type { SessionsTable } from '../store/tables.ts';

/** Sessions end before their time. */

const ENDED = { operator: 'session.ended', wallet: 'user.signed_out' } as const;

/** The end of a session or of a link that nobody has used, at once and in all processes. */
export async function endSession(context: Context, row: SessionsTable) {
  const { services } = context;
  const { app, session_id } = row;
  const ended_at = services.now();
  const where = { app, session_id, ended_at: null };
  const event = { event_type: ENDED[row.kind as SessionKind], args: { session_id } };
  const known = await services.directory.appByNumber(app);
  await administer(
    context,
    event,
    [{ op: 'update', table: 'sessions', where, set: { ended_at } }],
    known ?? context.app,
  );
  return { session_id, ended_at: new Date(ended_at).toISOString() };
}

/** Ends the session of the browser that asks, and has the browser forget it. */
export function signOut(context: Context, row: SessionsTable) {
  const { services, reply } = context;
  reply.header('set-cookie', cookieText(row.kind as SessionKind, '', 0, services.publicUrl()));
  return endSession(context, row);
}
