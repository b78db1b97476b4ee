import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as fc from 'fast-check';

import { IdleError, withIdleLimit } from './idle.ts';
import { createRowCounter } from './rows.ts';
import { readEvents } from './sse.ts';
import type { ServerSentEvent } from './sse.ts';

async function* cut(text: string, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  const encoded = new TextEncoder().encode(text);
  let at = 0;
  for (const size of sizes) {
    yield encoded.subarray(at, at + size);
    at += size;
  }
  yield encoded.subarray(at);
}

async function eventsOf(text: string, sizes: readonly number[] = []): Promise<ServerSentEvent[]> {
  const events: ServerSentEvent[] = [];
  for await (const event of readEvents(cut(text, sizes))) events.push(event);
  return events;
}

const STREAM =
  ': hello\n\nid: 4\ndata: {"a":"ü"}\n\nevent: entry\r\nid:5\r\ndata: one\r\ndata:two\r\n\r\nretry: 9\n\n' +
  'data\n\ndata: cut off';

const EXPECTED = [
  { id: '4', event: 'message', data: '{"a":"ü"}' },
  { id: '5', event: 'entry', data: 'one\ntwo' },
  { id: '5', event: 'message', data: '' },
];

describe('readEvents', () => {
  it('reads comments, fields and events as the standard says', async () => {
    assert.deepEqual(await eventsOf(STREAM), EXPECTED);
  });
  it('reads the same wherever the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 9 })), async (sizes) => {
        assert.deepEqual(await eventsOf(STREAM, sizes), EXPECTED);
      }),
    );
  });
});

describe('readEvents, where the stream is', () => {
  it('hears an id without an event, and an id only after its event is dealt with', async () => {
    const heard: string[] = [];
    const stream = 'id: 7\n\nid: 8\ndata: a\n\nid: 9\ndata: cut';
    for await (const event of readEvents(cut(stream, []), (id) => heard.push(id))) {
      assert.deepEqual(heard, ['7']);
      assert.equal(event.id, '8');
    }
    assert.deepEqual(heard, ['7', '8']);
  });
});

describe('createRowCounter', () => {
  const field = fc.string().map((text) => `"${text.replaceAll('"', '""')}"`);
  it('counts CSV rows whatever stands in them and wherever they are cut', async () => {
    const rows = fc.array(fc.tuple(field, field));
    const sizes = fc.array(fc.integer({ min: 1, max: 20 }));
    await fc.assert(
      fc.asyncProperty(rows, sizes, async (rows, sizes) => {
        const csv = `a,b\r\n${rows.map((row) => `${row.join(',')}\r\n`).join('')}`;
        const counter = createRowCounter('csv');
        for await (const chunk of cut(csv, sizes)) counter.add(chunk);
        assert.equal(counter.count, rows.length);
      }),
    );
  });
  it('counts lines of NDJSON and nothing of Parquet', () => {
    const counter = createRowCounter('ndjson');
    assert.equal(counter.count, 0);
    counter.add(new TextEncoder().encode('{}\n{"a":"\\n"}\n'));
    assert.equal(counter.count, 2);
    assert.equal(createRowCounter('parquet').count, null);
  });
});

describe('withIdleLimit', () => {
  it('passes chunks on and ends a stream that falls silent', async () => {
    let cancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Uint8Array.of(1)),
      cancel: () => {
        cancelled = true;
      },
    });
    const seen: number[] = [];
    const reading = (async () => {
      for await (const chunk of withIdleLimit(stream, 20)) seen.push(...chunk);
    })();
    await assert.rejects(reading, IdleError);
    assert.deepEqual(seen, [1]);
    assert.equal(cancelled, true);
  });
});
