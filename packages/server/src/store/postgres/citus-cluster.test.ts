import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';

import { Client } from 'pg';

import { eventOf, checkLog, submissionOf } from '../../sequence/log.fixture.ts';
import { describeStore } from '../contract.ts';
import { administer } from './administer.ts';
import { openPostgresReader } from './reader.ts';
import { PostgresStore } from './store.ts';
import { makeLogs, newWriter } from './testing/logs.ts';

/**
 * On a real cluster: AFFIDAVIT_TEST_CITUS_URL names a database on its coordinator, with the
 * extension. Each test has a schema of its own there.
 */
const cluster = process.env.AFFIDAVIT_TEST_CITUS_URL;

async function ask(text: string): Promise<void> {
  const client = new Client({ connectionString: cluster as string });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

async function newSchema(): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `affidavit_test_${randomBytes(6).toString('hex')}`;
  await ask(`CREATE SCHEMA ${name}`);
  const url = new URL(cluster as string);
  url.searchParams.set('options', `-c search_path=${name}`);
  await administer(url.href, null);
  return { url: url.href, drop: () => ask(`DROP SCHEMA ${name} CASCADE`) };
}

if (cluster === undefined) {
  test('a Citus cluster', { skip: 'AFFIDAVIT_TEST_CITUS_URL is not set' }, () => undefined);
} else {
  describeStore('a Citus cluster keeps the contract', async () => {
    const { url, drop } = await newSchema();
    const store = new PostgresStore({ url });
    const read = openPostgresReader(url);
    return {
      store,
      read,
      reopen: async () => new PostgresStore({ url }),
      close: async () => {
        await Promise.all([store.close(), read.destroy()]);
        await drop();
      },
    };
  });

  describe('a Citus cluster', () => {
    test('writes logs on several machines in one transaction, and each is whole', async () => {
      const { url, drop } = await newSchema();
      const store = new PostgresStore({ url });
      const verifierKeys = await makeLogs(store, 8);
      const writer = newWriter(store);
      for (let batch = 0; batch < 40; batch++) {
        const apps = [...verifierKeys.keys()].filter((app) => (app + batch) % 3 !== 0);
        const events = (app: number) =>
          Array.from({ length: 20 }, (_, i) => eventOf(`evt_${app}_${batch}_${i}`, 1));
        await writer.write(apps.map((app) => submissionOf(app, events(app))));
      }
      const db = openPostgresReader(url);
      for (const app of verifierKeys.keys()) await checkLog({ db, verifierKeys }, app);
      await Promise.all([db.destroy(), store.close()]);
      await drop();
    });
  });
}
