import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/**
 * For tests: receivers of deliveries, written from the rules of each format and not from our code.
 * They refuse whatever is malformed with 599, which no test expects, and keep what was wrong.
 */

export interface Post {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** As it came, decompressed. */
  readonly body: string;
}

/** A record as it was delivered. */
export type Delivered = Readonly<Record<string, unknown>> & {
  readonly event_id: string;
  readonly seq: number;
};

/** What a receiver does with a batch that is well formed. */
export type Mood = (
  batch: readonly Delivered[],
  response: ServerResponse,
) => Reply | Promise<Reply>;
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Whether it has the batch although it says otherwise, or nothing at all. */
  readonly keeps?: boolean;
  /** The connection is cut instead of an answer. */
  readonly cuts?: boolean;
}

export interface ReceiverUnderTest {
  readonly url: string;
  /** Batches that it has, in the order in which it took them. */
  readonly batches: (readonly Delivered[])[];
  /** Entries that it has, in that order, repeats included. */
  entries(): Delivered[];
  readonly faults: string[];
  /** Requests so far, also refused ones. */
  readonly requests: Post[];
  mood: Mood;
  close(): Promise<void>;
}

export const ok: Mood = () => ({ status: 200 });

type Reader = (post: Post) => readonly Delivered[];
/** The answer to a batch that was taken with this status, where the format wants one. */
type Answer = (reply: Reply) => unknown;

interface Format {
  readonly read: Reader;
  readonly answer?: Answer;
  /** Answers other paths; null where it does not know them. */
  readonly other?: (post: Post) => Reply | null;
}

