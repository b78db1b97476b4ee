import {
  AffidavitError,
  newId,
  type DestinationPatch,
  type DestinationReasonBody,
  type DestinationType,
  type ReplayBody,
} from '@affidavit/schema';
import type { z } from 'zod';

import {
  openConfig,
  readConfig,
  sealConfig,
  shownConfig,
  type SealedConfig,
} from '../../deliver/config.ts';
import type { Lane } from '../../deliver/reads.ts';
import { parseFilter } from '../../query/filter.ts';
import type { Effect } from '../../store/port.ts';
import type { DeadLettersTable, DestinationsTable } from '../../store/tables.ts';
import { missing } from '../refusals.ts';
import type { Context } from '../route.ts';
import { change, checkAddress, destinationOf, NEW_LANE, withSecret } from './destination-row.ts';

/** Changes of a destination: its config, pauses, replays. */

/** Backfills and replays that have not ended, of one destination. */
const REPLAYS_MAX = 20;
/** That have ended and are still told of. */
const REPLAYS_KEPT = 20;

export async function updateDestination(context: Context<z.infer<typeof DestinationPatch>>) {
  const { body } = context;
  const old = await destinationOf(context);
  if (body.filter) parseFilter(body.filter);
  const config = body.config ? newConfig(context, old, body) : {};
  const paused = pausedBy(old, body);
  const set = {
    name: body.name ?? old.name,
    filter: body.filter ? JSON.stringify(body.filter) : old.filter,
    batch: body.batch ? JSON.stringify(body.batch) : old.batch,
    ...config,
    ...paused,
  };
  return change(context, old, set, 'destination.updated', {
    changed: Object.keys(body).filter((name) => name !== 'app_id' && name !== 'overlap_seconds'),
    ...(body.paused === undefined ? {} : { paused: body.paused }),
  });
}

/** What the server paused goes on when its config is changed: that is what it waited for. */
function pausedBy(old: DestinationsTable, body: z.infer<typeof DestinationPatch>) {
  const mended = body.config !== undefined && old.paused_reason !== null;
  const paused = body.paused ?? (mended ? false : undefined);
  return paused === undefined ? {} : { paused: paused ? 1 : 0, paused_reason: null };
}

/** The old config with some members changed, sealed; a webhook's old secret signs for a while. */
function newConfig(
  context: Context<z.infer<typeof DestinationPatch>>,
  { destination_id, type, sealed_config }: DestinationsTable,
  { config: given = {}, overlap_seconds }: z.infer<typeof DestinationPatch>,
) {
  const { keyring, now } = context.services;
  const old = openConfig(keyring, destination_id, sealed_config);
  const merged = Object.entries({ ...old.config, ...given }).filter(([, value]) => value !== null);
  const config = readConfig(type as DestinationType, Object.fromEntries(merged));
  checkAddress(context, config);
  const { secret } = old.config as { secret?: string };
  const isRotated = 'secret' in given && given.secret !== secret && secret !== undefined;
  const sealed: SealedConfig = {
    ...old,
    config: withSecret(type as DestinationType, config)[0],
    ...(isRotated ? { previous: { secret, until: now() + overlap_seconds * 1000 } } : {}),
  };
  return {
    config: JSON.stringify(shownConfig(config)),
    sealed_config: sealConfig(keyring, destination_id, sealed),
  };
}

export async function setPaused(
  context: Context<z.infer<typeof DestinationReasonBody>>,
  paused: boolean,
) {
  const old = await destinationOf(context);
  if ((old.paused === 1) === paused)
    throw new AffidavitError('conflict', `it is ${paused ? 'paused' : 'not paused'} already`);
  const set = { paused: paused ? 1 : 0, paused_reason: null };
  return change(context, old, set, paused ? 'destination.paused' : 'destination.resumed');
}

export async function replay(context: Context<z.infer<typeof ReplayBody>>) {
  const { services, app, body } = context;
  const row = await destinationOf(context);
  const { destination_id } = row;
  const lanes = await services.readers.run<Lane[]>('lanes', { app: app.app, destination_id });
  const open = lanes.filter(({ end_seq, ended_at }) => end_seq !== null && ended_at === null);
  if (open.length >= REPLAYS_MAX)
    throw new AffidavitError('conflict', `${open.length} replays have not ended yet`);
  const letter = await letterOf(context, destination_id);
  const size = await services.streamReads.size(app.app);
  const first = letter?.first_seq ?? (body.from_seq as number);
  const last = Math.min(letter?.last_seq ?? (body.to_seq as number), size - 1);
  if (first > last) {
    throw new AffidavitError('invalid_request', 'there are no such entries yet', {
      field: 'from_seq',
      expected: `a seq below ${size}`,
    });
  }
  const lane = newId('replay');
  const place = { app: app.app, destination_id, lane, created_at: services.now(), ...NEW_LANE };
  const added = { ...place, first_seq: first, next_seq: first, end_seq: last + 1 };
  const dead_letter_id = letter?.dead_letter_id;
  const effects: Effect[] = [{ op: 'insert', table: 'deliveries', row: added }, ...forget(lanes)];
  if (dead_letter_id !== undefined) {
    const where = { app: app.app, dead_letter_id };
    effects.push({ op: 'delete', table: 'dead_letters', where });
  }
  const span = { replay_id: lane, from_seq: first, to_seq: last };
  const about = { ...span, ...(dead_letter_id === undefined ? {} : { dead_letter_id }) };
  await change(context, row, {}, 'destination.replayed', about, effects);
  return { destination_id, ...about };
}

/** Only the newest replays that have ended are kept. */
function forget(lanes: readonly Lane[]): Effect[] {
  const ended = lanes.filter(({ ended_at }) => ended_at !== null);
  const old = ended.toSorted((a, b) => b.created_at - a.created_at).slice(REPLAYS_KEPT);
  return old.map(({ app, destination_id, lane }) => {
    const where = { app, destination_id, lane };
    return { op: 'delete', table: 'deliveries', where, any: true };
  });
}

async function letterOf(
  { services, app, body }: Context<z.infer<typeof ReplayBody>>,
  destination_id: string,
): Promise<DeadLettersTable | undefined> {
  const { dead_letter_id } = body;
  if (dead_letter_id === undefined) return undefined;
  const where = { app: app.app, dead_letter_id, destination_id };
  const [row] = await services.directory.rows('dead_letters', where);
  if (!row) throw missing('dead_letter_id', dead_letter_id);
  return row;
}
