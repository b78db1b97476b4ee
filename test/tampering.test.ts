import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import { affidavit } from './support/command-line.ts';
import { startAffidavit, temporaryFolder, type Affidavit } from './support/server.ts';
import { intrude, type Intruder } from './support/tampering.ts';
import { readAll, write, type Entry } from './support/trail.ts';
import { newEvent, startWriters } from './support/writers.ts';

/**
 * Somebody writes to the database behind the server's back: whatever they change is found by the
 * server's own check and by fsck, and named at its place. Beside a server that is at work.
 */

interface Finding {
  readonly seq: number | null;
  readonly reason: string;
}

interface Verdict {
  readonly ok: boolean;
  readonly broken: Finding[];
}

let dataFolder: string;
let server: Affidavit;
let intruder: Intruder;
let entries: Entry[];
before(async () => {
  dataFolder = temporaryFolder();
  server = await startAffidavit({ dataFolder });
  for (let i = 0; i < 4; i++) {
    const event = () => newEvent({ args: { order: i }, result: { ok: true } });
    await write(server, { events: Array.from({ length: 500 }, event) });
  }
  entries = await readAll(server);
  intruder = await intrude(dataFolder);
});
after(async () => assert.equal(await server.stop(), 0, server.stdout()));

const verify = async (query = '') => {
  const { status, body, text } = await server.request<Verdict>('GET', `/v1/ledger/verify${query}`);
  assert.equal(status, 200, text);
  assert.equal(body.ok, body.broken.length === 0);
  return body.broken;
};

interface Report {
  readonly ok: boolean;
  readonly problems: (Finding & { readonly area: string; readonly app_id: string })[];
}

async function fsck(): Promise<{ code: number; report: Report }> {
  const { code, stdout, stderr } = await affidavit(
    ['fsck', '--json', '--data', dataFolder],
    intruder.env,
  );
  assert.ok(stdout.startsWith('{'), stderr);
  return { code, report: JSON.parse(stdout) as Report };
}

/** Both checks, which must find the same. */
async function found(): Promise<Finding[]> {
  const broken = await verify();
  const { code, report } = await fsck();
  const inLedger = report.problems.filter(({ area }) => area === 'ledger');
  assert.deepEqual(
    inLedger.map(({ seq, reason }) => ({ seq, reason })),
    broken,
  );
  assert.deepEqual([report.ok, code], broken.length === 0 ? [true, 0] : [false, 1]);
  return broken;
}

const at = (seq: number) => `app = 1 AND seq = ${seq}`;

suite('whoever writes to the database past the server', () => {
  test('is not needed for a sound ledger', async () => {
    assert.deepEqual(await found(), []);
    const { code, stdout } = await affidavit(['fsck', '--data', dataFolder], intruder.env);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /sound/);
  });

  test('is not seen by checks beside a server under load, which writes and indexes', async () => {
    const load = startWriters(server, { writers: 6, batch: 40, requests: 400 });
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(await verify(), []);
      const { code, report } = await fsck();
      assert.deepEqual([code, report.problems], [0, []]);
    }
    load.stop();
    await load.done;
    entries = await readAll(server);
  });

  /** From the end to the beginning, so that each is found as the first damage there is. */
  const tampering: [what: string, seq: number, statements: () => string, reason: string][] = [
    ['puts an entry behind the last', 100_000, () => copyOf(5, 100_000), 'beyond_checkpoint'],
    ['takes an entry out', 1800, () => `DELETE FROM entries WHERE ${at(1800)}`, 'missing'],
    [
      'changes what an entry says',
      1700,
      () => `UPDATE parts SET body = replace(body, 'load', 'none') WHERE ${at(1700)}`,
      'part',
    ],
    [
      'takes the contents of an entry',
      1600,
      () => `DELETE FROM parts WHERE ${at(1600)} AND part = 'args'`,
      'part_missing',
    ],
    [
      'puts an entry in the place of another',
      1400,
      () => `DELETE FROM entries WHERE ${at(1400)}; ${copyOf(5, 1400)}`,
      'seq',
    ],
    [
      'dates an entry back',
      1300,
      () => `UPDATE entries SET created_at = created_at - 86400000 WHERE ${at(1300)}`,
      'created_at',
    ],
    [
      'rewrites a header',
      1200,
      () =>
        `UPDATE entries SET header = replace(header, '"seq":1200,', '"seq":1201,') WHERE ${at(1200)}`,
      'seq',
    ],
    [
      'rewrites a leaf hash',
      1100,
      () => `UPDATE entries SET leaf_hash = ${intruder.bytes(Buffer.alloc(32))} WHERE ${at(1100)}`,
      'leaf_hash',
    ],
    [
      'rewrites a tile',
      768,
      () =>
        `UPDATE tiles SET root = ${intruder.bytes(Buffer.alloc(32))} WHERE app = 1 AND level = 0 AND tile = 3`,
      'tile',
    ],
    [
      'takes a tile out',
      512,
      () => 'DELETE FROM tiles WHERE app = 1 AND level = 0 AND tile = 2',
      'tile',
    ],
  ];
  const copyOf = (from: number, to: number) =>
    `INSERT INTO entries SELECT app, ${to}, 'evt_${to}', created_at, header, leaf_hash, fingerprint
     FROM entries WHERE ${at(from)}`;

  for (const [what, seq, statements, reason] of tampering) {
    test(`and ${what} is found at its place`, async () => {
      await intruder.run(statements());
      const [first] = await found();
      assert.deepEqual(first, { seq, reason });
    });
  }

  test('is named by every range of time that was touched, and by no other', async () => {
    const times = [...new Set(entries.map(({ created_at }) => created_at))].sort();
    const from = entries[600]?.created_at ?? '';
    const to = times[times.indexOf(from) + 1] ?? '';
    const inRange = entries.filter((entry) => entry.created_at >= from && entry.created_at < to);
    const places = (await verify()).map(({ seq }) => seq);
    const broken = await verify(`?from=${from}&to=${to}`);
    const [first, last] = [Number(inRange[0]?.seq) - 1, Number(inRange.at(-1)?.seq) + 1];
    assert.deepEqual(
      broken.map(({ seq }) => seq),
      places.filter((seq) => seq !== null && seq >= first && seq <= last),
    );
  });

  test('does not keep the server from writing what is sound', async () => {
    const before = await verify();
    const { events } = await write(server, newEvent());
    assert.ok(Number(events[0]?.seq) >= entries.length);
    assert.deepEqual(await verify(), before);
  });

  test('and writes another checkpoint is found', async () => {
    const said = "replace(checkpoint, 'affidavit.local', 'affidavit.other')";
    await intruder.run(`UPDATE heads SET checkpoint = ${said} WHERE app = 1`);
    assert.deepEqual((await found()).at(-1), { seq: null, reason: 'checkpoint' });
  });
});
