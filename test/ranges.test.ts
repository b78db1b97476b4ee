import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import {
  parseHeader,
  RangeVerifier,
  verifyCheckpoint,
  verifyRange,
  type RangeProof,
  type TimeRange,
} from '@affidavit/ledger';

import { startAffidavit, type Affidavit } from './support/server.ts';
import { ask, makeApp, makeKey, problem, type AppUnderTest } from './support/world.ts';
import { sleep, type Written } from './support/trail.ts';
import { newEvent } from './support/writers.ts';

/** Range proofs as an auditor asks for them, and checks them offline with nothing but the key. */

let server: Affidavit;
let app: AppUnderTest;
/** Has `ledger:read` alone. */
let auditor: string;
let vkey: string;
/** Entries in bursts, with quiet in between. */
const bursts: Written['events'][] = [];

before(async () => {
  server = await startAffidavit();
  app = await makeApp(server, 'ranges');
  auditor = (await makeKey(server, app, { scopes: ['ledger:read'] })).key;
  ({ vkey } = await ask<{ vkey: string }>(server, 200, 'GET', '/v1/ledger', { key: auditor }));
  for (const count of [3, 1000, 1, 1000, 700]) {
    await sleep(30);
    bursts.push(await report(count));
  }
});
after(async () => assert.equal(await server.stop(), 0, server.stdout()));

async function report(count: number): Promise<Written['events']> {
  const events = Array.from({ length: count }, () => newEvent());
  const options = { key: app.key, body: { events } };
  return (await ask<Written>(server, 201, 'POST', '/v1/events', options)).events;
}

const pathOf = (query: object) => `/v1/ledger/range?${new URLSearchParams({ ...query })}`;

async function prove(range: TimeRange): Promise<RangeProof> {
  return ask<RangeProof>(server, 200, 'GET', pathOf(range), { key: auditor });
}

const verify = (proof: RangeProof, range: TimeRange) =>
  verifyRange(proof, { verifiers: [vkey], ...range });

const timesOf = (burst: number) => {
  const events = bursts[burst] as Written['events'];
  return { first: String(events[0]?.created_at), last: String(events.at(-1)?.created_at) };
};
const justAfter = (time: string) => new Date(Date.parse(time) + 1).toISOString();

suite('a range proof', () => {
  test('shows exactly what was written in a time, and verifies offline', async () => {
    for (const [index, events] of bursts.entries()) {
      const range = { from: timesOf(index).first, to: justAfter(timesOf(index).last) };
      const proof = await prove(range);
      const verdict = await verify(proof, range);
      assert.deepEqual([verdict.ok, verdict.within], [true, events.length]);
      const inside = proof.headers.slice(1, 1 + events.length).map(parseHeader);
      assert.deepEqual(
        inside.map(({ event_id, seq }) => ({ event_id, seq })),
        events.map(({ event_id, seq }) => ({ event_id, seq })),
      );
    }
  });

  test('covers the whole log when no time is named', async () => {
    const proof = await prove({});
    assert.equal(proof.first_seq, 0);
    assert.deepEqual([proof.left, proof.right], [[], []]);
    assert.equal(proof.headers.length, proof.last_seq + 1);
    assert.equal((await verify(proof, {})).ok, true);
    const members = 'origin first_seq last_seq headers left right checkpoint';
    assert.equal(Object.keys(proof).join(' '), members);
  });

  test('proves of a quiet time that nothing was written in it', async () => {
    const range = { from: justAfter(timesOf(1).last), to: timesOf(2).first };
    const proof = await prove(range);
    assert.equal(proof.headers.length, 2);
    const verdict = await verify(proof, range);
    assert.deepEqual([verdict.ok, verdict.within], [true, 0]);
    const before = { to: '2001-01-01T00:00:00Z' };
    assert.deepEqual((await verify(await prove(before), before)).within, 0);
    const ahead = { from: '2999-01-01T00:00:00Z', to: '2999-01-02T00:00:00Z' };
    assert.deepEqual((await verify(await prove(ahead), ahead)).within, 0);
  });

  test('fails with a header dropped, edited or moved, and names the place', async () => {
    const range = { from: timesOf(1).first, to: timesOf(3).first };
    const proof = await prove(range);
    const headers = [...proof.headers];
    const spoiled: [string[], number][] = [
      [headers.toSpliced(500, 1), proof.first_seq + 500],
      [headers.with(500, String(headers[500]).replace('"v":1', '"v":2')), proof.first_seq + 500],
      [headers.toSpliced(500, 2, ...headers.slice(500, 502).reverse()), proof.first_seq + 500],
    ];
    for (const [list, seq] of spoiled) {
      const last_seq = proof.first_seq + list.length - 1;
      const verdict = await verify({ ...proof, headers: list, last_seq }, range);
      assert.equal(verdict.ok, false);
      assert.equal(verdict.broken[0]?.seq, seq);
    }
  });

  test('in lines is the same proof, and says at its end that it is whole', async () => {
    const range = { from: timesOf(0).first, to: timesOf(4).first };
    const whole = await prove(range);
    for (const [query, headers] of [
      [{ ...range, format: 'ndjson' }, {}],
      [range, { accept: 'application/x-ndjson' }],
    ]) {
      const answer = await server.request('GET', pathOf(query as object), {
        key: auditor,
        headers: headers as Record<string, string>,
      });
      assert.equal(answer.headers['content-type'], 'application/x-ndjson');
      const [first = '', ...lines] = answer.text.trimEnd().split('\n');
      const last = lines.pop() as string;
      const { headers: all, ...frame } = whole;
      assert.deepEqual(JSON.parse(first), frame);
      assert.deepEqual(lines, all);
      assert.deepEqual(JSON.parse(last), { complete: true, headers: all.length });
      assert.ok(all.length > 2000, 'it took several steps');
      await verifyLines(first, lines, range);
    }
  });

  test('stands under one checkpoint though the log grows while it is read', async () => {
    const writing = (async () => {
      for (let i = 0; i < 40; i++) await report(20);
    })();
    const proofs = await Promise.all(
      Array.from({ length: 6 }, async (_, i) => {
        await sleep(i * 20);
        return prove({});
      }),
    );
    await writing;
    for (const proof of proofs) assert.equal((await verify(proof, {})).ok, true);
  });

  test('is refused for times that are none, in words', async () => {
    const refused = async (query: object, field: string) => {
      const answer = await server.request('GET', pathOf(query), { key: auditor });
      assert.equal(problem(answer, 400, 'invalid_request').field, field);
    };
    await refused({ from: 'yesterday' }, 'from');
    await refused({ to: '' }, 'to');
    await refused({ from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' }, 'to');
    await refused({ format: 'xml' }, 'format');
    await refused({ since: '2026-01-01T00:00:00Z' }, 'since');
  });
});

/** In constant memory, line by line, as a reader of a large range would. */
async function verifyLines(first: string, lines: readonly string[], range: TimeRange) {
  const frame = JSON.parse(first) as Omit<RangeProof, 'headers'>;
  const { first_seq, checkpoint: note } = frame;
  const checkpoint = await verifyCheckpoint(note, { verifiers: [vkey] });
  const left = frame.left.map((hash) => Buffer.from(hash, 'base64'));
  const verifier = new RangeVerifier({ ...range, checkpoint, first_seq, left });
  for (const line of lines) verifier.add(line);
  const verdict = verifier.finish(frame.right.map((hash) => Buffer.from(hash, 'base64')));
  assert.deepEqual(verdict.broken, []);
}
