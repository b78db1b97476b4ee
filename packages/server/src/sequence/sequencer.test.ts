import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import { AffidavitError, type ErrorCode } from '@affidavit/schema';

import { StoreFailure } from '../store/port.ts';
import { callerEffect, checkLog, eventOf, openLogs, type TestLogs } from './log.fixture.ts';
import { Sequencer, type SequencerOptions } from './sequencer.ts';
import type { Submission, Verdict } from './submission.ts';

const fails =
  (code: ErrorCode, reason?: string) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof AffidavitError, String(error));
    assert.deepEqual([error.code, error.details.extra?.reason], [code, reason]);
    assert.equal(error.details.retryAfterSeconds, code === 'conflict' ? undefined : 1);
    return true;
  };

/** A submission with so many events; it does not say what they are. */
const events = (count: number) => ({
  app: 1,
  events: Array.from({ length: count }, (_, i) => eventOf(`evt_${i}`)),
  effects: [],
});

const receipt = { events: [], repeated: false, checkpoint: '', size: 1 };
const accept = (batch: readonly Submission[]): Verdict[] =>
  batch.map(() => ({ ok: true, receipt }));

/** A writer whose answers are given by hand, one batch after the other. */
class SlowWriter {
  readonly batches: (readonly Submission[])[] = [];
  readonly #answers: PromiseWithResolvers<Verdict[]>[] = [];

  readonly write = (batch: readonly Submission[]): Promise<Verdict[]> => {
    this.batches.push(batch);
    const answer = Promise.withResolvers<Verdict[]>();
    this.#answers.push(answer);
    return answer.promise;
  };

  answer(verdicts?: Verdict[]): void {
    const at = this.batches.length - this.#answers.length;
    this.#answers.shift()?.resolve(verdicts ?? accept(this.batches[at] as Submission[]));
  }

  fail(error: Error): void {
    this.#answers.shift()?.reject(error);
  }
}

