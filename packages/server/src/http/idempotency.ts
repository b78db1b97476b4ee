import { createHmac } from 'node:crypto';

import { AffidavitError, toProblem } from '@affidavit/schema';

import { bearerId } from '../access/identity.ts';
import type { IdempotencyTable } from '../store/tables.ts';
import { Answer, JsonText, type Context, type Route } from './route.ts';

/**
 * `Idempotency-Key` on POST: the first request claims the key durably before it does anything; a
 * repeat gets the stored answer, also where that was a refusal or a failure that is on the record.
 * Answers are sealed, because some show a key once.
 */

/** The status of an answer that was erased, with what it told of. */
const ERASED = 410;

const KEY_PATTERN = /^[\x21-\x7e]{1,255}$/;

export function readIdempotencyKey(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  if (typeof header === 'string' && KEY_PATTERN.test(header)) return header;
  throw new AffidavitError('invalid_request', 'the Idempotency-Key is not valid', {
    field: 'Idempotency-Key',
    expected: '1 to 255 visible ASCII characters',
  });
}

export interface Stored {
  readonly status: number;
  readonly text: string;
}

/** What a handler returned, as it is sent. */
export function toStored(route: Route, result: unknown): Stored {
  const status = result instanceof Answer ? result.status : (route.status ?? 200);
  if (result instanceof JsonText) return { status, text: result.text };
  return { status, text: JSON.stringify(result instanceof Answer ? result.body : result) };
}

const purposeOf = (key: string) => `answer for ${key}`;

function fingerprintOf({ services, bytes, app }: Context, route: Route, path: string): Buffer {
  return createHmac('sha256', services.fingerprintKey)
    .update(`${route.method} ${path}\0${app.app_id}\0`)
    .update(bytes)
    .digest()
    .subarray(0, 16);
}

/** Runs a handler at most once for its key. Returns what to send and whether it is a replay. */
export async function once(
  context: Context,
  route: Route,
  path: string,
): Promise<{ stored: Stored; replayed: boolean }> {
  const { services, identity } = context;
  const key = context.idempotencyKey as string;
  const where = { app: identity.app, key_id: bearerId(identity), idempotency_key: key };
  const fingerprint = fingerprintOf(context, route, path);
  // Beside the queries: a slow one must not hold up a write.
  const rows = await services.directory.rows('idempotency', where);
  if (rows[0]) return { stored: replay(context, rows[0], fingerprint), replayed: true };
  const { processId: process_id } = services;
  const claimed = { status: null, sealed_answer: null, execution_id: null };
  const row = { ...where, fingerprint, ...claimed, process_id };
  await services.trail.apply(identity.app, [
    { op: 'insert', table: 'idempotency', row: { ...row, created_at: services.now() } },
  ]);
  try {
    const result = await route.handler(context);
    const stored = toStored(route, result);
    await keep(context, where, stored, result instanceof Answer ? result.body : result);
    return { stored, replayed: false };
  } catch (error) {
    await settle(context, where, error);
    throw error;
  }
}

type Claim = { readonly app: number; readonly key_id: string; readonly idempotency_key: string };

/** `answer` is what was sent or thrown: an execution that it tells of may be erased later. */
async function keep(
  { services }: Context,
  where: Claim,
  { status, text }: Stored,
  answer: unknown,
): Promise<void> {
  const sealed_answer = services.keyring.seal(text, purposeOf(where.idempotency_key));
  const { execution_id } = (answer ?? {}) as { execution_id?: unknown };
  const told = typeof execution_id === 'string' ? { execution_id } : {};
  const set = { status, sealed_answer, ...told };
  await services.trail.apply(where.app, [{ op: 'update', table: 'idempotency', where, set }]);
}

/**
 * A request that left nothing behind may be sent again under its key. One that is on the record
 * keeps its answer, and one that nobody knows the end of keeps its claim.
 */
async function settle(context: Context, where: Claim, error: unknown): Promise<void> {
  if (!(error instanceof AffidavitError)) return;
  const { services } = context;
  if (error.details.extra?.execution_id === undefined) {
    const released = { op: 'delete', table: 'idempotency', where, any: true } as const;
    await services.trail.apply(where.app, [released]).catch(() => undefined);
  } else if (error.status !== 500 && error.status !== 503) {
    const stored = { status: error.status, text: JSON.stringify(toProblem(error)) };
    await keep(context, where, stored, error.details.extra).catch(() => undefined);
  }
}

function replay({ services }: Context, row: IdempotencyTable, fingerprint: Buffer): Stored {
  if (!fingerprint.equals(row.fingerprint)) {
    throw new AffidavitError('idempotency_mismatch', 'the key was used for another request', {
      field: 'Idempotency-Key',
    });
  }
  if (row.status === ERASED && row.sealed_answer === null) {
    throw new AffidavitError('gone', 'the answer was erased; the request is not made again', {
      field: 'Idempotency-Key',
    });
  }
  if (row.status === null || row.sealed_answer === null) {
    throw new AffidavitError('conflict', 'the first request with this key has not ended', {
      field: 'Idempotency-Key',
      advice: 'Wait and ask again; after a crash, look at GET /v1/executions before a new key.',
    });
  }
  const opened = services.keyring.open(row.sealed_answer, purposeOf(row.idempotency_key));
  return { status: row.status, text: opened.toString('utf8') };
}
