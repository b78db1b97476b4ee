import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import { openStream, type EventStream } from './support/event-stream.ts';
import { startAffidavit, type Affidavit } from './support/server.ts';
import { eventually, readAll, sleep, write, type Entry } from './support/trail.ts';
import { newEvent, startWriters } from './support/writers.ts';

const MANY = 300;

let server: Affidavit;
before(async () => {
  server = await startAffidavit();
});
after(async () => assert.equal(await server.stop(), 0, server.stdout()));

const seqs = (entries: readonly Entry[]) => entries.map(({ seq }) => seq);

const writeOne = async (about: object = {}) =>
  (await write(server, newEvent(about))).events[0]?.seq as number;

const reaches = (stream: EventStream, seq: number) =>
  eventually(`entry ${seq} comes`, () => (stream.entries.at(-1)?.seq ?? -1) >= seq);

async function entriesFrom(first: number): Promise<Entry[]> {
  return (await readAll(server)).slice(first);
}

suite('an event stream', () => {
  test('shows what comes, from its start on, just as it is read', async () => {
    await writeOne({ caller: 'before' });
    const stream = await openStream(server);
    assert.equal(stream.status, 200);
    const first = await writeOne();
    await write(server, { events: Array.from({ length: 500 }, () => newEvent()) });
    const last = await writeOne();
    await reaches(stream, last);
    stream.close();
    const entries = await entriesFrom(first);
    assert.deepEqual(stream.entries, entries.slice(0, stream.entries.length));
    assert.equal(stream.entries.at(-1)?.seq, last);
  });

  test('goes on after the last id, again and again, while others write', async () => {
    const load = startWriters(server, { writers: 8, batch: 30, requests: 40 });
    const seen: Entry[] = [];
    let lastEventId: string | undefined = '-1';
    const first = await writeOne();
    lastEventId = String(first - 1);
    let written = false;
    void load.done.then(() => (written = true));
    for (let connection = 0; connection < 200; connection++) {
      const over: boolean = written;
      const stream: EventStream = await openStream(server, { lastEventId });
      await eventually('something comes', () => over || stream.entries.length > 0);
      await sleep(connection % 7);
      stream.close();
      seen.push(...stream.entries);
      lastEventId = stream.lastEventId();
      if (over) break;
    }
    const last = await writeOne();
    const stream = await openStream(server, { lastEventId });
    await reaches(stream, last);
    stream.close();
    seen.push(...stream.entries);
    assert.deepEqual(
      seqs(seen),
      Array.from({ length: last - first + 1 }, (_, i) => first + i),
    );
  });

  test('begins at the beginning when it is asked to', async () => {
    const stream = await openStream(server, { lastEventId: '0', query: 'limit_is_no_filter=1' });
    assert.equal(stream.status, 400);
    const whole = await openStream(server, { lastEventId: '0' });
    const last = await writeOne();
    await reaches(whole, last);
    whole.close();
    assert.deepEqual(
      seqs(whole.entries),
      Array.from({ length: last }, (_, index) => index + 1),
    );
  });

  test('shows what a filter finds, and nothing else', async () => {
    const query = 'caller=wanted&q=parcel&event_type=order.*';
    const stream = await openStream(server, { query });
    const wanted = { caller: 'wanted', reason: 'a parcel is late' };
    const expected = [
      await writeOne(wanted),
      await writeOne({ ...wanted, reason: 'a letter is late' }),
      await writeOne({ ...wanted, caller: 'other' }),
      await writeOne({ ...wanted, event_type: 'mail.sent' }),
      await writeOne(wanted),
    ].filter((_, index) => index === 0 || index === 4);
    await reaches(stream, expected[1] as number);
    const { entries } = stream;
    stream.close();
    assert.deepEqual(seqs(entries), expected);
  });

  test('an id that is none is refused', async () => {
    for (const lastEventId of ['x', '1.5', '-5', '99999999999999999999']) {
      const stream = await openStream(server, { lastEventId });
      assert.equal(stream.status, 400, lastEventId);
    }
  });

  test('is there for many at once, and readers are served beside them', async () => {
    const streams = await Promise.all(Array.from({ length: MANY }, () => openStream(server)));
    assert.ok(streams.every(({ status }) => status === 200));
    const first = await writeOne();
    let last = first;
    for (let i = 0; i < 20; i++) {
      last = await writeOne();
      const { status } = await server.request('GET', '/v1/events?limit=1&caller=beside');
      assert.equal(status, 200);
    }
    await eventually('all have got the last', () =>
      streams.every(({ entries }) => (entries.at(-1)?.seq ?? 0) >= last),
    );
    const expected = seqs(await entriesFrom(first)).filter((seq) => seq <= last);
    for (const { entries } of streams) {
      const seen = seqs(entries).filter((seq) => seq >= first && seq <= last);
      assert.deepEqual(seen, expected);
    }
    for (const stream of streams) stream.close();
    await eventually('the server knows that they left', async () => {
      const { text } = await server.request('GET', '/metrics');
      return /^affidavit_event_streams 0$/m.test(text);
    });
  });

  test('waits for a slow reader, who misses nothing', async () => {
    const slow = await openStream(server);
    slow.pause();
    const first = await writeOne();
    const reason = 'x'.repeat(1500);
    for (let i = 0; i < 10; i++) {
      await write(server, { events: Array.from({ length: 500 }, () => newEvent({ reason })) });
    }
    const last = await writeOne();
    await sleep(300);
    slow.resume();
    await reaches(slow, last);
    slow.close();
    const seen = seqs(slow.entries).filter((seq) => seq >= first);
    assert.deepEqual(
      seen,
      Array.from({ length: last - first + 1 }, (_, index) => first + index),
    );
  });

  test('ends in order when the server is told to stop, also for a reader that takes nothing', async () => {
    const house = await startAffidavit();
    const streams = await Promise.all([openStream(house), openStream(house)]);
    const stalled = await openStream(house);
    stalled.pause();
    for (let i = 0; i < 4; i++) {
      const reason = 'x'.repeat(1900);
      await write(house, { events: Array.from({ length: 1000 }, () => newEvent({ reason })) });
    }
    await house.kill('SIGTERM');
    assert.deepEqual(await Promise.all(streams.map(({ ended }) => ended)), [true, true]);
    stalled.close();
    assert.equal(await house.stop(), 0, house.stdout());
  });
});
