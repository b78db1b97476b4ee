import {
  LedgerError,
  parseVerifierKey,
  SIGNATURE_TYPES,
  type VerifierKey,
} from '@affidavit/ledger';
import { AffidavitError, newId, WitnessBody } from '@affidavit/schema';
import type { z } from 'zod';

import type { WitnessesTable } from '../../store/tables.ts';
import type { WitnessView } from '../../witnessing/reads.ts';
import { listWitness } from '../../witnessing/status.ts';
import { administer, CHANGE_ERRORS } from '../administer.ts';
import { LIST_QUERY, pageOf } from '../list.ts';
import { route, type Context, type Route } from '../route.ts';

/** Witnesses: other parties that cosign the checkpoints of this ledger. */

const admin = { access: 'admin', tag: 'ledger' } as const;

/** A note must be read with 16 signatures; the log has up to 4 of its own. */
const WITNESSES_MAX = 12;

function readKey(vkey: string): VerifierKey {
  try {
    const key = parseVerifierKey(vkey);
    if (key.type === SIGNATURE_TYPES.cosignature) return key;
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
  }
  throw new AffidavitError('invalid_request', 'vkey is not the verifier key of a witness', {
    field: 'vkey',
    expected: 'name+id+key with an Ed25519 key for cosignatures (type 0x04)',
  });
}

/** Throws `conflict` for a witness that is there already, or one too many. */
async function checkNew({ services, app }: Context, vkey: string): Promise<void> {
  const known = await services.directory.rows('witnesses', { app: app.app });
  if (known.some((one) => one.vkey === vkey)) {
    throw new AffidavitError('conflict', 'this witness has been added already', { field: 'vkey' });
  }
  if (known.length >= WITNESSES_MAX) {
    throw new AffidavitError('conflict', `a ledger has ${WITNESSES_MAX} witnesses at most`);
  }
}

async function addWitness(context: Context<z.infer<typeof WitnessBody>>) {
  const { services, body, app } = context;
  const { url, vkey } = body;
  const key = readKey(vkey);
  services.egressGuard.checkUrl(new URL(url));
  await checkNew(context, vkey);
  const witness_id = newId('witness');
  const about = { witness_id, name: body.name ?? key.name, url, vkey };
  const created_at = services.now();
  const state = { cosigned_size: null, answered_at: null, error: null, conflict: null };
  await administer(context, { event_type: 'witness.added', args: about }, [
    { op: 'insert', table: 'witnesses', row: { app: app.app, ...about, created_at } },
    { op: 'insert', table: 'witness_states', row: { app: app.app, witness_id, ...state } },
  ]);
  return about;
}

async function removeWitness(context: Context) {
  const { services, app, params } = context;
  const witness_id = params.witness_id as string;
  const where = { app: app.app, witness_id };
  const [found]: readonly WitnessesTable[] = await services.directory.rows('witnesses', where);
  if (!found) {
    throw new AffidavitError('not_found', `there is no witness ${witness_id}`, {
      field: 'witness_id',
    });
  }
  const { name, url, vkey } = found;
  const event = { event_type: 'witness.removed', args: { witness_id, name, url, vkey } };
  await administer(context, event, [
    { op: 'delete', table: 'witnesses', where },
    { op: 'delete', table: 'witness_states', where, any: true },
    { op: 'delete', table: 'cosignatures', where, any: true },
  ]);
  return { witness_id };
}

async function listWitnesses({ services, app, query }: Context) {
  const rows = await services.readers.run<WitnessView[]>('witnesses', { app: app.app });
  const shown = rows.map((row) => listWitness(row, services.now()));
  return pageOf(shown, (row) => row.witness_id, query);
}

export const witnessRoutes: readonly Route[] = [
  route({
    ...admin,
    method: 'POST',
    path: '/v1/witnesses',
    summary: 'Add a witness: it is asked to cosign each new checkpoint (C2SP tlog-witness)',
    status: 201,
    body: WitnessBody,
    errors: ['egress_blocked', ...CHANGE_ERRORS],
    handler: addWitness,
  }),
  route({
    ...admin,
    method: 'GET',
    path: '/v1/witnesses',
    summary: 'List witnesses, and how it stands with each',
    query: LIST_QUERY,
    handler: listWitnesses,
  }),
  route({
    ...admin,
    method: 'DELETE',
    path: '/v1/witnesses/:witness_id',
    summary: 'Ask a witness no more, and forget its cosignatures',
    errors: CHANGE_ERRORS,
    handler: removeWitness,
  }),
];
