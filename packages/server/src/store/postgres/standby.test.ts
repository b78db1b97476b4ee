import assert from 'node:assert/strict';
import { after, afterEach, beforeEach, describe, test } from 'node:test';

import { entriesFrom, headAfter, soon } from '../contract.fixture.ts';
import { StoreFailure } from '../port.ts';
import { PostgresStore } from './store.ts';
import { startPostgres } from './testing/server.ts';

const server = await startPostgres();
const skip =
  typeof server === 'string' ? server : server.restart === null ? 'not our server' : false;

describe('a server that must wait for a standby', { skip }, () => {
  if (typeof server === 'string') return;
  let url = '';
  const mustWaitFor = async (names: string) => {
    await server.query(url, `ALTER SYSTEM SET synchronous_standby_names = '${names}'`);
    await server.query(url, 'SELECT pg_reload_conf()');
  };
  beforeEach(async () => {
    url = await server.newDatabase();
  });
  afterEach(() => mustWaitFor(''));
  after(() => server.close());

  test('acknowledges nothing that no standby has, however long that takes', async () => {
    const store = new PostgresStore({ url });
    await store.transact(soon(), async () => undefined);
    await mustWaitFor('nobody');
    const entries = entriesFrom(0, 2);
    const write = store.transact(Date.now() + 200, async (tx) => {
      await tx.append(7, entries, [], headAfter(entries, 7));
    });
    await assert.rejects(
      write,
      (error) =>
        error instanceof StoreFailure &&
        error.reason === 'timeout' &&
        error.committed === 'unknown',
    );
    await mustWaitFor('');
    // The wait goes on in the server until the standby is there, or is not waited for any more.
    const head = await store.transact(soon(), (tx) => tx.lockHead(7));
    assert.equal(head?.size, 2);
    await store.close();
  });
});
