import { after } from 'node:test';
import { test } from 'node:test';

import { describeStore } from '../contract.ts';
import { openPostgresReader } from './reader.ts';
import { PostgresStore } from './store.ts';
import { startPostgres } from './testing/server.ts';

const server = await startPostgres();

if (typeof server === 'string') {
  test('PostgreSQL keeps the contract', { skip: server }, () => undefined);
} else {
  after(() => server.close());
  describeStore('PostgreSQL keeps the contract', async () => {
    const url = await server.newDatabase();
    const store = new PostgresStore({ url });
    await store.transact(Date.now() + 5000, async () => undefined);
    const read = openPostgresReader(url);
    return {
      store,
      read,
      reopen: async () => new PostgresStore({ url }),
      close: async () => {
        await Promise.all([store.close(), read.destroy()]);
        await server.dropDatabase(url);
      },
    };
  });
}
