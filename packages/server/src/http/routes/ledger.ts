import { AffidavitError } from '@affidavit/schema';

import type { HeadsTable, SigningKeysTable } from '../../store/tables.ts';
import { route, type Context, type Route } from '../route.ts';

/** The ledger, for those who check it. Nothing here shows raw data. */

const tag = 'ledger';

async function head({ services, app }: Context): Promise<HeadsTable> {
  const where = { app: app.app };
  const rows = await services.readers.run<HeadsTable[]>('rows', {
    table: 'heads',
    where,
    limit: 1,
  });
  if (rows[0]) return rows[0];
  throw new AffidavitError('not_found', 'the ledger is empty, so there is no checkpoint yet');
}

async function showLedger(context: Context) {
  const { services, app } = context;
  const { size, checkpoint, last_created_at } = await head(context);
  const keys = await services.readers.run<SigningKeysTable[]>('rows', {
    table: 'signing_keys',
    where: { app: app.app },
    limit: 100,
    order: 'from_size',
  });
  const current = keys.at(-1) as SigningKeysTable;
  return {
    app_id: app.app_id,
    origin: current.origin,
    vkey: current.verifier_key,
    size,
    last_created_at: new Date(last_created_at).toISOString(),
    checkpoint,
    keys: keys.map(({ verifier_key: vkey, from_size }) => ({ vkey, from_size })),
  };
}

export const ledgerRoutes: readonly Route[] = [
  route({
    access: 'ledger:read',
    tag,
    method: 'GET',
    path: '/v1/ledger',
    summary: 'Origin, verifier key and size of the ledger',
    errors: ['not_found'],
    handler: showLedger,
  }),
  route({
    access: 'ledger:read',
    tag,
    method: 'GET',
    path: '/v1/ledger/checkpoint',
    summary: 'The newest signed checkpoint (C2SP tlog-checkpoint)',
    produces: 'text/plain; charset=utf-8',
    errors: ['not_found'],
    handler: async (context) => (await head(context)).checkpoint,
  }),
];
