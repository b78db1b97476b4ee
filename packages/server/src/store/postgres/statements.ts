/**
 * What a writer says to PostgreSQL. Each is parsed and planned once per connection; rows go in as
 * one array per column, so that a batch of any size is the same statement.
 */
const prepared = (name: string, text: string) => (values: unknown[]) => ({
  name: `affidavit_${name}`,
  text,
  values,
});

const HEAD = 'app, size, last_created_at, last_leaf, frontier, checkpoint';

export const lockHead = prepared(
  'lock_head',
  `SELECT ${HEAD} FROM heads WHERE app = $1 FOR UPDATE`,
);

export const lockNumber = prepared('lock_number', 'SELECT pg_advisory_xact_lock($1, $2)');

export const signingKeys = prepared(
  'signing_keys',
  `SELECT app, from_size, origin, verifier_key, public_key, sealed_private_key, created_at,
     retires_at, to_size, change, change_checkpoint
   FROM signing_keys WHERE app = $1 AND sealed_private_key <> '' ORDER BY from_size DESC`,
);

export const findEntries = prepared(
  'find_entries',
  `SELECT event_id, seq, created_at, leaf_hash, fingerprint
   FROM entries WHERE app = $1 AND event_id = ANY($2::text[])`,
);

export const readLeaves = prepared(
  'read_leaves',
  `SELECT coalesce(string_agg(leaf_hash, ''::bytea ORDER BY seq), '') AS hashes
   FROM entries WHERE app = $1 AND seq >= $2 AND seq < $3`,
);

export const readTileRoots = prepared(
  'read_tile_roots',
  `SELECT coalesce(string_agg(root, ''::bytea ORDER BY tile), '') AS hashes
   FROM tiles WHERE app = $1 AND level = $2 AND tile >= $3 AND tile < $4`,
);

/**
 * Moves the head on by exactly the entries that come with it ($7). Where it is not there any more
 * it fails, by dividing by zero, which nothing else here does: what was sent behind it, the commit
 * too, is then refused.
 */
export const replaceHead = prepared(
  'replace_head',
  `INSERT INTO heads AS held (${HEAD}) VALUES ($1, $2, $3, $4, $5, $6)
   ON CONFLICT (app) DO UPDATE
   SET size = excluded.size / (held.size = excluded.size - $7::bigint)::integer,
     last_created_at = excluded.last_created_at, last_leaf = excluded.last_leaf,
     frontier = excluded.frontier, checkpoint = excluded.checkpoint`,
);

export const insertEntries = prepared(
  'insert_entries',
  `INSERT INTO entries (app, seq, event_id, created_at, header, leaf_hash, fingerprint)
   SELECT $1::integer, * FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::text[],
     $6::bytea[], $7::bytea[])`,
);

export const insertParts = prepared(
  'insert_parts',
  `INSERT INTO parts (app, seq, part, salt, body)
   SELECT $1::integer, * FROM unnest($2::bigint[], $3::text[], $4::bytea[], $5::text[])`,
);

export const insertTiles = prepared(
  'insert_tiles',
  `INSERT INTO tiles (app, level, tile, hashes, root)
   SELECT $1::integer, * FROM unnest($2::integer[], $3::bigint[], $4::bytea[], $5::bytea[])`,
);

export const notify = prepared(
  'notify',
  'SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload',
);

export const removeParts = prepared(
  'remove_parts',
  `DELETE FROM parts WHERE app = $1 AND seq = ANY($2::bigint[])
   AND ($3::text[] IS NULL OR part = ANY($3::text[]))`,
);
