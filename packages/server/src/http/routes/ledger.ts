import type { LedgerHead, LedgerKey } from '../../prove/head.ts';
import { LIST_QUERY } from '../list.ts';
import { route, type Context, type Route } from '../route.ts';
import { proveConsistency, proveInclusion } from './ledger-proofs.ts';
import { sendRange } from './ledger-range.ts';
import { sendResource } from './ledger-tiles.ts';
import { listKeys } from './signing-keys.ts';

/** The ledger, for those who check it. Nothing here shows raw data. */

const CHECKPOINT_TYPE = 'text/plain; charset=utf-8';

async function showLedger({ services, app }: Context) {
  const { head, keys } = await services.readers.run<{ head: LedgerHead; keys: LedgerKey[] }>(
    'ledgerKeys',
    { app: app.app },
  );
  const current = keys.at(-1) as LedgerKey;
  return {
    app_id: app.app_id,
    origin: current.origin,
    vkey: current.verifier_key,
    size: head.size,
    last_created_at: new Date(head.last_created_at).toISOString(),
    checkpoint: head.checkpoint,
    keys: keys.map(({ verifier_key: vkey, from_size, to_size }) => ({ vkey, from_size, to_size })),
  };
}

async function showCheckpoint({ services, app }: Context) {
  return (await services.readers.run<LedgerHead>('ledgerHead', { app: app.app })).checkpoint;
}

const reading = {
  access: 'ledger:read',
  openWhenPublic: true,
  tag: 'ledger',
  method: 'GET',
} as const;
const asking = ['not_found', 'query_timeout', 'overloaded'] as const;

/** The ledger as clients of transparency logs expect it, each path below a prefix. */
const below: readonly Omit<Route, keyof typeof reading>[] = [
  {
    path: '',
    summary: 'Origin, verifier key and size of the ledger',
    errors: asking,
    handler: showLedger,
  },
  {
    path: '/keys',
    summary: 'The keys that sign the log or have signed it, each with the proof of how it came in',
    query: LIST_QUERY,
    errors: ['invalid_cursor', ...asking],
    handler: listKeys,
  },
  {
    path: '/checkpoint',
    summary: 'The newest signed checkpoint (C2SP tlog-checkpoint)',
    produces: CHECKPOINT_TYPE,
    errors: asking,
    handler: showCheckpoint,
  },
  {
    path: '/tile/*',
    summary: 'A tile of the tree, {L}/{N}[.p/{W}], or the entries below it (C2SP tlog-tiles)',
    produces: 'application/octet-stream',
    errors: asking,
    handler: sendResource,
  },
  {
    path: '/proof/inclusion',
    summary: 'Proof that an entry is under the newest checkpoint (C2SP tlog-proof)',
    query: ['event_id', 'seq'],
    produces: 'text/plain; charset=utf-8',
    errors: asking,
    handler: proveInclusion,
  },
  {
    path: '/proof/consistency',
    summary: 'Proof that the log of `new` entries begins with the log of `old` entries',
    query: ['old', 'new'],
    errors: asking,
    handler: proveConsistency,
  },
  {
    path: '/range',
    summary: 'Proof that a time range of the log is unchanged and complete',
    query: ['from', 'to', 'format'],
    streams: true,
    errors: asking,
    handler: sendRange,
  },
];

/** Of the app of the key, or of the app that the path names: clients append paths to a prefix. */
const PREFIXES = ['/v1/ledger', '/v1/ledgers/:app_id'];

export const ledgerRoutes: readonly Route[] = PREFIXES.flatMap((prefix) =>
  below.map((one) => route({ ...reading, ...one, path: prefix + one.path })),
);
