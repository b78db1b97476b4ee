import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTcp, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTls } from 'node:tls';
import { gunzipSync } from 'node:zlib';

import { LOOPBACK_CERTIFICATE, LOOPBACK_KEY } from './loopback-certificate.ts';
import { startReceiver, type Delivered, type ReceiverUnderTest } from './receivers.ts';

/** For tests: receivers of OTLP, syslog and S3, written from the rules of each and not from our code. */

interface LogRecord {
  readonly timeUnixNano: unknown;
  readonly observedTimeUnixNano: unknown;
  readonly severityNumber: unknown;
  readonly body: { readonly stringValue: string };
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
  readonly traceId?: string;
  readonly spanId?: string;
}

const CAMEL = /^[a-z][A-Za-z]*$/;

/** OTLP/HTTP in JSON: `POST /v1/logs`. */
export function startOtlp(headers: Readonly<Record<string, string>>): Promise<ReceiverUnderTest> {
  return startReceiver({
    read: (post) => {
      assert.equal(post.path, '/v1/logs');
      for (const [name, value] of Object.entries(headers)) assert.equal(post.headers[name], value);
      assert.match(String(post.headers['content-type']), /^application\/json/);
      const { resourceLogs } = JSON.parse(post.body) as {
        resourceLogs: { scopeLogs: { logRecords: LogRecord[] }[] }[];
      };
      const records = resourceLogs.flatMap(({ scopeLogs }) =>
        scopeLogs.flatMap(({ logRecords }) => logRecords),
      );
      return records.map(readLogRecord);
    },
    answer: () => ({}),
  });
}

function readLogRecord(record: LogRecord): Delivered {
  for (const name of Object.keys(record)) assert.match(name, CAMEL);
  for (const time of [record.timeUnixNano, record.observedTimeUnixNano])
    assert.ok(typeof time === 'string' && /^\d{19}$/.test(time), 'int64 as text');
  assert.ok(Number.isInteger(record.severityNumber));
  if (record.traceId !== undefined) assert.match(record.traceId, /^[0-9a-f]{32}$/);
  if (record.spanId !== undefined) assert.match(record.spanId, /^[0-9a-f]{16}$/);
  for (const { value } of record.attributes) {
    const [[kind, one] = []] = Object.entries(value);
    assert.ok(kind === 'stringValue' || kind === 'intValue');
    assert.equal(typeof one, 'string');
  }
  const entry = JSON.parse(record.body.stringValue) as Delivered;
  assert.equal(record.timeUnixNano, `${Date.parse(String(entry.created_at))}000000`);
  const id = record.attributes.find(({ key }) => key === 'event_id');
  assert.equal(id?.value.stringValue, entry.event_id);
  return entry;
}

export interface SyslogUnderTest {
  readonly port: number;
  readonly messages: string[];
  readonly faults: string[];
  /** So many connections are reset instead of being read. */
  cuts: number;
  entries(): Delivered[];
  close(): Promise<void>;
}

/** RFC 5424 with octet counting (RFC 5425, section 4.3), over TLS or plain. */
export async function startSyslog(tls: boolean): Promise<SyslogUnderTest> {
  const messages: string[] = [];
  const faults: string[] = [];
  const sockets = new Set<Socket>();
  const take = (socket: Socket) => {
    sockets.add(socket);
    const chunks: Buffer[] = [];
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => {
      try {
        messages.push(...framesOf(Buffer.concat(chunks)));
      } catch (error) {
        faults.push((error as Error).message);
      }
    });
  };
  const server: Server = tls
    ? createTls({ cert: LOOPBACK_CERTIFICATE, key: LOOPBACK_KEY }, take)
    : createTcp(take);
  // As the system does for a process that dies with bytes unread.
  server.on('connection', (raw: Socket) => {
    if (state.cuts-- > 0) raw.once('data', () => raw.resetAndDestroy());
  });
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const state: SyslogUnderTest = {
    port,
    messages,
    faults,
    cuts: 0,
    entries: () => messages.map(readSyslog),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return state;
}

function framesOf(bytes: Buffer): string[] {
  const frames: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const count = bytes.subarray(at, space).toString('latin1');
    assert.match(count, /^[1-9]\d*$/, 'MSG-LEN');
    const end = space + 1 + Number(count);
    assert.ok(end <= bytes.length, 'a whole message');
    frames.push(bytes.subarray(space + 1, end).toString('utf8'));
    at = end;
  }
  return frames;
}

