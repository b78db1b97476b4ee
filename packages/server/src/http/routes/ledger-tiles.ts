import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import { LedgerError, parseTilePath, type TileId } from '@affidavit/ledger';
import { AffidavitError } from '@affidavit/schema';

import { acceptsGzip } from '../accept.ts';
import { isNobody } from '../admit.ts';
import type { Context } from '../route.ts';

const gzipped = promisify(gzip);

/** They never change, so that they can be kept. */
const KEPT = 'max-age=31536000, immutable';

function readTileId(path: string): TileId {
  try {
    return parseTilePath(`tile/${path}`);
  } catch (error) {
    if (error instanceof LedgerError) throw noTile();
    throw error;
  }
}

const noTile = () => new AffidavitError('not_found', 'the log has no such tile');

/** `tile/…`: a tile or an entry bundle. Bundles are compressed for those who can read that. */
export async function sendResource({ params, services, app, identity, reply }: Context) {
  const tile = readTileId(params['*'] as string);
  const request = { app: app.app, tile };
  const found = await services.readers.run<Uint8Array | null>('ledgerResource', request);
  if (found === null) throw noTile();
  // By the asker alone, where it took a key.
  reply.header('cache-control', `${isNobody(identity) ? 'public' : 'private'}, ${KEPT}`);
  reply.header('vary', 'authorization, accept-encoding');
  const bytes = Buffer.from(found.buffer, found.byteOffset, found.byteLength);
  if (tile.level !== 'entries' || !acceptsGzip(reply.request.headers['accept-encoding']))
    return bytes;
  reply.header('content-encoding', 'gzip');
  return gzipped(bytes);
}
