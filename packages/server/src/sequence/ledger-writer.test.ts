import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { toHex, verifyCheckpoint } from '@affidavit/ledger';

import { StoreFailure } from '../store/port.ts';
import {
  callerEffect,
  checkLog,
  eventOf,
  openLogs,
  submissionOf,
  type TestLogs,
} from './log.fixture.ts';
import type { Receipt, Refusal, Verdict } from './submission.ts';

let logs: TestLogs;
beforeEach(async () => {
  logs = await openLogs(2);
});
afterEach(() => logs.close());

function receiptOf(verdict: Verdict | undefined): Receipt {
  assert.ok(verdict?.ok, JSON.stringify(verdict));
  return verdict.receipt;
}

function refusalOf(verdict: Verdict | undefined): Refusal {
  assert.ok(verdict && !verdict.ok, 'it was not refused');
  return verdict.refusal;
}

const seqsOf = (verdict: Verdict | undefined) => receiptOf(verdict).events.map(({ seq }) => seq);

const failsWith = (reason: string, committed: string) => (error: unknown) => {
  assert.ok(error instanceof StoreFailure, String(error));
  assert.deepEqual([error.reason, error.committed], [reason, committed]);
  return true;
};

const idsIn = async (app: number) => (await checkLog(logs, app)).map(({ event_id }) => event_id);

async function callers(): Promise<string[]> {
  const rows = await logs.db.selectFrom('callers').select('name').orderBy('name').execute();
  return rows.map((row) => row.name);
}

describe('acknowledgements', () => {
  test('a batch over several apps gives each its places, under one checkpoint each', async () => {
    const verdicts = await logs
      .newWriter()
      .write([
        submissionOf(1, [eventOf('evt_a'), eventOf('evt_b')]),
        submissionOf(2, [eventOf('evt_a')]),
        submissionOf(1, [eventOf('evt_c')]),
      ]);
    assert.deepEqual(verdicts.map(seqsOf), [[0, 1], [0], [2]]);
    const [first, second, third] = verdicts.map(receiptOf);
    assert.equal(first?.checkpoint, third?.checkpoint);
    assert.deepEqual([first?.size, second?.size, third?.size], [3, 1, 3]);
    const verifiers = [logs.verifierKeys.get(2) as string];
    const checkpoint = await verifyCheckpoint(second?.checkpoint as string, { verifiers });
    assert.deepEqual([checkpoint.size, checkpoint.origin], [1, 'ledger.example/app_2']);
    assert.equal(toHex(checkpoint.root), toHex(second?.events[0]?.leaf_hash as Uint8Array));
    assert.deepEqual(await idsIn(1), ['evt_a', 'evt_b', 'evt_c']);
    assert.deepEqual(await idsIn(2), ['evt_a']);
  });

  test('a submission without events applies its effects and grows nothing', async () => {
    const [verdict] = await logs.newWriter().write([submissionOf(1, [], [callerEffect(1, 'x')])]);
    assert.deepEqual(receiptOf(verdict), { events: [], repeated: false, checkpoint: '', size: 0 });
    assert.deepEqual(await callers(), ['x']);
    assert.deepEqual(await idsIn(1), []);
  });

  test('a submission whose deadline has passed is not started; its neighbours are', async () => {
    const now = 1_790_000_000_000;
    const verdicts = await logs
      .newWriter(() => now)
      .write([
        { ...submissionOf(1, [eventOf('evt_late')]), deadline: now - 1 },
        { ...submissionOf(1, [eventOf('evt_due')]), deadline: now + 60_000 },
      ]);
    assert.deepEqual(refusalOf(verdicts[0]), { kind: 'expired' });
    assert.deepEqual(seqsOf(verdicts[1]), [0]);
    assert.deepEqual(await idsIn(1), ['evt_due']);
  });

  test('an effect that meets a conflict refuses its submission alone', async () => {
    const verdicts = await logs
      .newWriter()
      .write([
        submissionOf(1, [eventOf('evt_1')], [callerEffect(1, 'a')]),
        submissionOf(1, [eventOf('evt_2')], [callerEffect(1, 'b'), callerEffect(1, 'a')]),
        submissionOf(1, [eventOf('evt_3')], [callerEffect(1, 'c')]),
      ]);
    assert.deepEqual(refusalOf(verdicts[1]), { kind: 'effect_conflict' });
    assert.deepEqual([seqsOf(verdicts[0]), seqsOf(verdicts[2])], [[0], [1]]);
    assert.deepEqual(await idsIn(1), ['evt_1', 'evt_3']);
    assert.deepEqual(await callers(), ['a', 'c']);
  });
});

