import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import { parseHeader } from '@affidavit/ledger';
import * as fc from 'fast-check';
import { sql } from 'kysely';

import { hashLeaf } from '../../sequence/hash.ts';
import type { Reason } from '../findings.ts';
import { checkLog, type LogVerdict } from '../log.ts';
import { forge, rewriteFrom } from './forger.ts';
import { APP, BATCH, START, type KeptLog, type OpenedLog } from './tampered-logs.ts';

/** Two full tiles, and 188 entries under five nodes of the tree. */
const SIZE = 700;
/** The first, the last, one in the middle, and some at borders. */
const PLACES = [0, 255, 300, 511, 639, 699];

const SOUND: LogVerdict = {
  ok: true,
  size: SIZE,
  checked: SIZE,
  within: SIZE,
  first_seq: 0,
  last_seq: SIZE - 1,
  removed_parts: 0,
  broken: [],
  more_broken: false,
};

type Expected = [number | null, Reason][];

/** What a check finds, whichever store the log is in. */
export function checkTests(keep: (size: number) => Promise<KeptLog>): void {
  let kept: KeptLog;
  let log: OpenedLog;
  before(async () => {
    kept = await keep(SIZE);
  });
  after(() => kept.close());
  beforeEach(async () => {
    log = await kept.open();
  });
  afterEach(() => log.close());

  const found = async (options = {}) => foundIn(await checkLog(log.source, options));
  const entry = (seq: number) =>
    log.db
      .selectFrom('entries')
      .selectAll()
      .where('app', '=', APP)
      .where('seq', '=', seq)
      .executeTakeFirstOrThrow();
  const setEntry = (seq: number, set: object) =>
    log.db.updateTable('entries').set(set).where('seq', '=', seq).execute();
  const setHead = (set: object) => log.db.updateTable('heads').set(set).execute();
  const head = () => log.db.selectFrom('heads').selectAll().executeTakeFirstOrThrow();

  describe('a log as it was written', () => {
    test('is sound', async () => {
      assert.deepEqual(await checkLog(log.source), SOUND);
    });

    test('is sound in every range of time, shown by an entry more at each side', async () => {
      const batches: [number, number, number, number][] = [
        [-1, 0, 0, 0],
        [0, 0.5, 0, 100],
        [1, 3, 99, 300],
        [1.5, 1.6, 199, 200],
        [2.5, 6, 299, 600],
        [5, 9, 499, 699],
        [6.1, 7, 699, 699],
        [7, 6, 699, 699],
      ];
      for (const [from, to, first_seq, last_seq] of batches) {
        const range = { from: START + from * 1000, to: START + to * 1000 };
        const verdict = await checkLog(log.source, range);
        const checked = last_seq - first_seq + 1;
        const all = Array.from({ length: SIZE }, (_, seq) => Math.floor(seq / BATCH));
        const within = all.filter((batch) => batch >= from && batch < to).length;
        assert.deepEqual(
          { ...verdict, size: 0 },
          { ...SOUND, size: 0, checked, within, first_seq, last_seq },
        );
      }
      const { from, to } = { from: START + 2500, to: START + 2500 };
      assert.deepEqual(await checkLog(log.source, { from }), {
        ...SOUND,
        checked: 401,
        within: 400,
        first_seq: 299,
      });
      assert.deepEqual(await checkLog(log.source, { to }), {
        ...SOUND,
        checked: 301,
        within: 300,
        last_seq: 300,
      });
    });

    /** Takes parts away, as the entry said and with the row that names it. */
    const remove = async (first_seq: number, end_seq: number, part: string, event_id: string) => {
      const gone = log.db
        .deleteFrom('parts')
        .where('seq', '>=', first_seq)
        .where('seq', '<', end_seq);
      await (part === '*' ? gone : gone.where('part', '=', part)).execute();
      const row = { app: APP, first_seq, end_seq, part, event_id, index_pending: 0 };
      await log.db.insertInto('removals').values(row).execute();
    };

    test('is sound when its parts are gone, where an entry says so', async () => {
      await remove(0, 100, '*', 'evt_650');
      await remove(90, 300, 'args', 'evt_651');
      await remove(100, 300, 'envelope', 'evt_652');
      await remove(100, 300, 'response_body', 'evt_652');
      const { ok, removed_parts, broken } = await checkLog(log.source);
      assert.deepEqual([ok, broken], [true, []]);
      assert.equal(removed_parts, 300 * 2 + 100);
    });

    test('is found to lack what was taken out of it', async () => {
      await remove(0, 5, '*', 'evt_650');
      await log.db.deleteFrom('parts').where('seq', 'in', [5, 610]).execute();
      await log.db.deleteFrom('parts').where('seq', '=', 699).where('part', '=', 'args').execute();
      assert.deepEqual(
        await found(),
        [5, 610, 699].map((seq) => [seq, 'part_missing']),
      );
    });

    test('is found to lack what was taken out with a removal that no entry stands for', async () => {
      await remove(100, 101, '*', 'evt_650');
      await remove(110, 111, '*', 'evt_651');
      await remove(120, 121, 'args', 'evt_600');
      await remove(130, 131, 'args', 'evt_none');
      await remove(140, 141, 'args', 'evt_651');
      const taken = [100, 110, 120, 130];
      assert.deepEqual(
        await found(),
        taken.map((seq) => [seq, 'part_missing']),
      );
      await log.db
        .updateTable('parts')
        .set({ body: '{"parts":["args"],"ranges":[[0,700]]}' })
        .where('seq', '=', 651)
        .where('part', '=', 'args')
        .execute();
      assert.deepEqual(await found(), [
        ...[...taken, 140].map((seq) => [seq, 'part_missing']),
        [651, 'part'],
      ]);
    });

    test('is checked until it is enough', async () => {
      let checked = 0;
      const controller = new AbortController();
      const cancelled = checkLog(log.source, {
        signal: controller.signal,
        onProgress: (progress) => {
          checked = progress.checked;
          assert.equal(progress.total, SIZE);
          if (checked > 255) controller.abort(new Error('enough'));
        },
      });
      await assert.rejects(cancelled, /enough/);
      assert.equal(checked, 256);
    });
  });

  describe('an entry that was changed', () => {
    const cases: [string, (seq: number) => Promise<unknown>, Reason][] = [
      ['its id', (seq) => setEntry(seq, { event_id: `evt_x${seq}` }), 'event_id'],
      ['its time', (seq) => setEntry(seq, { created_at: START + 1 }), 'created_at'],
      ['its leaf hash', (seq) => setEntry(seq, { leaf_hash: Buffer.alloc(32, seq) }), 'leaf_hash'],
      ['its header, to nonsense', (seq) => setEntry(seq, { header: '{}' }), 'malformed'],
      [
        'its header',
        async (seq) => {
          const { header } = await entry(seq);
          await setEntry(seq, { header: header.replace(/"envelope":"../, '"envelope":"00') });
        },
        'leaf_hash',
      ],
      [
        'its header with its leaf hash',
        async (seq) => {
          const { header: text } = await entry(seq);
          const header = text.replace(/"prev":"..../, '"prev":"0123');
          await setEntry(seq, { header, leaf_hash: hashLeaf(header) });
        },
        'prev',
      ],
      [
        'its header with all that goes with it',
        async (seq) => {
          const { header: text } = await entry(seq);
          const header = text.replace('"event_id":"evt_', '"event_id":"evx_');
          const { event_id } = parseHeader(header);
          await setEntry(seq, { header, event_id, leaf_hash: hashLeaf(header) });
        },
        'prev',
      ],
      ['', (seq) => log.db.deleteFrom('entries').where('seq', '=', seq).execute(), 'missing'],
    ];
    for (const [what, tamper, reason] of cases) {
      test(what === '' ? 'is found, where it was removed' : `is found by ${what}`, async () => {
        for (const seq of PLACES) await tamper(seq);
        assert.deepEqual(
          await found(),
          PLACES.map((seq) => [seq, reason]),
        );
      });
    }

    test('is found also where nothing leads from the checkpoint to it', async () => {
      const [, tamper] = cases[6] as (typeof cases)[number];
      for (const seq of [0, 300, 699]) {
        await log.close();
        log = await kept.open();
        await log.db.deleteFrom('tiles').execute();
        await setHead({ frontier: Buffer.alloc(32) });
        await tamper(seq);
        const places = await found();
        const changed = places.filter(([, reason]) => reason === 'prev');
        assert.deepEqual(changed, [[seq, 'prev']]);
      }
    });

    test('is named in a range that it is in, and in no other', async () => {
      const range = { from: START + 3000, to: START + 4000 };
      await setEntry(250, { event_id: 'evt_x' });
      assert.deepEqual(await found(range), []);
      await setEntry(350, { event_id: 'evt_y' });
      assert.deepEqual(await found(range), [[350, 'event_id']]);
      assert.deepEqual(await found(), [
        [250, 'event_id'],
        [350, 'event_id'],
      ]);
    });
  });

  test('one bit in an entry or a part is found at its place, and nowhere else', async () => {
    const columns = [
      ...['header', 'event_id', 'leaf_hash'].map((column) => ['entries', column] as const),
      ...['body', 'salt'].map((column) => ['parts', column] as const),
    ];
    const places = fc.tuple(fc.nat({ max: SIZE - 1 }), fc.constantFrom(...columns), fc.nat());
    await fc.assert(
      fc.asyncProperty(places, async ([seq, [table, column], at]) => {
        const where = sql`seq = ${seq} AND ${sql.raw(table === 'parts' ? "part = 'envelope'" : 'true')}`;
        const set = (value: Bits) =>
          sql`UPDATE ${sql.table(table)} SET ${sql.ref(column)} = ${value} WHERE ${where}`.execute(
            log.db,
          );
        const { rows } = await sql<{ value: Bits }>`
          SELECT ${sql.ref(column)} AS value FROM ${sql.table(table)} WHERE ${where}`.execute(
          log.db,
        );
        const { value } = rows[0] as { value: Bits };
        await set(withBit(value, at));
        const broken = await found();
        await set(value);
        assert.deepEqual(
          broken.map(([place]) => place),
          [seq],
        );
      }),
      { numRuns: 25 },
    );
  });

  describe('entries out of their places', () => {
    test('are found where two were swapped', async () => {
      for (const [one, other] of [
        [3, 4],
        [100, 600],
        [698, 699],
      ] as const) {
        await log.close();
        log = await kept.open();
        const [first, second] = [await entry(one), await entry(other)];
        await log.db.deleteFrom('entries').where('seq', 'in', [one, other]).execute();
        const rows = [
          { ...first, seq: other },
          { ...second, seq: one },
        ];
        await log.db.insertInto('entries').values(rows).execute();
        assert.deepEqual(await found(), [
          [one, 'seq'],
          [other, 'seq'],
        ]);
      }
    });

    test('are found where one was put in and the others moved up', async () => {
      const moved = await log.db
        .selectFrom('entries')
        .selectAll()
        .where('seq', '>=', 690)
        .execute();
      await log.db.deleteFrom('entries').where('seq', '>=', 690).execute();
      const fresh = { ...(await entry(5)), event_id: 'evt_fresh', seq: 690 };
      const rows = moved.map((row) => ({ ...row, seq: row.seq + 1 }));
      await log.db
        .insertInto('entries')
        .values([fresh, ...rows])
        .execute();
      const places = await found();
      assert.deepEqual(places[0], [690, 'seq']);
      assert.deepEqual(places.at(-1), [700, 'beyond_checkpoint']);
      assert.equal(places.length, 11);
    });

    test('are found before the first and after the last', async () => {
      const { event_id: _, ...row } = await entry(5);
      const rows = [-1, 700, 5000].map((seq) => ({ ...row, seq, event_id: `evt_at_${seq}` }));
      await log.db.insertInto('entries').values(rows).execute();
      assert.deepEqual(await found(), [
        [-1, 'beyond_checkpoint'],
        [700, 'beyond_checkpoint'],
        [5000, 'beyond_checkpoint'],
      ]);
    });

    test('are found where ids are repeated', async () => {
      await log.db.schema.dropIndex('entries_event_id').execute();
      const { event_id } = await entry(7);
      await setEntry(400, { event_id });
      assert.deepEqual(await found(), [[400, 'event_id']]);
    });

    test('are named up to a number of them', async () => {
      await log.db.deleteFrom('entries').where('seq', '>=', 100).execute();
      const verdict = await checkLog(log.source, { max: 50 });
      assert.equal(verdict.broken.length, 50);
      assert.deepEqual(verdict.broken[0], { seq: 100, reason: 'missing' });
      assert.ok(verdict.more_broken);
    });
  });

  describe('a part', () => {
    const setPart = (seq: number, set: object) =>
      log.db
        .updateTable('parts')
        .set(set)
        .where('seq', '=', seq)
        .where('part', '=', 'args')
        .execute();
    const cases: [string, (seq: number) => Promise<unknown>][] = [
      ['another content', (seq) => setPart(seq, { body: `{"seq":${seq + 1},"text":"\ufffd"}` })],
      ['another salt', (seq) => setPart(seq, { salt: Buffer.alloc(32, 1) })],
      ['a salt that is none', (seq) => setPart(seq, { salt: Buffer.alloc(31, 1) })],
      ['another name', (seq) => setPart(seq, { part: 'result' })],
      ['a name that no part has', (seq) => setPart(seq, { part: 'envelope2' })],
      [
        'been put in',
        (seq) =>
          log.db
            .insertInto('parts')
            .values({ app: APP, seq, part: 'result', salt: Buffer.alloc(32), body: '{}' })
            .execute(),
      ],
    ];
    for (const [what, tamper] of cases) {
      test(`is found that has ${what}`, async () => {
        const places = [0, 255, 256, 699];
        for (const seq of places) await tamper(seq);
        assert.deepEqual(
          await found(),
          places.map((seq) => [seq, 'part']),
        );
      });
    }

    test('is found that belongs to no entry of the log', async () => {
      const row = { app: APP, part: 'args', salt: Buffer.alloc(32), body: '{}' };
      await log.db
        .insertInto('parts')
        .values([{ ...row, seq: 700 }])
        .execute();
      assert.deepEqual(await found(), [[700, 'beyond_checkpoint']]);
    });
  });

  describe('the tree', () => {
    const tile = (index: number) =>
      log.db.updateTable('tiles').where('level', '=', 0).where('tile', '=', index);

    test('is found to be damaged in a hash, a root, a tile', async () => {
      const { hashes } = await log.db
        .selectFrom('tiles')
        .select('hashes')
        .where('tile', '=', 1)
        .executeTakeFirstOrThrow();
      const changed = Buffer.from(hashes);
      changed[32 * 44 + 5]! ^= 1;
      const stray = { app: APP, level: 1, tile: 0, hashes: changed, root: Buffer.alloc(32) };
      const cases: [() => Promise<unknown>, Expected][] = [
        [() => tile(1).set({ hashes: changed }).execute(), [[256 + 44, 'tile']]],
        [
          () =>
            tile(1)
              .set({ hashes: hashes.subarray(32) })
              .execute(),
          [[256, 'tile']],
        ],
        [
          () =>
            tile(1)
              .set({ root: Buffer.alloc(32) })
              .execute(),
          [[256, 'tile']],
        ],
        [
          () => tile(0).set({ tile: 2 }).execute(),
          [
            [0, 'tile'],
            [512, 'tile'],
          ],
        ],
        [() => log.db.deleteFrom('tiles').where('tile', '=', 1).execute(), [[256, 'tile']]],
        [() => log.db.insertInto('tiles').values(stray).execute(), [[0, 'tile']]],
      ];
      for (const [tamper, expected] of cases) {
        await log.close();
        log = await kept.open();
        await tamper();
        assert.deepEqual(await found(), expected);
      }
    });

    test('is found to be damaged beside an entry of the same tile', async () => {
      await tile(0)
        .set({ root: Buffer.alloc(32) })
        .execute();
      await setEntry(20, { event_id: 'evt_other' });
      assert.deepEqual(await found(), [
        [0, 'tile'],
        [20, 'event_id'],
      ]);
    });
  });

  describe('the head', () => {
    test('is found that is not the one of the entries', async () => {
      const { frontier } = await head();
      const cases: object[] = [
        { size: SIZE + 1 },
        { last_created_at: START },
        { last_leaf: Buffer.alloc(32) },
        { last_leaf: Buffer.alloc(0) },
        { frontier: Buffer.alloc(frontier.length) },
        { frontier: frontier.subarray(32) },
      ];
      for (const set of cases) {
        await log.close();
        log = await kept.open();
        await setHead(set);
        assert.deepEqual(await found(), [[null, 'head']], JSON.stringify(set));
      }
    });

    test('is found with a checkpoint that is none, or of another log', async () => {
      const { checkpoint } = await head();
      const cases: [string, Reason][] = [
        ['', 'checkpoint'],
        [checkpoint.replace('\n\n', '\n'), 'checkpoint'],
        [checkpoint.replace('ledger.example', 'other.example'), 'checkpoint'],
        [checkpoint.slice(0, -8) + 'AAAAAA=\n', 'signature'],
        [checkpoint.split('\n\n')[0] + '\n\n— ledger.example/app_1 AAAAAAAA\n', 'signature'],
      ];
      for (const [note, reason] of cases) {
        await setHead({ checkpoint: note });
        assert.deepEqual(await found(), [[null, reason]], note);
      }
    });

    test('is found with the checkpoint of another key', async () => {
      await setHead({ checkpoint: forge(SIZE, await head()) });
      assert.deepEqual(await found(), [[null, 'signature']]);
    });

    test('is missed where it was removed', async () => {
      await log.db.deleteFrom('heads').execute();
      const { broken, more_broken } = await checkLog(log.source, { max: 10 });
      assert.deepEqual(broken[0], { seq: 0, reason: 'beyond_checkpoint' });
      assert.deepEqual([broken.length, more_broken], [10, false]);
    });
  });

  describe('a log that was written anew by someone without its key', () => {
    test('is found from where its tree is not the signed one', async () => {
      await rewriteFrom(log.db, 300, {});
      const places = await found();
      assert.deepEqual(places[0], [300, 'prev']);
      // Of the last entries the tree has no hashes of its own, only of those before them together.
      assert.deepEqual(places.at(-1), [696, 'root']);
    });

    test('is found where it brings a tree of its own', async () => {
      await rewriteFrom(log.db, 300, { tree: true });
      assert.deepEqual(await found(), [[null, 'root']]);
    });

    test('is found where it brings a checkpoint of its own', async () => {
      await rewriteFrom(log.db, 300, { tree: true, checkpoint: true });
      assert.deepEqual(await found(), [[null, 'signature']]);
    });
  });
}

type Bits = string | Uint8Array;

/** The same with one bit changed; of a text one that leaves it a text, and an id unlike others. */
function withBit(value: Bits, at: number): Bits {
  if (typeof value !== 'string') {
    const bytes = Buffer.from(value);
    bytes[at % bytes.length]! ^= 1 << (at % 8);
    return bytes;
  }
  const place = at % value.length;
  const code = value.charCodeAt(place);
  if (code >= 128 || code === 64) return withBit(value, at + 1);
  return value.slice(0, place) + String.fromCharCode(code ^ 64) + value.slice(place + 1);
}

const foundIn = ({ broken, ok }: LogVerdict): Expected => {
  assert.equal(ok, broken.length === 0);
  return broken.map(({ seq, reason }) => [seq, reason]);
};
