import { AffidavitError } from '@affidavit/schema';

import type { LedgerHead, LedgerKey } from '../../prove/head.ts';
import type { WitnessView } from '../../witnessing/reads.ts';
import { showWitness } from '../../witnessing/status.ts';
import { LIST_QUERY } from '../list.ts';
import { single } from '../read-request.ts';
import { route, type Context, type Route } from '../route.ts';
import { proveConsistency, proveInclusion } from './ledger-proofs.ts';
import { sendRange } from './ledger-range.ts';
import { sendResource } from './ledger-tiles.ts';
import { listKeys } from './signing-keys.ts';

/** The ledger, for those who check it. Nothing here shows raw data. */

const CHECKPOINT_TYPE = 'text/plain; charset=utf-8';

interface LedgerState {
  readonly head: LedgerHead;
  readonly keys: readonly LedgerKey[];
  readonly witnesses: readonly WitnessView[];
}

async function showLedger({ services, app }: Context) {
  const { head, keys, witnesses } = await services.readers.run<LedgerState>('ledger', {
    app: app.app,
  });
  const current = keys.at(-1) as LedgerKey;
  return {
    app_id: app.app_id,
    origin: current.origin,
    vkey: current.verifier_key,
    size: head.size,
    last_created_at: new Date(head.last_created_at).toISOString(),
    checkpoint: head.checkpoint,
    keys: keys.map(({ verifier_key: vkey, from_size, to_size }) => ({ vkey, from_size, to_size })),
    witnesses: witnesses.map((witness) => showWitness(witness, services.now())),
  };
}

/** The newest one; with `witnessed=true` the newest that all witnesses have cosigned. */
function showCheckpoint({ services, app, query }: Context) {
  const witnessed = single(query, 'witnessed') ?? 'false';
  if (witnessed !== 'true' && witnessed !== 'false') {
    throw new AffidavitError('invalid_request', 'witnessed is not valid', {
      field: 'witnessed',
      expected: 'true or false',
    });
  }
  const request = { app: app.app, witnessed: witnessed === 'true' };
  return services.readers.run<string>('servedCheckpoint', request);
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
    summary: 'The newest checkpoint, or with witnessed=true the newest that all witnesses cosigned',
    query: ['witnessed'],
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
    slots: 'longAnswers',
    errors: asking,
    handler: sendRange,
  },
];

/** Of the app of the key, or of the app that the path names: clients append paths to a prefix. */
const PREFIXES = ['/v1/ledger', '/v1/ledgers/:app_id'];

export const ledgerRoutes: readonly Route[] = PREFIXES.flatMap((prefix) =>
  below.map((one) => route({ ...reading, ...one, path: prefix + one.path })),
);
