import { AffidavitError, SigningKeyRotateBody } from '@affidavit/schema';
import type { z } from 'zod';

import { retireKeys } from '../../duties/retire-keys.ts';
import type { ChainedKey } from '../../prove/keys.ts';
import { planRotation } from '../../sequence/rotation.ts';
import type { SigningKey } from '../../store/port.ts';
import { administer, CHANGE_ERRORS } from '../administer.ts';
import { present, readLimit } from '../list.ts';
import { single } from '../read-request.ts';
import { route, type Context, type Route } from '../route.ts';

/** The keys that sign checkpoints: one after the other, each handing the log on to the next. */

/** Signatures of one checkpoint; a note must be read with 16, and witnesses add theirs. */
const SIGNERS_MAX = 4;
const PAGE_MAX = 100;

/** The key that no other has replaced. */
async function currentKey({ services, app }: Context): Promise<SigningKey> {
  const keys = await services.directory.rows('signing_keys', { app: app.app });
  const signing = keys.filter((key) => key.to_size === null);
  const current = signing.find((key) => key.retires_at === null);
  if (!current) throw new AffidavitError('internal', 'a log has no signing key');
  if (signing.length < SIGNERS_MAX) return current;
  throw new AffidavitError('conflict', `${SIGNERS_MAX} keys sign already`, {
    advice: 'Wait until the overlap of an earlier key is over; GET /v1/ledger/keys tells when.',
  });
}

async function rotate(context: Context<z.infer<typeof SigningKeyRotateBody>>) {
  const { services, body } = context;
  const { reason, overlap_seconds } = body;
  const current = await currentKey(context);
  const timing = { now: services.now(), overlap_ms: overlap_seconds * 1000 };
  const { vkey, retires_at, event, effects } = planRotation(services.keyring, current, timing);
  const said = { ...event, ...(reason === undefined ? {} : { reason }) };
  const { events, checkpoint } = await administer(context, said, effects);
  if (overlap_seconds === 0) await retireKeys(services);
  const { event_id, seq } = events[0] as (typeof events)[number];
  return {
    vkey,
    replaces: current.verifier_key,
    from_size: seq + 1,
    retires_at: new Date(retires_at).toISOString(),
    event_id,
    checkpoint,
  };
}

/** Sizes are the places to go on from. */
export async function listKeys({ services, app, query }: Context) {
  const limit = readLimit(query, PAGE_MAX);
  const cursor = single(query, 'cursor') ?? '-1';
  if (!/^(-1|\d{1,15})$/.test(cursor)) {
    throw new AffidavitError('invalid_cursor', 'the cursor is not of this list', {
      field: 'cursor',
    });
  }
  const page = { app: app.app, after: Number(cursor), limit: limit + 1 };
  const found = await services.readers.run<ChainedKey[]>('keyChain', page);
  const data = found.slice(0, limit);
  const has_more = found.length > limit;
  return {
    data: data.map((key) => ({ ...present(key), to_size: key.to_size })),
    next_cursor: has_more ? String(data.at(-1)?.from_size) : null,
    has_more,
  };
}

export const signingKeyRoutes: readonly Route[] = [
  route({
    access: 'admin',
    tag: 'ledger',
    method: 'POST',
    path: '/v1/ledger/keys/rotate',
    summary: 'Replace the signing key; both sign until the overlap is over',
    status: 201,
    body: SigningKeyRotateBody,
    errors: CHANGE_ERRORS,
    handler: rotate,
  }),
];