export async function startReceiver({ read, answer, other }: Format): Promise<ReceiverUnderTest> {
  const batches: (readonly Delivered[])[] = [];
  const faults: string[] = [];
  const requests: Post[] = [];
  const take = async (post: Post, response: ServerResponse): Promise<Reply> => {
    const known = other?.(post);
    if (known) return known;
    const batch = read(post);
    const reply = await receiver.mood(batch, response);
    const keeps = reply.keeps ?? (reply.status >= 200 && reply.status < 300);
    if (keeps) batches.push(batch);
    return { ...reply, body: reply.body ?? answer?.(reply) };
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const raw = Buffer.concat(chunks);
      const { headers, url: path = '' } = request;
      const body = headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
      const post = { path, headers, body: body.toString('utf8') };
      requests.push(post);
      take(post, response)
        .catch((error: Error): Reply => {
          faults.push(error.message);
          return { status: 599 };
        })
        .then(({ status, headers: own, body: said, cuts }) => {
          if (cuts) return response.destroy();
          response.writeHead(status, { 'content-type': 'application/json', ...own });
          return response.end(said === undefined ? '' : JSON.stringify(said));
        });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Left behind by a failing test, it must not keep the file from ending.
  server.unref();
  const { port } = server.address() as AddressInfo;
  const receiver: ReceiverUnderTest = {
    url: `http://127.0.0.1:${port}`,
    batches,
    entries: () => batches.flat(),
    faults,
    requests,
    mood: ok,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
}

function assertRecord(value: unknown): asserts value is Delivered {
  const { event_id, seq, created_at, event_type, leaf_hash } = value as Record<string, unknown>;
  assert.match(String(event_id), /^[\w.:-]+$/);
  assert.ok(Number.isSafeInteger(seq) && Number(seq) >= 0);
  assert.match(String(created_at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.match(String(event_type), /^[a-z]/);
  assert.match(String(leaf_hash), /^[0-9a-f]{64}$/);
}

/** Standard Webhooks: each signature must be by one of `secrets()`. */
export function startWebhook(secrets: () => readonly string[]): Promise<ReceiverUnderTest> {
  const read: Reader = ({ headers, body }) => {
    const id = String(headers['webhook-id']);
    const timestamp = String(headers['webhook-timestamp']);
    assert.match(id, /^[\w-]{8,64}$/);
    assert.match(timestamp, /^\d{10}$/);
    assert.ok(Math.abs(Number(timestamp) - Date.now() / 1000) < 300, 'the timestamp is old');
    const expected = secrets().map((secret) => {
      const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
      const signed = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`);
      return `v1,${signed.digest('base64')}`;
    });
    const given = String(headers['webhook-signature']).split(' ');
    for (const one of given) assert.ok(expected.includes(one), 'it is not signed');
    assert.match(String(headers['content-type']), /^application\/json/);
    const { events, ...rest } = JSON.parse(body) as { events: unknown[] };
    assert.deepEqual(rest, {});
    assert.ok(Array.isArray(events) && events.length > 0);
    return events.map((event) => (assertRecord(event), event));
  };
  return startReceiver({ read });
}

export interface SplunkOptions {
  readonly token: string;
  /** The token wants acknowledgement: batches count only when they were asked for. */
  readonly ack?: boolean;
  readonly index?: string;
}

/** Documents, one behind the other, with or without white space between. */
function concatenated(text: string): string[] {
  const documents: string[] = [];
  let depth = 0;
  let start = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (inString) {
      if (character === '\\') at++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' && depth++ === 0) start = at;
    else if (character === '}' && --depth === 0) documents.push(text.slice(start, at + 1));
    else if (depth === 0) assert.match(String(character), /\s/, 'between two envelopes');
  }
  assert.equal(depth, 0);
  return documents;
}

const ENVELOPE = new Set(['time', 'host', 'source', 'sourcetype', 'index', 'event', 'fields']);

/** Splunk HTTP Event Collector. */
export async function startSplunk(options: SplunkOptions) {
  const channels = new Map<string, number>();
  const asked: number[] = [];
  let nextAck = 0;
  const state = { acknowledges: true };
  const readEnvelope = (text: string): Delivered => {
    const envelope = JSON.parse(text) as Record<string, unknown>;
    for (const name of Object.keys(envelope)) assert.ok(ENVELOPE.has(name), name);
    assert.match(text, /^\{"time":\d{10}\.\d{3},/, 'time in seconds with decimals');
    assert.equal(envelope.index, options.index);
    const fields = Object.values((envelope.fields ?? {}) as object).flat();
    assert.ok(fields.every((value) => typeof value === 'string'));
    assertRecord(envelope.event);
    assert.equal(Number(envelope.time) * 1000, Date.parse(String(envelope.event.created_at)));
    return envelope.event;
  };
  const authorised = ({ headers }: Post) =>
    assert.equal(headers.authorization, `Splunk ${options.token}`);
  const receiver = await startReceiver({
    read: (post) => {
      assert.equal(post.path, '/services/collector/event');
      authorised(post);
      assert.ok(post.body.length <= 1_300_000, 'batches of about 1 MB');
      if (options.ack) {
        const channel = String(post.headers['x-splunk-request-channel']);
        assert.match(channel, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i);
        channels.set(channel, nextAck);
      }
      return concatenated(post.body).map(readEnvelope);
    },
    answer: ({ status }) => {
      if (status !== 200) return { text: 'Server is busy', code: 9 };
      const ack = options.ack ? { ackId: nextAck++ } : {};
      return { text: 'Success', code: 0, ...ack };
    },
    other: (post) => {
      const url = new URL(post.path, 'http://splunk');
      if (url.pathname !== '/services/collector/ack') return null;
      authorised(post);
      assert.ok(options.ack && channels.has(String(url.searchParams.get('channel'))));
      const { acks } = JSON.parse(post.body) as { acks: number[] };
      asked.push(...acks);
      const answer = acks.map((id) => [String(id), state.acknowledges && id < nextAck]);
      return { status: 200, body: { acks: Object.fromEntries(answer) }, keeps: false };
    },
  });
  return Object.assign(receiver, { asked, state });
}

const DATE_ATTRIBUTES = ['timestamp', 'date', '_timestamp', 'eventTime', 'published_date'];

/** Datadog logs intake, v2. */
export function startDatadog(apiKey: string): Promise<ReceiverUnderTest> {
  return startReceiver({
    read: ({ path, headers, body }) => {
      assert.equal(path, '/api/v2/logs');
      assert.equal(headers['dd-api-key'], apiKey);
      assert.equal(headers['content-encoding'], 'gzip');
      assert.ok(Buffer.byteLength(body) <= 5_000_000);
      const items = JSON.parse(body) as Record<string, unknown>[];
      assert.ok(Array.isArray(items) && items.length <= 1000);
      return items.map((item) => {
        const { ddsource, ddtags, hostname, service, message, ...record } = item;
        for (const reserved of [ddsource, service, message])
          assert.equal(typeof reserved, 'string');
        for (const optional of [ddtags, hostname])
          assert.ok(optional === undefined || typeof optional === 'string');
        assert.ok(Buffer.byteLength(JSON.stringify(item)) <= 1_000_000);
        for (const name of DATE_ATTRIBUTES) assertInTime(record[name]);
        assertRecord(record);
        return record;
      });
    },
    answer: () => ({}),
  });
}

function assertInTime(value: unknown): void {
  if (value === undefined) return;
  const hours = (Number(value) - Date.now()) / 3_600_000;
  assert.ok(hours > -18 && hours < 2, 'Datadog takes no such timestamp');
}

export const newToken = () => randomUUID();