const open: Sequencer[] = [];
function sequencer(options: Partial<SequencerOptions> & Pick<SequencerOptions, 'write'>) {
  const made = new Sequencer({
    now: Date.now,
    deadlineMs: 5000,
    queueLimit: 100,
    batchLimit: 50,
    ...options,
  });
  open.push(made);
  return made;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

describe('being behind', () => {
  /** A writer that takes `ms` for each event, by a clock that is put forward. */
  function slowly(ms: number) {
    let uptime = 0;
    const writer = new SlowWriter();
    const limits = { deadlineMs: 5000, queueLimit: 1000 };
    const one = sequencer({ write: writer.write, uptime: () => uptime, ...limits });
    const answer = async () => {
      const [batch] = writer.batches.slice(-1);
      uptime += ms * (batch ?? []).reduce((sum, { events: list }) => sum + list.length, 0);
      writer.answer();
      await turn();
    };
    return { one, answer };
  }
  const submit = (one: Sequencer, submissions: number) =>
    Array.from({ length: submissions }, () => one.submit(events(10)));

  test('what waits half of its deadline is too much, as soon as it is known how fast it goes', async () => {
    const { one, answer } = slowly(10);
    const all = submit(one, 40);
    await turn();
    assert.equal(one.isBehind, false, 'nothing is known of how fast it goes');
    await answer();
    assert.equal(one.queuedEvents, 300);
    assert.equal(one.isBehind, true, 'three seconds of five');
    await answer();
    assert.equal(one.queuedEvents, 250);
    assert.equal(one.isBehind, false, 'half of them');
    for (let i = 0; i < 6; i++) await answer();
    await Promise.all(all);
    assert.equal(one.isBehind, false);
  });

  test('what can be written in time is not too much, up to the limit of the queue', async () => {
    const { one, answer } = slowly(0.1);
    const all = submit(one, 100);
    await turn();
    await answer();
    assert.equal(one.isBehind, false);
    all.push(...submit(one, 10));
    assert.equal(one.queuedEvents, 1000);
    assert.equal(one.isBehind, true);
    while (one.queuedEvents > 0) await answer();
    await answer();
    await Promise.all(all);
  });
});

describe('group commit', () => {
  test('what comes while a batch is written goes together into the next', async () => {
    const writer = new SlowWriter();
    const one = sequencer({ write: writer.write });
    const first = one.submit(events(1));
    await turn();
    const later = [one.submit(events(2)), one.submit(events(3)), one.submit(events(4))];
    await turn();
    assert.deepEqual(
      writer.batches.map((batch) => batch.length),
      [1],
    );
    assert.equal(one.queuedEvents, 9);
    writer.answer();
    await first;
    await turn();
    assert.deepEqual(
      writer.batches.map((batch) => batch.length),
      [1, 3],
    );
    assert.equal(one.queuedEvents, 0);
    writer.answer();
    await Promise.all(later);
  });

  test('a batch has no more events than its limit, but one submission always goes', async () => {
    const writer = new SlowWriter();
    const one = sequencer({ write: writer.write, batchLimit: 5, queueLimit: 100 });
    const all = [9, 2, 3, 1].map((count) => one.submit(events(count)));
    for (let batch = 0; batch < 3; batch++) {
      await turn();
      writer.answer();
    }
    await Promise.all(all);
    assert.deepEqual(
      writer.batches.map((batch) => batch.map((submission) => submission.events.length)),
      [[9], [2, 3], [1]],
    );
  });

  test('large events are spread over several commits', async () => {
    const writer = new SlowWriter();
    const one = sequencer({ write: writer.write });
    const [event] = events(1).events;
    const part = { ...event!.parts[0]!, body: 'x'.repeat(7 * 1024 * 1024) };
    const large = { app: 1, events: [{ ...event!, parts: [part] }], effects: [] };
    const all = [one.submit(large), one.submit(large), one.submit(large)];
    await turn();
    writer.answer();
    await turn();
    writer.answer();
    await Promise.all(all);
    assert.deepEqual(
      writer.batches.map((batch) => batch.length),
      [2, 1],
    );
  });

  test('whoever comes while a batch is written takes its answer, where it is there', async () => {
    const writer = new SlowWriter();
    let polls = 0;
    const one = sequencer({ write: writer.write, poll: () => polls++ });
    const all = [one.submit(events(1)), one.submit(events(1))];
    await turn();
    assert.equal(polls, 0, 'nothing is under way');
    all.push(one.submit(events(1)));
    assert.equal(polls, 1);
    writer.answer();
    await turn();
    writer.answer();
    await Promise.all(all);
  });

  test('nothing is acknowledged before its batch is', async () => {
    const writer = new SlowWriter();
    const one = sequencer({ write: writer.write });
    let told = false;
    const write = one.submit(events(1)).then(() => (told = true));
    for (let turns = 0; turns < 10; turns++) await turn();
    assert.equal(told, false);
    writer.answer();
    await write;
  });
});

describe('one among others', () => {
  test('a refusal is for its own submission alone', async () => {
    const one = sequencer({
      write: async (batch) => [
        ...accept(batch.slice(0, 1)),
        { ok: false, refusal: { kind: 'id_taken', event_id: 'evt_x' } },
        { ok: false, refusal: { kind: 'effect_conflict' } },
        { ok: false, refusal: { kind: 'expired' } },
        ...accept(batch.slice(4)),
      ],
    });
    const all = Array.from({ length: 5 }, () => one.submit(events(1)));
    const [first, taken, conflict, expired, last] = all;
    await assert.rejects(taken!, (error: AffidavitError) => {
      assert.equal(error.code, 'conflict');
      assert.equal(error.details.field, 'event_id');
      assert.match(error.message, /evt_x/);
      return true;
    });
    await assert.rejects(conflict!, fails('conflict'));
    await assert.rejects(expired!, fails('audit_unavailable', 'timeout'));
    await Promise.all([first, last]);
  });

  test('who is told of commits and fails hurts nobody', async () => {
    const failures: StoreFailure[] = [];
    const one = sequencer({
      write: async (batch) => accept(batch),
      onCommit: ({ events: [event] }) => {
        if (event?.event_id === 'evt_0') throw new Error('a listener');
      },
      onFailure: (failure) => failures.push(failure),
    });
    await Promise.all([one.submit(events(1)), one.submit({ ...events(1), app: 2 })]);
    assert.deepEqual(
      failures.map(({ cause }) => (cause as Error).message),
      ['a listener', 'a listener'],
    );
    assert.equal(one.lastFailure, null);
  });
});

describe('bounds', () => {
  test('beyond the queue callers are told to come again, except for what is owed', async () => {
    const writer = new SlowWriter();
    const one = sequencer({ write: writer.write, queueLimit: 10 });
    const taken = [one.submit(events(1))];
    await turn();
    taken.push(one.submit(events(9)));
    assert.throws(() => one.admit(2), fails('overloaded'));
    one.admit(1);
    await assert.rejects(one.submit(events(2)), fails('overloaded'));
    taken.push(one.submit(events(2), { owed: true }));
    assert.equal(one.queuedEvents, 11);
    await assert.rejects(one.submit(events(1)), fails('overloaded'));
    writer.answer();
    await turn();
    one.admit(10);
    writer.answer();
    await Promise.all(taken);
  });

  test('a submission larger than the queue goes into an empty one', async () => {
    const one = sequencer({ write: async (batch) => accept(batch), queueLimit: 10 });
    await one.submit(events(20));
  });

  test('the bytes that wait are bounded as well', async () => {
    const writer = new SlowWriter();
    const one = sequencer({ write: writer.write });
    const body = 'x'.repeat(32 * 1024 * 1024);
    const [event] = events(1).events;
    const part = { ...event!.parts[0]!, body };
    const large = { app: 1, events: [{ ...event!, parts: [part] }], effects: [] };
    const taken = [one.submit(large)];
    await turn();
    for (let i = 0; i < 4; i++) taken.push(one.submit(large));
    await assert.rejects(one.submit(events(1)), fails('overloaded'));
    for (let i = 0; i < 5; i++) {
      writer.answer();
      await turn();
    }
    await Promise.all(taken);
    await Promise.all([one.submit(events(1)), turn().then(() => writer.answer())]);
  });
});

describe('deadlines', () => {
  test('a writer that never answers: everyone hears it, late commits too', async () => {
    const writer = new SlowWriter();
    const late: string[] = [];
    const one = sequencer({ write: writer.write, deadlineMs: 300 });
    const first = one.submit(events(1), { onLate: () => late.push('first') });
    await turn();
    const waiting = one.submit(events(1), { onLate: () => late.push('second') });
    await Promise.all([
      assert.rejects(first, fails('audit_unavailable', 'timeout')),
      assert.rejects(waiting, fails('audit_unavailable', 'timeout')),
    ]);
    assert.equal(one.queuedEvents, 0);
    assert.equal(one.lastFailure?.reason, 'timeout');
    assert.deepEqual(late, []);
    writer.answer();
    await turn();
    assert.deepEqual(late, ['first']);
    assert.equal(one.lastFailure, null);
    assert.equal(writer.batches.length, 1);
  });

  test('the wait ends in time though the clock is set back', async () => {
    let now = 1_790_000_000_000;
    const one = sequencer({
      write: () => new Promise(() => undefined),
      deadlineMs: 300,
      now: () => now,
    });
    const write = one.submit(events(1));
    now -= 3_600_000;
    await assert.rejects(write, fails('audit_unavailable', 'timeout'));
  });

  test('the reason of a failed batch reaches all of its callers, and the next batch goes', async () => {
    const writer = new SlowWriter();
    const one = sequencer({ write: writer.write });
    const all = [one.submit(events(1)), one.submit(events(1))];
    await turn();
    writer.fail(new StoreFailure('disk_full', 'the disk is full'));
    for (const write of all) {
      await assert.rejects(write, fails('audit_unavailable', 'disk_full'));
    }
    assert.equal(one.lastFailure?.reason, 'disk_full');
    const next = one.submit(events(1));
    await turn();
    writer.answer();
    await next;
    assert.equal(one.lastFailure, null);
  });

  test('a batch that may have been written is told to who cares, a failed one is not', async () => {
    const writer = new SlowWriter();
    const told: string[] = [];
    const one = sequencer({ write: writer.write, onUncertain: () => told.push('uncertain') });
    const onLate = () => told.push('late');
    for (const committed of ['no', 'unknown'] as const) {
      const write = one.submit(events(1), { onLate });
      await turn();
      writer.fail(new StoreFailure('unreachable', 'gone', { committed }));
      await assert.rejects(write, fails('audit_unavailable', 'unreachable'));
      assert.deepEqual(told, committed === 'no' ? [] : ['uncertain', 'late']);
    }
    const write = one.submit(events(1));
    await turn();
    writer.fail(new Error('a thread ended'));
    await assert.rejects(write, fails('audit_unavailable', 'io_error'));
  });
});

describe('closing', () => {
  test('waits for what is under way, and takes nothing more', async () => {
    const writer = new SlowWriter();
    const one = sequencer({ write: writer.write });
    const write = one.submit(events(1));
    await turn();
    const closed = one.close();
    await assert.rejects(one.submit(events(1)), fails('overloaded'));
    await assert.rejects(one.submit(events(1), { owed: true }), fails('overloaded'));
    writer.answer();
    await write;
    await closed;
  });

  test('does not wait for ever, and leaves nobody waiting', async () => {
    const one = sequencer({ write: () => new Promise(() => undefined), deadlineMs: 300 });
    const first = one.submit(events(1));
    await turn();
    const second = one.submit(events(1));
    await Promise.all([
      assert.rejects(first, fails('audit_unavailable', 'timeout')),
      assert.rejects(second),
      one.close(),
    ]);
  });
});

test('many submitters at once get gapless places from a real writer', async (context) => {
  const logs: TestLogs = await openLogs(2);
  context.after(() => logs.close());
  const writer = logs.newWriter();
  let batches = 0;
  const one = sequencer({
    write: (batch) => {
      batches++;
      return writer.write(batch);
    },
    queueLimit: 10_000,
  });
  const submit = (i: number) =>
    one.submit({
      app: (i % 2) + 1,
      events: Array.from({ length: (i % 3) + 1 }, (_, k) => eventOf(`evt_${i}_${k}`)),
      effects: i % 5 === 0 ? [callerEffect(1, `caller ${i % 50}`)] : [],
    });
  const answers = await Promise.allSettled(Array.from({ length: 500 }, (_, i) => submit(i)));
  const acknowledged = answers.flatMap((answer) =>
    answer.status === 'fulfilled' ? answer.value.events : [],
  );
  assert.equal(answers.filter(({ status }) => status === 'rejected').length, 90);
  const found = [...(await checkLog(logs, 1)), ...(await checkLog(logs, 2))];
  assert.equal(found.length, acknowledged.length);
  assert.ok(batches < 100);
});