const RFC5424 =
  /^<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ([\x21-\x7e]{1,255}) ([\x21-\x7e]{1,48}) ([\x21-\x7e]{1,128}) ([\x21-\x7e]{1,32}) (\[[^ =\]"]+(?: [^ =\]"]{1,32}="(?:[^"\\\]]|\\.)*")*\]) (.*)$/su;

function readSyslog(message: string): Delivered {
  const [, priority, time, , , , , data, text = ''] = RFC5424.exec(message) ?? [];
  assert.ok(Number(priority) <= 191, 'PRI');
  const entry = JSON.parse(text) as Delivered;
  assert.equal(time, entry.created_at);
  assert.ok(data?.includes(`event_id="${entry.event_id}"`));
  return entry;
}

export interface S3UnderTest {
  readonly url: string;
  readonly objects: Map<string, Buffer>;
  readonly faults: string[];
  /** Status of each next request, before the rest go well. */
  readonly moods: number[];
  entries(): Delivered[];
  close(): Promise<void>;
}

export interface S3Keys {
  readonly access_key_id: string;
  readonly secret_access_key: string;
  readonly region: string;
  readonly bucket: string;
}

/** One bucket by path, with AWS Signature Version 4 checked. */
export async function startS3(keys: S3Keys): Promise<S3UnderTest> {
  const objects = new Map<string, Buffer>();
  const faults: string[] = [];
  const moods: number[] = [];
  const answer = (request: IncomingMessage, body: Buffer): [number, Buffer | string] => {
    assertSigned(keys, request, body);
    const mood = moods.shift();
    if (mood !== undefined) return [mood, '<Error><Code>SlowDown</Code></Error>'];
    const { pathname } = new URL(String(request.url), 'http://s3');
    const [, bucket, ...rest] = pathname.split('/');
    assert.equal(bucket, keys.bucket);
    const key = decodeURIComponent(rest.join('/'));
    if (request.method === 'GET') {
      const found = objects.get(key);
      return found ? [200, found] : [404, '<Error><Code>NoSuchKey</Code></Error>'];
    }
    assert.equal(request.method, 'PUT');
    const sum = createHash('sha256').update(body).digest('base64');
    assert.equal(request.headers['x-amz-checksum-sha256'], sum, 'Object Lock asks for a checksum');
    objects.set(key, body);
    return [200, ''];
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      try {
        const [status, body] = answer(request, Buffer.concat(chunks));
        response.writeHead(status).end(body);
      } catch (error) {
        faults.push((error as Error).message);
        response.writeHead(500).end();
      }
    });
  });
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    faults,
    moods,
    entries: () =>
      [...objects]
        .filter(([key]) => key.endsWith('.ndjson.gz'))
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([, bytes]) => gunzipSync(bytes).toString('utf8').trimEnd().split('\n'))
        .map((line) => JSON.parse(line) as Delivered),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const hmac = (key: Buffer | string, text: string) =>
  createHmac('sha256', key).update(text).digest();

/** AWS Signature Version 4, "Create a signed AWS API request". */
function assertSigned(keys: S3Keys, request: IncomingMessage, body: Buffer): void {
  const { headers, method, url = '' } = request;
  const [, scope = '', names = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=[^/]+\/(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})$/.exec(
      String(headers.authorization),
    ) ?? [];
  const payload = createHash('sha256').update(body).digest('hex');
  assert.equal(headers['x-amz-content-sha256'], payload);
  const { pathname, searchParams } = new URL(url, 'http://s3');
  searchParams.sort();
  const signed = names.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const canonical = [method, pathname, searchParams.toString(), signed.join(''), names, payload];
  const digest = createHash('sha256').update(canonical.join('\n')).digest('hex');
  const date = String(headers['x-amz-date']);
  const toSign = ['AWS4-HMAC-SHA256', date, scope, digest].join('\n');
  const [day = '', region, service, end] = scope.split('/');
  assert.deepEqual([region, service, end], [keys.region, 's3', 'aws4_request']);
  const parts = [day, keys.region, 's3', 'aws4_request'];
  const key = parts.reduce<Buffer | string>(hmac, `AWS4${keys.secret_access_key}`);
  assert.equal(signature, hmac(key, toSign).toString('hex'), 'the signature');
}