describe('retries', () => {
  for (const across of [true, false]) {
    const title = across ? 'in a later batch' : 'in the same batch';
    const write = async (...submissions: ReturnType<typeof submissionOf>[]) => {
      const writer = logs.newWriter();
      if (!across) return writer.write(submissions);
      const verdicts: Verdict[] = [];
      for (const one of submissions) verdicts.push(...(await writer.write([one])));
      return verdicts;
    };

    test(`the same event ${title} gets its first place again, and no effects twice`, async () => {
      const once = submissionOf(1, [eventOf('evt_a', 1)], [callerEffect(1, 'x')]);
      const verdicts = await write(once, submissionOf(1, [eventOf('evt_b', 1)]), once);
      const [first, , again] = verdicts.map(receiptOf);
      assert.deepEqual([first?.repeated, again?.repeated], [false, true]);
      assert.equal(again?.events[0]?.seq, 0);
      assert.equal(again?.events[0]?.created_at, first?.events[0]?.created_at);
      assert.equal(
        toHex(again?.events[0]?.leaf_hash as Uint8Array),
        toHex(first?.events[0]?.leaf_hash as Uint8Array),
      );
      assert.equal(again?.size, 2);
      assert.deepEqual(await idsIn(1), ['evt_a', 'evt_b']);
      assert.deepEqual(await callers(), ['x']);
    });

    test(`another event under the same id ${title} is refused with nothing changed`, async () => {
      const verdicts = await write(
        submissionOf(1, [eventOf('evt_a', 1)]),
        submissionOf(1, [eventOf('evt_new', 1), eventOf('evt_a', 2)], [callerEffect(1, 'x')]),
        submissionOf(1, [eventOf('evt_b', 1)]),
      );
      assert.deepEqual(refusalOf(verdicts[1]), { kind: 'id_taken', event_id: 'evt_a' });
      assert.deepEqual(await idsIn(1), ['evt_a', 'evt_b']);
      assert.deepEqual(await callers(), []);
    });

    test(`an id that the server gave cannot be taken ${title}`, async () => {
      const verdicts = await write(
        submissionOf(1, [eventOf('evt_a')]),
        submissionOf(1, [eventOf('evt_a', 1)]),
      );
      assert.deepEqual(refusalOf(verdicts[1]), { kind: 'id_taken', event_id: 'evt_a' });
    });
  }

  test('two events under one id in one submission are refused', async () => {
    const verdicts = await logs
      .newWriter()
      .write([
        submissionOf(1, [eventOf('evt_a', 1), eventOf('evt_a', 2)]),
        submissionOf(1, [eventOf('evt_b', 1), eventOf('evt_b', 1)]),
      ]);
    assert.deepEqual(refusalOf(verdicts[0]), { kind: 'id_taken', event_id: 'evt_a' });
    assert.deepEqual(seqsOf(verdicts[1]), [0, 0]);
    assert.deepEqual(await idsIn(1), ['evt_b']);
  });

  test('the same id in another app is another event', async () => {
    const writer = logs.newWriter();
    await writer.write([submissionOf(1, [eventOf('evt_a', 1)])]);
    const [verdict] = await writer.write([submissionOf(2, [eventOf('evt_a', 2)])]);
    assert.deepEqual(seqsOf(verdict), [0]);
  });
});

