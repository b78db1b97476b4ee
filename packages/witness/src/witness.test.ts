import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, beforeEach, describe, test } from 'node:test';

import { parseVerifierKey } from '@affidavit/ledger';

import { checkCosignature, forkOf, newKey, signedNote, SpecLog } from './testing/spec-log.ts';
import { createWitnessServer } from './server.ts';
import { openState, type WitnessState } from './state.ts';
import { Witness } from './witness.ts';

/** The witness over HTTP, against a log that is written from the specification alone. */

const NAME = 'witness.example/w1';
const NOW = 1_700_000_000_123;

const shared = newKey('log.example/known');
const second = newKey('log.example/known');
/** Logs that nobody has used yet. */
const fresh = Array.from({ length: 30 }, (_, i) => newKey(`log.example/${i}`));
let next = 0;

const folder = mkdtempSync(join(tmpdir(), 'affidavit-witness-'));
let state: WitnessState;
let witness: Witness;
let server: Server;
const errors: unknown[] = [];
before(async () => {
  state = openState(folder, NAME);
  const logs = [shared, second, ...fresh].map((key) => parseVerifierKey(key.vkey));
  witness = new Witness({ state, logs, now: () => NOW });
  server = createWitnessServer(witness, (error) => errors.push(error));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
after(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  state.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

function send(method: string, path: string, body?: string | Uint8Array): Promise<Answer> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ port, method, path, host: '127.0.0.1' }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          type: String(incoming.headers['content-type']),
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      );
      incoming.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const add = (body: string | Uint8Array) => send('POST', '/add-checkpoint', body);

const newLog = () => new SpecLog(fresh[next++] as (typeof fresh)[number]);

async function cosigned(log: SpecLog, old: number, size: number): Promise<number> {
  const { status, type, text } = await add(log.request(old, size));
  assert.deepEqual([status, type], [200, 'text/plain; charset=utf-8'], text);
  return checkCosignature(text, log.text(size), witness.vkey);
}

/** Refused, and the witness remembers what it did before. */
async function refused(log: SpecLog, body: string | Uint8Array, status: number, size: number) {
  const answer = await add(body);
  assert.equal(answer.status, status, answer.text);
  assert.doesNotMatch(answer.text, /\u2014/);
  const probe = await add(log.request(size + 1, size + 1));
  assert.deepEqual([probe.status, probe.type], [409, 'text/x.tlog.size']);
  assert.equal(probe.text, `${size}\n`);
  return answer;
}

describe('a checkpoint of a log that has only grown', () => {
  test('is cosigned with the time in seconds, from nothing to any size', async () => {
    const log = newLog();
    assert.equal(await cosigned(log, 0, 7), Math.floor(NOW / 1000));
    await cosigned(log, 7, 7);
    for (const [old, size] of [
      [7, 8],
      [8, 9],
      [9, 16],
      [16, 33],
      [33, 64],
      [64, 300],
    ]) {
      await cosigned(log, old as number, size as number);
    }
  });

  test('may be empty, and may have other signatures and lines that extend it', async () => {
    const log = newLog();
    await cosigned(log, 0, 0);
    const text = `${log.text(3)}an extension\n`;
    const strangers = Array.from({ length: 15 }, (_, i) => newKey(`stranger.example/${i}`));
    const note = signedNote(text, [...strangers, log.key, newKey(log.key.name)]);
    const { status, text: line } = await add(log.request(0, 3, note));
    assert.equal(status, 200, line);
    checkCosignature(line, text, witness.vkey);
  });

  test('is known by any key of the log, while its keys overlap', async () => {
    const log = new SpecLog(shared);
    const grow = async (old: number, size: number, keys: (typeof shared)[]) =>
      (await add(log.request(old, size, log.checkpoint(size, keys)))).status;
    assert.equal(await grow(0, 3, [shared]), 200);
    assert.equal(await grow(3, 5, [second, shared]), 200);
    assert.equal(await grow(5, 6, [second]), 200);
    assert.equal(await grow(6, 7, [newKey(shared.name)]), 403);
  });

  test('is shown to who monitors the log, under both signatures and no stranger\u2019s', async () => {
    const log = newLog();
    const digest = createHash('sha256').update(log.key.name).digest('hex');
    const path = `/${digest}/checkpoint`;
    assert.equal((await send('GET', path)).status, 404);
    const note = log.checkpoint(5, [newKey('stranger.example'), log.key]);
    const { text: line } = await add(log.request(0, 5, note));
    assert.equal((await send('GET', path)).text, log.checkpoint(5) + line);
    const head = await send('HEAD', path);
    assert.deepEqual([head.status, head.text], [200, '']);
    assert.equal((await send('POST', path)).status, 405);
    assert.equal((await send('GET', `/${digest.slice(1)}0/checkpoint`)).status, 404);
  });
});

describe('the answer', () => {
  let log: SpecLog;
  beforeEach(async () => {
    log = newLog();
    await cosigned(log, 0, 10);
  });

  test('to another old size is 409 with the size, and the log goes on from there', async () => {
    for (const old of [0, 9, 11, 12]) {
      const answer = await refused(log, log.request(old, 12), 409, 10);
      assert.deepEqual([answer.type, answer.text], ['text/x.tlog.size', '10\n']);
    }
    await cosigned(log, 10, 12);
  });

  test('to an older checkpoint is 409: there is no way back', async () => {
    await refused(log, log.request(0, 5), 409, 10);
    await refused(log, log.request(5, 5), 409, 10);
  });

  test('to another tree of the same size is 409 without a size to go on from', async () => {
    const answer = await refused(log, forkOf(log, 4).request(10, 10), 409, 10);
    assert.doesNotMatch(answer.type, /tlog/);
  });

  test('to a log with another past is 422, whatever proof it brings', async () => {
    const fork = forkOf(log, 9);
    await refused(log, fork.request(10, 12), 422, 10);
    const borrowed = log.request(10, 12).split('\n\n')[0] as string;
    await refused(log, `${borrowed}\n\n${fork.checkpoint(12)}`, 422, 10);
  });

  test('to a proof that is too long, too short or moved is 422', async () => {
    const [first = '', ...hashes] = (log.request(10, 13).split('\n\n')[0] as string).split('\n');
    assert.ok(hashes.length > 2);
    const wrong = [
      hashes.slice(1),
      hashes.slice(0, -1),
      [...hashes, hashes[0]],
      hashes.toReversed(),
      [],
    ];
    for (const lines of wrong) {
      const proof = [first, ...lines].map((line) => `${line}\n`).join('');
      await refused(log, `${proof}\n${log.checkpoint(13)}`, 422, 10);
    }
    const extra = `old 10\n${hashes[0]}\n\n${log.checkpoint(10)}`;
    await refused(log, extra, 422, 10);
    const untouched = newLog();
    await refused(untouched, `old 0\n${hashes[0]}\n\n${untouched.checkpoint(3)}`, 422, 0);
    const text = `${untouched.key.name}\n0\n${hashes[0]}\n`;
    await refused(untouched, `old 0\n\n${signedNote(text, [untouched.key])}`, 422, 0);
  });

  test('to a log that is not known is 404', async () => {
    const stranger = new SpecLog(newKey('log.example/stranger'));
    await refused(log, stranger.request(0, 3), 404, 10);
    const signedByKnown = signedNote(stranger.text(3), [log.key]);
    await refused(log, stranger.request(0, 3, signedByKnown), 404, 10);
  });

  test('to what the log has not signed is 403', async () => {
    const thief = newKey(log.key.name);
    const claimed = { ...thief, id: log.key.id };
    const another = newLog();
    for (const keys of [[thief], [claimed], [claimed, log.key], [another.key]]) {
      await refused(log, log.request(10, 12, log.checkpoint(12, keys)), 403, 10);
    }
    const moved = log.checkpoint(12).replace('\n12\n', '\n13\n');
    await refused(log, log.request(10, 12, moved), 403, 10);
  });

  test('to an old size above that of the checkpoint is 400', async () => {
    await refused(log, `old 11\n\n${log.checkpoint(10)}`, 400, 10);
    await refused(log, `old 10\n\n${log.checkpoint(9)}`, 400, 10);
  });

  test('to what is not a request is 400', async () => {
    const good = log.request(10, 12);
    const broken: (string | Uint8Array)[] = [
      '',
      '\n',
      'old 10',
      good.slice(0, good.indexOf('\n\n') + 2),
      good.replace('old 10', 'old 010'),
      good.replace('old 10\n', 'old 10\n\n'),
      good.replace('old 10', 'old ten'),
      good.replace('old 10\n', ''),
      good.replaceAll('\n', '\r\n'),
      good.replace('\n12\n', '\n012\n'),
      good.replace('\n12\n', '\n12\n\n'),
      good.trimEnd(),
      good.replace('\u2014', '-'),
      `\ufeff${good}`,
      good.replace('old 10\n', `old 10\n${`${'A'.repeat(43)}=\n`.repeat(64)}`),
      Buffer.concat([Buffer.from(good), Buffer.of(0xff)]),
      Buffer.from(good, 'utf16le'),
      good.replace('=\n', '\n'),
    ];
    for (const body of broken) await refused(log, body, 400, 10);
  });
});

describe('over HTTP', () => {
  test('there is one thing to post, and its size is bounded', async () => {
    assert.equal((await send('GET', '/add-checkpoint')).status, 405);
    assert.equal((await send('PUT', '/add-checkpoint', 'x')).status, 405);
    assert.equal((await send('POST', '/', 'x')).status, 404);
    assert.equal((await send('POST', '/add-checkpoint/', 'x')).status, 404);
    assert.equal((await send('POST', '/add-checkpoint?x', 'x')).status, 404);
    assert.equal((await add('x'.repeat(64 * 1024))).status, 400);
    assert.equal((await add('x'.repeat(64 * 1024 + 1))).status, 413);
  });

  test('of many who come at once from one size exactly one is cosigned', async () => {
    const log = newLog();
    await cosigned(log, 0, 5);
    const sizes = Array.from({ length: 40 }, (_, i) => 6 + i);
    const answers = await Promise.all(sizes.map((size) => add(log.request(5, size))));
    const won = answers.findIndex(({ status }) => status === 200);
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    for (const [index, { status, text }] of answers.entries()) {
      if (index !== won) assert.deepEqual([status, text], [409, `${sizes[won]}\n`]);
    }
    await cosigned(log, sizes[won] as number, 60);
  });

  test('what cannot be kept is not cosigned', async () => {
    const log = newLog();
    await cosigned(log, 0, 5);
    const other = new DatabaseSync(join(folder, 'witness.db'));
    other.exec('BEGIN EXCLUSIVE');
    const failed = await add(log.request(5, 6));
    assert.deepEqual([failed.status, failed.type], [500, 'text/plain; charset=utf-8']);
    assert.doesNotMatch(failed.text, /\u2014|sqlite|lock/i);
    assert.equal(errors.length, 1);
    other.exec('ROLLBACK');
    other.close();
    await cosigned(log, 5, 6);
  });
});
