import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite, test } from 'node:test';

import { affidavit } from '../support/command-line.ts';
import { failToStart } from '../support/failing-start.ts';
import { assertUnderCheckpoint } from '../support/naive-ledger.ts';
import { startAffidavit, temporaryFolder } from '../support/server.ts';
import { readAll, write } from '../support/trail.ts';
import { problem } from '../support/world.ts';
import { newEvent } from '../support/writers.ts';

/** A database that is not the one signed last: a restored backup, or another one. */

const GUARD = 'last-checkpoints.json';

function copyDatabase(from: string, to: string): void {
  for (const name of readdirSync(to)) {
    if (name.startsWith('affidavit.db')) rmSync(join(to, name));
  }
  for (const name of readdirSync(from)) {
    if (name.startsWith('affidavit.db')) copyFileSync(join(from, name), join(to, name));
  }
}

/** A run of the server that writes so many events; answers the size of the ledger at its end. */
async function runAndWrite(dataFolder: string, count: number): Promise<number> {
  const server = await startAffidavit({ dataFolder });
  const events = Array.from({ length: count }, () => newEvent());
  await write(server, { events });
  const { size } = (await server.request<{ size: number }>('GET', '/v1/ledger')).body;
  assert.equal(await server.stop(), 0, server.stdout());
  return size;
}

const signedSize = (folder: string) => {
  const { app_default } = JSON.parse(readFileSync(join(folder, GUARD), 'utf8')) as {
    app_default: string;
  };
  return Number(app_default.split('\n')[1]);
};

suite('the rollback guard', { concurrency: 3 }, () => {
  test('a restored backup is refused until it is accepted, on the record', async () => {
    const dataFolder = temporaryFolder();
    const backup = temporaryFolder();
    const before = await runAndWrite(dataFolder, 300);
    copyDatabase(dataFolder, backup);
    const after = await runAndWrite(dataFolder, 40);
    assert.equal(signedSize(dataFolder), after);
    copyDatabase(backup, dataFolder);

    const { code, stderr } = await failToStart({ dataFolder });
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`app_default: signed up to ${after}.*has ${before}\n`));
    assert.match(stderr, /--accept-rollback/);
    assert.ok(stderr.includes(join(dataFolder, GUARD)), stderr);
    assert.doesNotMatch(stderr, /^\s+at |"level"/m);
    assert.equal(signedSize(dataFolder), after, 'a refused start forgets nothing');
    const checked = await affidavit(['fsck', '--data', dataFolder]);
    assert.equal(checked.code, 1);
    const said = `signed up to ${after} entries, and the database has ${before}`;
    assert.ok(checked.stdout.includes(`rollback, app_default: ${said}`), checked.stdout);

    const args = ['--accept-rollback', 'disk died, backup of Friday'];
    const server = await startAffidavit({ dataFolder, args });
    const entries = await readAll(server);
    assert.equal(entries[before]?.event_type, 'ledger.rollback_accepted');
    const [accepted, ...more] = entries.filter(
      ({ event_type }) => event_type === 'ledger.rollback_accepted',
    );
    assert.deepEqual(more, []);
    assert.equal(accepted?.reason, 'disk died, backup of Friday');
    assert.deepEqual(accepted?.args, {
      app_id: 'app_default',
      found_size: before,
      reason: 'behind',
      signed_size: after,
    });
    await assertUnderCheckpoint(server, entries);
    assert.equal(await server.stop(), 0);

    const plain = await startAffidavit({ dataFolder });
    assert.equal((await readAll(plain, 'event_type=ledger.rollback_accepted')).length, 1);
    assert.equal(await plain.stop(), 0);
  });

  test('a database with another history is refused, also when it is longer', async () => {
    const [dataFolder, other] = [temporaryFolder(), temporaryFolder()];
    const size = await runAndWrite(dataFolder, 10);
    copyFileSync(join(dataFolder, 'master.key'), join(other, 'master.key'));
    assert.ok((await runAndWrite(other, 500)) > size);
    copyDatabase(other, dataFolder);
    const { code, stderr } = await failToStart({ dataFolder });
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`another history than the ${size} entries signed`));
  });

  test('a database that is gone is not begun anew behind the last checkpoint', async () => {
    const dataFolder = temporaryFolder();
    const size = await runAndWrite(dataFolder, 10);
    copyDatabase(temporaryFolder(), dataFolder);
    const { code, stderr } = await failToStart({ dataFolder });
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`signed up to ${size} entries, the database has 0`));
  });

  test('last checkpoints that cannot be read do not count as none', async () => {
    const dataFolder = temporaryFolder();
    await runAndWrite(dataFolder, 10);
    for (const text of ['{"app_default":', '{"app_default":"nonsense"}']) {
      writeFileSync(join(dataFolder, GUARD), text);
      const { code, stderr } = await failToStart({ dataFolder });
      assert.equal(code, 1, text);
      assert.match(stderr, /last checkpoints/, text);
      assert.doesNotMatch(stderr, /^\s+at |"level"/m);
    }
  });

  test('a database that is swapped under a running server gets no signature', async () => {
    const dataFolder = temporaryFolder();
    const backup = temporaryFolder();
    const before = await runAndWrite(dataFolder, 50);
    copyDatabase(dataFolder, backup);
    const server = await startAffidavit({ dataFolder });
    await write(server, { events: Array.from({ length: 60 }, () => newEvent()) });
    const { size, checkpoint } = (
      await server.request<{ size: number; checkpoint: string }>('GET', '/v1/ledger')
    ).body;
    assert.ok(size > before);
    copyDatabase(backup, dataFolder);
    for (let tries = 0; tries < 3; tries++) {
      const answer = await server.request('POST', '/v1/events', { body: newEvent() });
      const { reason, detail } = problem(answer, 503, 'audit_unavailable');
      assert.equal(reason, 'damaged');
      assert.match(detail, /moved or replaced/);
    }
    await server.stop();
    const path = join(dataFolder, 'affidavit.db');
    const db = new DatabaseSync(path, { readOnly: true });
    const head = db.prepare('SELECT size, checkpoint FROM heads').get();
    db.close();
    assert.equal(head?.size, before, 'nothing was written to the one that was put there');
    assert.notEqual(head?.checkpoint, checkpoint);
    const { code, stderr } = await failToStart({ dataFolder });
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`signed up to ${size} entries, the database has ${before}`));
  });
});
