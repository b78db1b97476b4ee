import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import { sql } from 'kysely';

import { fsck, FsckFailure, type Area, type FsckReport } from '../fsck.ts';
import { repairIndex } from '../repair-index.ts';
import { rewriteFrom } from './forger.ts';
import { APP, type KeptLog, type OpenedLog } from './tampered-logs.ts';

const SIZE = 700;

/** What `fsck` finds, whichever store the ledger is in. */
export function fsckTests(keep: (size: number) => Promise<KeptLog>): void {
  const folder = mkdtempSync(join(tmpdir(), 'affidavit-fsck-'));
  const guardPath = join(folder, 'last-checkpoints.json');
  let kept: KeptLog;
  let log: OpenedLog;
  before(async () => {
    kept = await keep(SIZE);
  });
  after(async () => {
    await kept.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(async () => {
    log = await kept.open();
    const { checkpoint } = await log.db.selectFrom('heads').selectAll().executeTakeFirstOrThrow();
    writeFileSync(guardPath, JSON.stringify({ app_1: checkpoint }));
  });
  afterEach(() => log.close());

  const run = async (options = {}) => {
    await log.guard(true);
    const report = await fsck({ database: log.database, guardPath, ...options });
    await log.guard(false);
    return report;
  };
  /** The places of what was found, all of it in one area. */
  const foundIn = async (area: Area) => {
    const report = await run();
    assert.ok(!report.ok);
    for (const problem of report.problems)
      assert.equal(problem.area, area, JSON.stringify(problem));
    return report.problems.map(({ seq, what }) => [seq, what] as const);
  };

  test('a ledger as it was written is sound', async () => {
    const steps = new Set<string>();
    const report = await run({ onProgress: ({ area }: { area: Area }) => steps.add(area) });
    assert.deepEqual(report, {
      ok: true,
      logs: [{ app_id: 'app_1', size: SIZE, removed_parts: 0 }],
      problems: [],
      more_problems: false,
    } satisfies FsckReport);
    assert.deepEqual([...steps], ['database', 'ledger', 'rollback', 'index', 'state']);
  });

  test('an entry that was changed is named, with the reason', async () => {
    await log.db.updateTable('entries').set({ created_at: 5 }).where('seq', '=', 300).execute();
    const { problems } = await run();
    assert.deepEqual(problems, [
      {
        area: 'ledger',
        app_id: 'app_1',
        seq: 300,
        reason: 'created_at',
        what: 'the entry is older than the one before it, or than its header says',
      },
    ]);
  });

  test('a database that is behind what was signed is told from one with another history', async () => {
    const { checkpoint } = await log.db.selectFrom('heads').selectAll().executeTakeFirstOrThrow();
    const later = checkpoint.replace(`\n${SIZE}\n`, `\n${SIZE + 40}\n`);
    writeFileSync(guardPath, JSON.stringify({ app_1: later }));
    assert.deepEqual(await foundIn('rollback'), [
      [null, 'signed up to 740 entries, and the database has 700'],
    ]);
    writeFileSync(guardPath, JSON.stringify({ app_1: checkpoint }));
    await rewriteFrom(log.db, 600, { tree: true, checkpoint: true });
    const { problems } = await run();
    assert.ok(
      problems.some(({ area, what }) => area === 'rollback' && /another history/.test(what)),
    );
    writeFileSync(guardPath, '{"app_1"');
    assert.ok((await run()).problems.some(({ area }) => area === 'rollback'));
  });

  describe('the index', () => {
    const pages = () =>
      log.db.selectFrom('postings').selectAll().orderBy('segment').orderBy('first_term').execute();

    test('is found to lack a page, or a segment', async () => {
      const [page] = await pages();
      assert.ok(page);
      await log.db
        .deleteFrom('postings')
        .where('segment', '=', page.segment)
        .where('first_term', '=', page.first_term)
        .execute();
      const missing = await foundIn('index');
      assert.ok(missing.every(([, what]) => /lacks a term/.test(what)));
      await log.db.deleteFrom('segments').where('first_seq', '=', 256).execute();
      const gaps = await foundIn('index');
      assert.ok(
        gaps.some(([seq, what]) => seq === 256 && /nothing of entries 256 to 511/.test(what)),
      );
    });

    test('is found to have pages that are damaged, of another segment, or out of order', async () => {
      const [first, second] = await pages();
      assert.ok(first && second);
      const set = (page: Uint8Array) =>
        log.db
          .updateTable('postings')
          .set({ page })
          .where('segment', '=', first.segment)
          .where('first_term', '=', first.first_term)
          .execute();
      for (const page of [second.page, Buffer.alloc(0), Buffer.alloc(100, 255)]) {
        await set(page);
        assert.notEqual((await foundIn('index')).length, 0);
      }
      const changed = Buffer.from(first.page);
      changed[changed.length - 2]! ^= 1;
      await set(changed);
      const found = await foundIn('index');
      assert.ok(found.some(([, what]) => /lacks a term/.test(what)));
      assert.ok(found.some(([, what]) => /term that it does not have/.test(what)));
    });

    test('is found to have a record that is not the one it was made of', async () => {
      await log.db.deleteFrom('facet_values').where('field', '=', 'event_type').execute();
      const row = { app: APP, field: 'provider', value: 'nobody' };
      await log.db.insertInto('facet_values').values(row).execute();
      const found = await foundIn('index');
      assert.ok(found.some(([, what]) => /event_type is not listed/.test(what)));
      assert.ok(found.some(([, what]) => /no entry has the provider nobody/.test(what)));
    });

    test('is not missed where records were removed', async () => {
      await log.db.deleteFrom('parts').where('seq', '<', 100).execute();
      const removal = { app: APP, first_seq: 0, end_seq: 100, part: '*', event_id: 'evt_650' };
      await log.db
        .insertInto('removals')
        .values({ ...removal, index_pending: 0 })
        .execute();
      const report = await run();
      assert.deepEqual(report.problems, []);
      assert.equal(report.logs[0]?.removed_parts, 100 * 2 + 34);
    });

    test('is made again', async () => {
      await log.db.deleteFrom('postings').execute();
      assert.ok(!(await run()).ok);
      await repairIndex({ database: log.database });
      assert.deepEqual((await run()).problems, []);
    });
  });

  describe('the state', () => {
    const cases: [string, () => Promise<unknown>, RegExp][] = [
      [
        'an open call without its entry',
        () =>
          log.db
            .insertInto('open_intents')
            .values({
              app: APP,
              execution_id: 'exe_1',
              event_id: 'evt_none',
              process_id: 'prc_1',
              intent: '{}',
              created_at: 1,
            })
            .execute(),
        /open_intents names evt_none/,
      ],
      [
        'a key of an app that there is not',
        () =>
          log.db
            .insertInto('api_keys')
            .values({
              app: 9,
              key_id: 'key_1',
              name: 'one',
              prefix: 'ak_',
              hash: 'h',
              scopes: '[',
              agent_id: null,
              created_at: 1,
              expires_at: null,
              revoked_at: null,
            })
            .execute(),
        /app that there is not/,
      ],
      [
        'a signing key that is not the one of its verifier key',
        () =>
          log.db
            .updateTable('signing_keys')
            .set({ public_key: Buffer.alloc(32) })
            .execute(),
        /another public key/,
      ],
    ];
    for (const [what, tamper, said] of cases) {
      test(`is found to have ${what}`, async () => {
        await tamper();
        const found = await foundIn('state');
        assert.ok(
          found.some(([, text]) => said.test(text)),
          JSON.stringify(found),
        );
      });
    }
  });

  describe('the database', () => {
    test('is found to lack a table', async () => {
      await log.db.schema.dropTable('retention').execute();
      const { problems } = await run();
      assert.ok(problems.some(({ what }) => /table retention is missing/.test(what)));
    });

    test('is found to lack what keeps entries apart', async () => {
      await log.db.schema.dropIndex('entries_event_id').execute();
      const [, what] = (await foundIn('database'))[0] ?? [];
      assert.match(String(what), /index entries_event_id is missing/);
    });

    test('is not checked when it has tables of another version, or is not there', async () => {
      const refused = (said: RegExp) => (error: unknown) =>
        error instanceof FsckFailure && said.test(error.message);
      await (
        log.database.kind === 'sqlite'
          ? sql`PRAGMA user_version = 99`
          : sql`INSERT INTO affidavit_schema (version) VALUES (99)`
      ).execute(log.db);
      await assert.rejects(fsck({ database: log.database, guardPath }), refused(/version 99/));
      const path = join(folder, 'none.db');
      const nowhere = { database: { kind: 'sqlite', path }, guardPath } as const;
      await assert.rejects(fsck(nowhere), refused(/there is no ledger/));
      const url = 'postgres://nobody@127.0.0.1:1/none';
      const unreachable = { database: { kind: 'postgres', url }, guardPath } as const;
      await assert.rejects(fsck(unreachable), refused(/cannot be read/));
    });
  });
}
