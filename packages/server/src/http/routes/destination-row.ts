import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';

import type { DestinationConfig, DestinationType, Json } from '@affidavit/schema';

import type { AnyConfig } from '../../deliver/config.ts';
import type { Lane } from '../../deliver/reads.ts';
import { showDestination } from '../../deliver/shown.ts';
import type { Effect } from '../../store/port.ts';
import type { DestinationsTable } from '../../store/tables.ts';
import { administer } from '../administer.ts';
import { missing } from '../refusals.ts';
import type { Context } from '../route.ts';

/** What the routes of destinations share. */

export const NEW_LANE = {
  delivered: 0,
  dead: 0,
  delivered_last_minute: 0,
  delivered_at: null,
  error: null,
  error_at: null,
  failures: 0,
  retry_at: null,
  ended_at: null,
} as const;

/** A webhook without a secret gets one, which is shown once. */
export function withSecret(type: DestinationType, given: AnyConfig): [AnyConfig, string | null] {
  if (type !== 'webhook') return [given, null];
  const config = given as DestinationConfig<'webhook'>;
  if (config.secret !== undefined) return [config, null];
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  return [{ ...config, secret }, secret];
}

export function checkAddress({ services }: Context<unknown>, config: AnyConfig): void {
  const { url, endpoint, host } = config as Partial<Record<string, string>>;
  for (const address of [url, endpoint])
    if (address !== undefined) services.egressGuard.checkUrl(new URL(address));
  if (host !== undefined && isIP(host) !== 0) services.egressGuard.checkAddress(host);
}

/** What an entry says of a destination. */
export function tell(row: DestinationsTable): Record<string, Json> {
  const { destination_id, type, name } = row;
  const [config, filter] = [row.config, row.filter].map((text) => JSON.parse(text) as Json);
  return { destination_id, type, name, config: config as Json, filter: filter as Json };
}

export async function destinationOf(context: Context<unknown>): Promise<DestinationsTable> {
  const { services, app, params } = context;
  const destination_id = params.destination_id as string;
  const [row] = await services.directory.rows('destinations', { app: app.app, destination_id });
  if (!row) throw missing('destination_id', destination_id);
  return row;
}

export async function standingOf({ services, app }: Context<unknown>, row: DestinationsTable) {
  const { destination_id } = row;
  const lanes = await services.readers.run<Lane[]>('lanes', { app: app.app, destination_id });
  const counts = await deadLetterCounts(services.readers, app.app);
  const deadLetters = counts.get(destination_id) ?? 0;
  return showDestination(row, { lanes, deadLetters }, services.now());
}

export async function deadLetterCounts(readers: Context['services']['readers'], app: number) {
  type Count = { readonly destination_id: string; readonly entries: number };
  const counts = await readers.run<Count[]>('deadLetterCounts', { app });
  return new Map(counts.map(({ destination_id, entries }) => [destination_id, entries]));
}

/** Changes a row that is still as it was read; whoever delivers looks again. */
export async function change(
  context: Context<unknown>,
  old: DestinationsTable,
  set: Partial<DestinationsTable>,
  event_type: string,
  about: Record<string, Json> = {},
  more: readonly Effect[] = [],
) {
  const { app, destination_id, updated_at } = old;
  const changed = { ...set, updated_at: Math.max(context.services.now(), updated_at + 1) };
  const row = { ...old, ...changed };
  const { reason } = (context.body ?? {}) as { reason?: string };
  const event = {
    event_type,
    ...(reason === undefined ? {} : { reason }),
    args: { ...tell(row), ...about },
  };
  const where = { app, destination_id, updated_at };
  await administer(context as Context, event, [
    { op: 'update', table: 'destinations', where, set: changed },
    ...more,
  ]);
  return standingOf(context, row);
}
