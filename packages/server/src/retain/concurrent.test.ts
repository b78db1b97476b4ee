import assert from 'node:assert/strict';
import { afterEach, beforeEach, suite, test } from 'node:test';

import type { Effect } from '../store/port.ts';
import { APP, openKeptTrail, system, type KeptTrail } from './retain.fixture.ts';

/** What comes between the decision to remove something and its removal. */

let kept: KeptTrail;
beforeEach(async () => {
  kept = await openKeptTrail();
  const events = Array.from({ length: 5 }, (_, n) => ({
    event_id: `evt_${n}`,
    event_type: 'note.taken',
    principal_id: 'ada',
  }));
  await kept.record(events);
  await kept.change([
    { op: 'update', table: 'retention', where: { app: APP.app }, set: { window_ms: 0 } },
  ]);
});
afterEach(() => kept.close());

const left = async () => {
  const rows = await kept.db.selectFrom('parts').select('seq').where('seq', '<', 5).execute();
  return rows.map(({ seq }) => seq);
};

const holding = (event_id: string): Effect[] => [
  {
    op: 'insert',
    table: 'holds',
    row: { app: APP.app, hold_id: 'hld_1', reason: 'a case', filter: null, placed_at: 1 },
  },
  { op: 'insert', table: 'held', row: { app: APP.app, event_id, hold_id: 'hld_1' } },
];

/** Does something once, right after this was read. */
function between(op: string, act: () => Promise<unknown>): void {
  kept.afterRead = async (read) => {
    if (read !== op) return;
    kept.afterRead = async () => undefined;
    await act();
  };
}

suite('between looking and removing', () => {
  test('a hold comes first: the sweep looks again, and leaves it', async () => {
    between('expired', () => kept.change(holding('evt_2')));
    const { deleted, held } = await kept.sweep.run(APP, { actor: system });
    assert.deepEqual([deleted, held], [4, 1]);
    assert.deepEqual(await left(), [2]);
  });

  test('a longer window comes first: nothing is swept', async () => {
    const set = { window_ms: null };
    between('expired', () =>
      kept.change([{ op: 'update', table: 'retention', where: { app: APP.app }, set }]),
    );
    assert.equal((await kept.sweep.run(APP, { actor: system })).deleted, 0);
    assert.deepEqual(await left(), [0, 1, 2, 3, 4]);
  });

  test('another sweep comes first: what it took is counted once', async () => {
    let other = 0;
    between('expired', async () => {
      other = (await kept.sweep.run(APP, { actor: system })).deleted;
    });
    const { deleted } = await kept.sweep.run(APP, { actor: system });
    assert.deepEqual([other, deleted], [5, 0]);
  });

  test('a hold comes before an erasure: all of it is refused', async () => {
    const concerned = { principal_id: 'ada' };
    const id = await kept.erasures.request(APP, { concerned, reason: 'asked', actor: system });
    between('erasable', () => kept.change(holding('evt_4')));
    const { row, held } = await kept.erasures.run(APP, id, Infinity);
    assert.equal(row.state, 'refused');
    assert.deepEqual(held, [{ event_id: 'evt_4', hold_id: 'hld_1' }]);
    assert.deepEqual(await left(), [0, 1, 2, 3, 4]);
  });

  test('two processes go on with one erasure, and each entry goes once', async () => {
    const more = Array.from({ length: 1200 }, () => ({
      event_type: 'note.taken',
      principal_id: 'ada',
    }));
    await kept.record(more);
    const concerned = { principal_id: 'ada' };
    const id = await kept.erasures.request(APP, { concerned, reason: 'asked', actor: system });
    const runs = [1, 2].map(() => kept.erasures.run(APP, id, Infinity));
    const [one, two] = await Promise.all(runs);
    assert.deepEqual([one?.row.state, two?.row.state], ['done', 'done']);
    assert.equal(one?.row.erased, 1205);
    assert.equal((await left()).length, 0);
  });

  test('time is up: what is left goes with the next run', async () => {
    const concerned = { principal_id: 'ada' };
    const id = await kept.erasures.request(APP, { concerned, reason: 'asked', actor: system });
    assert.equal((await kept.erasures.run(APP, id, 0)).row.state, 'checking');
    const { row } = await kept.erasures.run(APP, id, Infinity);
    assert.deepEqual([row.state, row.erased, row.principal_id], ['done', 5, null]);
  });
});
