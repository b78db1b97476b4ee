import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { APP, append, caller, entriesFrom, soon } from '../contract.fixture.ts';
import { PostgresNews, type News } from './news.ts';
import { PostgresStore } from './store.ts';
import { startPostgres, type TestServer } from './testing/server.ts';
import { waitUntil } from './testing/writers.ts';

const server = await startPostgres();
const skip = typeof server === 'string' ? server : false;

describe('news between processes', { skip }, () => {
  if (typeof server === 'string') return;
  after(() => server.close());

  const open = () => openNews(server);

  test('tell of growth and of changed tables, once they are durable', async () => {
    const { heard, store, close } = await open();
    await append(store, entriesFrom(0, 3));
    await waitUntil('growth is heard', () => heard.length === 1);
    await store.transact(soon(), (tx) => tx.applyEffects([caller('a'), caller('b')]));
    await waitUntil('the change is heard', () => heard.length === 2);
    assert.deepEqual(heard, [
      { app: APP, size: 3 },
      { app: APP, tables: ['callers'] },
    ]);
    await close();
  });

  test('do not tell of what was taken back, or of what no process caches', async () => {
    const { heard, store, close } = await open();
    const undone = store.transact(soon(), async (tx) => {
      await tx.applyEffects([caller('a')]);
      throw new Error('undone');
    });
    await assert.rejects(undone);
    const row = { app: APP, execution_id: 'exe_1', event_id: 'evt_1', process_id: 'prc_1' };
    const intent = { ...row, intent: '{}', created_at: 1 };
    await store.transact(soon(), async (tx) => {
      assert.ok(await tx.applyEffects([{ op: 'insert', table: 'open_intents', row: intent }]));
    });
    const taken = store.transact(soon(), async (tx) => {
      assert.ok(await tx.applyEffects([caller('b')]));
      assert.equal(await tx.applyEffects([caller('b')]), false);
    });
    await taken;
    await waitUntil('something is heard', () => heard.length > 0);
    assert.deepEqual(heard, [{ app: APP, tables: ['callers'] }]);
    await close();
  });

  test('say when nothing was heard for a while, and are heard again after it', async () => {
    const { url, heard, link, store, news, close } = await open();
    await server.query(
      url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'affidavit news' AND datname = current_database()`,
    );
    await waitUntil('it is regained', () => link.includes('regained'));
    assert.deepEqual(link, ['lost', 'regained']);
    assert.equal(news.connected, true);
    await append(store, entriesFrom(0, 1));
    await waitUntil('growth is heard', () => heard.length === 1);
    await server.query(url, "SELECT pg_notify('affidavit_news', 'nonsense')");
    await append(store, entriesFrom(1, 1));
    await waitUntil('growth is heard', () => heard.length === 2);
    await close();
    assert.deepEqual(link, ['lost', 'regained']);
  });
});

async function openNews(server: TestServer) {
  const url = await server.newDatabase();

  const heard: News[] = [];
  const link: string[] = [];
  const store = new PostgresStore({ url });
  const news = await PostgresNews.open({
    url,
    onNews: (item) => heard.push(item),
    onLost: () => link.push('lost'),
    onRegained: () => link.push('regained'),
  });
  const close = async () => {
    await news.close();
    await store.close();
    await server.dropDatabase(url);
  };
  return { url, heard, link, store, news, close };
}
