import assert from 'node:assert/strict';
import { afterEach, beforeEach, suite, test } from 'node:test';

import { lastRight, sweepDaily, vouch } from './daily.ts';
import { DAY_MS } from './decision.ts';
import { openKeptTrail, type KeptTrail } from './retain.fixture.ts';

/** The daily sweep: when a day is over, and not when the clock cannot be believed. */

let kept: KeptTrail;
beforeEach(async () => {
  kept = await openKeptTrail();
});
afterEach(() => kept.close());

const record = () => kept.record([{ event_type: 'note.taken' }]);
const left = async () => {
  const rows = await kept.db.selectFrom('parts').select('seq').orderBy('seq').execute();
  return [...new Set(rows.map(({ seq }) => seq))];
};
const daily = () => sweepDaily(kept.services);

suite('the daily sweep', () => {
  test('removes what has reached the age of 365 days, and not a moment earlier', async () => {
    await record();
    await daily();
    for (let day = 0; day < 364; day++) {
      kept.pass(DAY_MS);
      if (day % 20 === 0) await daily();
    }
    kept.pass(DAY_MS - 1);
    await daily();
    assert.deepEqual(await left(), [0]);
    kept.pass(DAY_MS + 1);
    await daily();
    assert.deepEqual(await left(), [1]);
  });

  test('comes once a day, however often it is looked for', async () => {
    await daily();
    const first = await lastRight(kept.services, kept.services.clock);
    kept.pass(DAY_MS - 1);
    await daily();
    assert.equal(await lastRight(kept.services, kept.services.clock), first);
    kept.pass(1);
    await daily();
    assert.equal(await lastRight(kept.services, kept.services.clock), first + DAY_MS);
  });

  test('is refused when the clock jumps ahead while the process runs', async () => {
    await record();
    await daily();
    kept.now += 400 * DAY_MS;
    await daily();
    await record();
    await daily();
    assert.deepEqual(await left(), [0, 1]);
    assert.match(kept.said.join(''), /jumped ahead by 400 days/);
    assert.equal(kept.services.clock.jump, 'the clock of the server has jumped ahead by 400 days');
  });

  test('is refused after a start under a clock far ahead, until somebody vouches for it', async () => {
    await record();
    await daily();
    kept.pass(400 * DAY_MS);
    await record();
    await daily();
    assert.deepEqual(await left(), [0, 1]);
    assert.match(kept.said.join(''), /400 days seem to have passed/);
    await vouch(kept.services, kept.services.clock);
    await daily();
    assert.deepEqual(await left(), [1, 2]);
  });

  test('is refused on a ledger from long ago that was never swept', async () => {
    await record();
    kept.pass(400 * DAY_MS);
    await daily();
    assert.deepEqual(await left(), [0]);
    assert.match(kept.said.join(''), /400 days seem to have passed/);
  });

  test('bears a clock that was ahead and is put right', async () => {
    kept.now += 20 * DAY_MS;
    kept.uptime += 20 * DAY_MS;
    await daily();
    kept.now -= 20 * DAY_MS;
    await daily();
    assert.equal(kept.services.clock.jump, null);
  });
});
