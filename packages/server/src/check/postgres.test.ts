import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { startPostgres } from '../store/postgres/testing/server.ts';
import { checkTests } from './testing/log-contract.ts';
import { fsck } from './fsck.ts';
import { fsckTests } from './testing/fsck-contract.ts';
import { keepPostgres } from './testing/tampered-logs.ts';

const server = await startPostgres();
if (typeof server === 'string') test('a log in PostgreSQL', { skip: server });
else {
  const keep = (size: number) => keepPostgres(server, size);
  describe('in PostgreSQL', () => {
    describe('a log', () => checkTests(keep));
    describe('fsck', () => fsckTests(keep));
    test('fsck finds what guards the ledger switched off, changed, or gone', async () => {
      const kept = await keep(1);
      const log = await kept.open();
      const whatOf = async (text: string) => {
        await log.guard(true);
        await server.query((log.database as { url: string }).url, text);
        const { problems } = await fsck({ database: log.database, guardPath: null });
        return problems.map(({ area, what }) => `${area}: ${what}`);
      };
      assert.deepEqual(await whatOf('ALTER TABLE tiles DISABLE TRIGGER tiles_guard'), [
        'database: the trigger tiles.tiles_guard is switched off',
      ]);
      assert.deepEqual(await whatOf('ALTER TABLE heads ENABLE TRIGGER heads_back'), [
        'database: the trigger heads.heads_back is switched off',
      ]);
      const body = 'BEGIN RETURN OLD; END';
      const head = 'CREATE OR REPLACE FUNCTION affidavit_refuse() RETURNS trigger';
      assert.deepEqual(await whatOf(`${head} LANGUAGE plpgsql AS '${body}'`), [
        'database: the function affidavit_refuse is missing or was changed',
      ]);
      const [, gone] = await whatOf('DROP TRIGGER parts_guard ON parts');
      assert.match(gone ?? '', /trigger parts.*parts_guard is missing/);
      await log.close();
      await kept.close();
    });
    after(() => server.close());
  });
}
