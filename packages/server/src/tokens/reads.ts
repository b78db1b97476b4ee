import type { Kysely } from 'kysely';

import type { Snapshot } from '../prove/operations.ts';
import type { Tables, TokensTable } from '../store/tables.ts';

/** A page of live tokens, by their ids. */
export interface LiveTokens {
  readonly app: number;
  /** Epoch ms. */
  readonly now: number;
  readonly filter: Partial<Pick<TokensTable, 'agent_id' | 'grant_id' | 'run_id' | 'key_id'>>;
  /** Only ids after this one. */
  readonly after: string;
  readonly limit: number;
}

/** Tokens that can be used: neither they nor what they came from has ended. */
function readLive(
  db: Kysely<Tables>,
  { app, now, filter, after, limit }: LiveTokens,
): Promise<TokensTable[]> {
  let query = db
    .selectFrom('tokens as t')
    .innerJoin('api_keys as k', (on) =>
      on.onRef('k.app', '=', 't.key_app').onRef('k.key_id', '=', 't.key_id'),
    )
    .innerJoin('grants as g', (on) =>
      on.onRef('g.app', '=', 't.app').onRef('g.grant_id', '=', 't.grant_id'),
    )
    .leftJoin('agents as a', (on) =>
      on.onRef('a.app', '=', 't.app').onRef('a.agent_id', '=', 't.agent_id'),
    )
    .selectAll('t')
    .where('t.app', '=', app)
    .where('t.state', '=', 'live')
    .where('t.expires_at', '>', now)
    .where('t.token_id', '>', after)
    .where((eb) => eb.or([eb('k.revoked_at', 'is', null), eb('k.revoked_at', '>', now)]))
    .where('g.revoked_at', 'is', null)
    .where('a.revoked_at', 'is', null);
  for (const [name, value] of Object.entries(filter)) {
    query = query.where(`t.${name as 'agent_id'}`, '=', value);
  }
  return query.orderBy('t.token_id').limit(limit).execute();
}

/** Tokens whose time is over and whose end is not on the record yet, the oldest first. */
function readDue(
  db: Kysely<Tables>,
  { app, now, limit }: Pick<LiveTokens, 'app' | 'now' | 'limit'>,
): Promise<TokensTable[]> {
  return db
    .selectFrom('tokens')
    .selectAll()
    .where('app', '=', app)
    .where('state', '=', 'live')
    .where('expires_at', '<=', now)
    .orderBy('expires_at')
    .limit(limit)
    .execute();
}

/** What reader threads answer about minted tokens. */
export function tokenOperations(snapshot: Snapshot) {
  return {
    liveTokens: (request: LiveTokens) => snapshot((at) => readLive(at, request)),
    dueTokens: (request: Pick<LiveTokens, 'app' | 'now' | 'limit'>) =>
      snapshot((at) => readDue(at, request)),
  };
}