describe('commits of unknown fate', () => {
  test('one that came through is acknowledged, though reading back fails at first', async () => {
    logs.store.faults.push('kept', 'before', 'lost', 'kept');
    const [verdict] = await logs.newWriter().write([submissionOf(1, [eventOf('evt_a')])]);
    assert.deepEqual(seqsOf(verdict), [0]);
    assert.deepEqual(await idsIn(1), ['evt_a']);
  });

  test('one that was lost is told as not written, and can be written again', async () => {
    const writer = logs.newWriter();
    logs.store.faults.push('lost');
    const submission = submissionOf(1, [eventOf('evt_a')]);
    await assert.rejects(writer.write([submission]), failsWith('unreachable', 'no'));
    assert.deepEqual(seqsOf((await writer.write([submission]))[0]), [0]);
    assert.deepEqual(await idsIn(1), ['evt_a']);
  });

  test('one that cannot be read back stays unknown; the log goes on behind it', async () => {
    const writer = logs.newWriter();
    logs.store.faults.push('kept', ...Array.from({ length: 5 }, () => 'before' as const));
    const submission = submissionOf(1, [eventOf('evt_a')]);
    await assert.rejects(writer.write([submission]), failsWith('unreachable', 'unknown'));
    const [verdict] = await writer.write([submissionOf(1, [eventOf('evt_b')])]);
    assert.deepEqual(seqsOf(verdict), [1]);
    assert.deepEqual(await idsIn(1), ['evt_a', 'evt_b']);
  });

  test('a log that another process has grown meanwhile is read at the right place', async () => {
    const submission = submissionOf(1, [eventOf('evt_a')]);
    const other = logs.newWriter();
    logs.store.faults.push('lost', null);
    const lost = logs.newWriter().write([submission]);
    await assert.rejects(lost, failsWith('unreachable', 'no'));
    await other.write([submissionOf(1, [eventOf('evt_b')])]);
    logs.store.faults.push('lost');
    await assert.rejects(other.write([submission]), failsWith('unreachable', 'no'));
    assert.deepEqual(await idsIn(1), ['evt_b']);
  });

  test('state without an entry cannot be read back, and is never acknowledged by guess', async () => {
    for (const fault of ['lost', 'kept'] as const) {
      logs.store.faults.push(fault);
      const write = logs.newWriter().write([submissionOf(1, [], [callerEffect(1, fault)])]);
      await assert.rejects(write, failsWith('unreachable', 'unknown'));
    }
    assert.deepEqual(await callers(), ['kept']);
  });

  test('what a failed sync leaves behind can be read and is not trusted', async () => {
    logs.store.reason = 'io_error';
    logs.store.faults.push('kept');
    const write = logs.newWriter().write([submissionOf(1, [eventOf('evt_a')])]);
    await assert.rejects(write, failsWith('io_error', 'unknown'));
  });
});

describe('logs that cannot be right', () => {
  test('a head that went back under a running writer is refused', async () => {
    const writer = logs.newWriter();
    await writer.write([submissionOf(1, [eventOf('evt_a')])]);
    const before = await logs.db.selectFrom('heads').selectAll().executeTakeFirstOrThrow();
    await writer.write([submissionOf(1, [eventOf('evt_b')])]);
    await logs.db.deleteFrom('entries').where('seq', '=', 1).execute();
    await logs.db.updateTable('heads').set(before).execute();
    const next = () => writer.write([submissionOf(1, [eventOf('evt_c')])]);
    await assert.rejects(next(), failsWith('damaged', 'no'));
    await logs.db.deleteFrom('heads').execute();
    await assert.rejects(next(), failsWith('damaged', 'no'));
    assert.equal((await logs.db.selectFrom('entries').select('seq').execute()).length, 1);
  });

  test('a head of the same size with another last leaf is refused', async () => {
    const writer = logs.newWriter();
    await writer.write([submissionOf(1, [eventOf('evt_a')])]);
    await logs.db
      .updateTable('heads')
      .set({ last_leaf: new Uint8Array(32) })
      .execute();
    const next = writer.write([submissionOf(1, [eventOf('evt_b')])]);
    await assert.rejects(next, failsWith('damaged', 'no'));
  });

  test('a log without a signing key is refused', async () => {
    const next = logs.newWriter().write([submissionOf(9, [eventOf('evt_a')])]);
    await assert.rejects(next, failsWith('damaged', 'no'));
  });

  test('a clock that stepped back keeps the time of the ledger, up to a day', async () => {
    const start = 1_790_000_000_000;
    const day = 24 * 3600 * 1000;
    let now = start;
    const writer = logs.newWriter(() => now);
    await writer.write([submissionOf(1, [eventOf('evt_a')])]);
    now = start - day;
    const [verdict] = await writer.write([submissionOf(1, [eventOf('evt_b')])]);
    assert.equal(receiptOf(verdict).events[0]?.created_at, start);
    now = start - day - 1;
    const refused = writer.write([submissionOf(1, [eventOf('evt_c')])]);
    await assert.rejects(refused, failsWith('clock', 'no'));
    now = start + 5;
    await writer.write([submissionOf(1, [eventOf('evt_d')])]);
    const times = (await checkLog(logs, 1)).map(({ created_at }) => created_at - start);
    assert.deepEqual(times, [0, 0, 5]);
  });
});
