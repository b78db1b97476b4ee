import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { runAffidavit } from './support/cli.ts';
import { postgres } from './support/database.ts';
import { failToStart } from './support/failing-start.ts';
import { assertUnderCheckpoint } from './support/naive-ledger.ts';
import { startAffidavit, temporaryFolder } from './support/server.ts';
import { readAll, write } from './support/trail.ts';
import { newEvent } from './support/writers.ts';

/** The owner of the database makes the tables; servers work on them as a role that owns nothing. */

const ROLE = 'affidavit_test_app';

async function ownedDatabase(): Promise<{ owner: string; app: string }> {
  const server = await postgres();
  const owner = await server.newDatabase();
  const make = `DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '${ROLE}')
    THEN CREATE ROLE ${ROLE} LOGIN; END IF; END $$`;
  await server.query(owner, `REVOKE CREATE ON SCHEMA public FROM PUBLIC; ${make}`);
  const app = new URL(owner);
  app.username = ROLE;
  return { owner, app: app.href };
}

const skip = process.env.AFFIDAVIT_TEST_DATABASE_URL ? 'it makes a role' : false;

suite('affidavit migrate', { skip }, () => {
  test('makes tables on which a server runs that owns none of them', async () => {
    const { owner, app } = await ownedDatabase();
    const env = { AFFIDAVIT_DATABASE_URL: app };
    const early = await failToStart({ dataFolder: temporaryFolder(), env });
    assert.equal(early.code, 1);
    assert.match(early.stderr, /run affidavit migrate as their owner/);
    for (const said of [/now of version \d+/, /as they should be \(version \d+\)/]) {
      const argv = ['migrate', '--to', owner, '--grant', ROLE];
      const { code, stdout, stderr } = await runAffidavit(argv);
      assert.equal(code, 0, stderr);
      assert.match(stdout, said);
    }
    const server = await startAffidavit({ env });
    await write(server, { events: Array.from({ length: 300 }, () => newEvent()) });
    assert.equal((await server.request('GET', '/readyz', { key: null })).status, 200);
    await assertUnderCheckpoint(server, await readAll(server));
    assert.equal(await server.stop(), 0, server.stdout());
  });

  test('tells what it cannot do, never with a password', async () => {
    const { owner, app } = await ownedDatabase();
    const refused = await runAffidavit(['migrate'], { env: { AFFIDAVIT_DATABASE_URL: app } });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /may not change them/);
    const nobody = await runAffidavit(['migrate', '--to', owner, '--grant', 'nobody_at_all']);
    assert.equal(nobody.code, 1);
    assert.match(nobody.stderr, /no role called nobody_at_all/);
    const nowhere = ['migrate', '--to', 'postgres://me:hunter2@127.0.0.1:1/x'];
    const unreached = await runAffidavit(nowhere);
    assert.equal(unreached.code, 1);
    assert.match(unreached.stderr, /cannot be reached/);
    assert.doesNotMatch(unreached.stderr, /hunter2/);
    for (const argv of [[], ['--to', 'mysql://x'], ['--to', `sqlite:${temporaryFolder()}`]]) {
      assert.equal((await runAffidavit(['migrate', ...argv])).code, 2);
    }
  });

  test('brings up a file', async () => {
    const dataFolder = temporaryFolder();
    const server = await startAffidavit({ dataFolder, env: { AFFIDAVIT_DATABASE_URL: undefined } });
    const argv = ['migrate', '--to', `sqlite:${dataFolder}`];
    assert.match((await runAffidavit(argv)).stderr, /another Affidavit server is running/);
    assert.equal(await server.stop(), 0);
    const { code, stdout } = await runAffidavit(argv);
    assert.equal(code, 0);
    assert.match(stdout, /as they should be/);
  });
});
