import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';

import type { Kysely } from 'kysely';

import { prepareEvent } from '../ingest/prepare.ts';
import type { LedgerWriter } from '../sequence/ledger-writer.ts';
import {
  eventOf,
  keyring,
  openLogs,
  submissionOf,
  type TestLogs,
} from '../sequence/log.fixture.ts';
import { planRetirement, planRotation } from '../sequence/rotation.ts';
import { openReadStore } from '../store/open.ts';
import type { SigningKey } from '../store/port.ts';
import type { Tables } from '../store/tables.ts';
import { checkLog } from './log.ts';

const APP = 1;

describe('a log whose keys follow each other', () => {
  let logs: TestLogs;
  let writer: LedgerWriter;
  let db: Kysely<Tables>;
  let written = 0;
  beforeEach(async () => {
    logs = await openLogs(1);
    writer = logs.newWriter();
    db = await openReadStore({ kind: 'sqlite', path: logs.path });
  });
  afterEach(async () => {
    await db.destroy();
    await logs.close();
  });

  const keys = (): Promise<SigningKey[]> =>
    logs.db.selectFrom('signing_keys').selectAll().orderBy('from_size').execute();
  const identity = () => ({ event_id: `evt_${written++}`, retriable: false, fingerprint: null });
  async function write(count: number): Promise<void> {
    const events = Array.from({ length: count }, () => eventOf(`evt_${written++}`));
    await writer.write([submissionOf(APP, events)]);
  }
  async function rotate(): Promise<void> {
    const current = (await keys()).at(-1) as SigningKey;
    const { event, effects } = planRotation(keyring, current, { now: 1, overlap_ms: 1000 });
    const events = [prepareEvent(event, identity())];
    await writer.write([submissionOf(APP, events, effects(events))]);
  }
  async function retire(): Promise<void> {
    const old = (await keys()).find((key) => key.retires_at !== null && key.to_size === null);
    const { event, effects } = planRetirement(old as SigningKey);
    await writer.write([submissionOf(APP, [prepareEvent(event, identity())], effects)]);
  }
  const found = async () => {
    const { broken } = await checkLog({ db, kind: 'sqlite', app: APP });
    return broken.map(({ seq, reason }) => [seq, reason]);
  };
  const setKey = (from_size: number, set: object) =>
    logs.db.updateTable('signing_keys').set(set).where('from_size', '=', from_size).execute();
  const checkpoint = async () =>
    (await logs.db.selectFrom('heads').selectAll().executeTakeFirstOrThrow()).checkpoint;

  test('is sound before, while both sign, and after', async () => {
    await write(300);
    await rotate();
    assert.deepEqual(await found(), []);
    await write(10);
    assert.deepEqual(await found(), []);
    await retire();
    assert.deepEqual(await found(), []);
    await write(10);
    await rotate();
    assert.deepEqual(await found(), []);
  });

  test('is found with a signature too few, or of a key whose time is over', async () => {
    await write(5);
    await rotate();
    const note = await checkpoint();
    const [text = '', lines = ''] = note.split('\n\n');
    const [first, second] = lines.trimEnd().split('\n');
    for (const line of [first, second]) {
      await logs.db
        .updateTable('heads')
        .set({ checkpoint: `${text}\n\n${line}\n` })
        .execute();
      assert.deepEqual(await found(), [[null, 'signature']]);
    }
    await logs.db.updateTable('heads').set({ checkpoint: note }).execute();
    await setKey(0, { to_size: 5 });
    await setKey(6, { from_size: 7 });
    assert.deepEqual(await found(), [[null, 'signature']]);
  });

  test('is found where the proof of a change is none, or of another tree', async () => {
    await write(5);
    await rotate();
    const early = await checkpoint();
    await write(5);
    const late = await checkpoint();
    for (const [note, reason] of [
      ['nonsense', 'checkpoint'],
      [early.replace('\n6\n', '\n7\n'), 'signature'],
      [late.slice(0, -100), 'checkpoint'],
    ]) {
      await setKey(6, { change_checkpoint: note });
      assert.deepEqual(await found(), [[null, reason]]);
    }
    await setKey(6, { change_checkpoint: late });
    assert.deepEqual(await found(), []);
  });
});
