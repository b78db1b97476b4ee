import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

import { Client } from 'pg';

import { checkState } from '../../check/state-check.ts';
import { describeStore } from '../contract.ts';
import { forgetOld } from '../forget.ts';
import { BY_APP } from './citus.ts';
import { statementsOf } from './migrate.ts';
import { openPostgresReader } from './reader.ts';
import { reclaimPartition } from './reclaim.ts';
import { MIGRATIONS } from './schema.ts';
import { PostgresStore } from './store.ts';
import { refusal } from './testing/citus-rules.ts';
import { startPostgres } from './testing/server.ts';

const SOURCES = join(import.meta.dirname, '../..');

describe('the rules of Citus', () => {
  const refused = [
    'SELECT size FROM heads WHERE size > $1 FOR UPDATE',
    'SELECT 1 FROM heads h JOIN apps a ON a.app = h.app JOIN entries e ON e.seq = h.size',
    'INSERT INTO entries (seq) VALUES ($1)',
    'INSERT INTO kept (app, event_id) VALUES ($1, $2) ON CONFLICT (event_id) DO NOTHING',
    'INSERT INTO heads (app) VALUES ($1) ON CONFLICT (app) DO UPDATE SET last_created_at = now()',
    'update "grants" set "app" = $1 where "app" = $2',
    'delete from "tokens" where "ended_at" < $1',
    'SELECT EXISTS (SELECT 1 FROM parts)',
    'SELECT key_id FROM api_keys k WHERE NOT EXISTS (SELECT 1 FROM agents a WHERE a.app = k.app)',
    'SELECT row_number() OVER (ORDER BY seq) FROM entries',
    "SET LOCAL lock_timeout = 1; SET LOCAL affidavit.sweep = 'on'",
    'ALTER TABLE grants ADD COLUMN a text; CREATE INDEX b ON grants (a)',
  ];
  for (const text of refused) {
    test(`refuse ${text}`, () => assert.notEqual(refusal(text), null));
  }
});

describe('the tables', () => {
  const statements = MIGRATIONS.flatMap(statementsOf);

  test('are made by statements that each go alone', () => {
    for (const text of statements) assert.equal(refusal(text), null, text);
    assert.ok(statements.every((text) => /^(?:--.*\n)*(?:[A-Z]+)\b/.test(text)));
  });

  test('refer to no other, and count nothing by a sequence', () => {
    const text = statements.join(';\n');
    assert.doesNotMatch(text, /\bREFERENCES\b|\bFOREIGN KEY\b|\bserial\b|\bIDENTITY\b/i);
  });

  test('are unique by nothing that lacks the app', () => {
    for (const text of statements) {
      const [, table = ''] = /^CREATE (?:TABLE|UNIQUE INDEX \w+ ON) (\w+)/.exec(text) ?? [];
      if (!(BY_APP as string[]).includes(table)) continue;
      for (const [key] of text.matchAll(
        /(?:PRIMARY KEY|UNIQUE|UNIQUE INDEX \w+ ON \w+) \(.*?\)/g,
      )) {
        assert.match(key, /\(app\b/, text);
      }
      const alone = /(\w+) [\w ]*?(?:"C" )?(?:NOT NULL )?(?:PRIMARY KEY|UNIQUE)(?! \()/.exec(text);
      assert.ok(alone === null || text.startsWith('CREATE UNIQUE') || alone[1] === 'app', text);
    }
  });

  test('have guards that are not named on a partition, where Citus calls them otherwise', () => {
    const [made = ''] = MIGRATIONS.filter((step) =>
      /FUNCTION affidavit_make_parts/.test(step),
    ).slice(-1);
    assert.doesNotMatch(made, /TRIGGER parts_guard/);
  });
});

test('every join in a query has the app on both sides', () => {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' });
  let joins = 0;
  for (const file of files.filter((name) => /^(?!.*(?:test|fixture)).*\.ts$/.test(name))) {
    const text = readFileSync(join(SOURCES, file), 'utf8');
    for (const { index } of text.matchAll(/\.(?:inner|left|right|full)Join\(/g)) {
      joins += 1;
      assert.match(text.slice(index, index + 160), /\.app'/, `${file}: a join without app`);
    }
    assert.doesNotMatch(text, /\.for(?:Update|Share|NoKeyUpdate)\(/, file);
  }
  assert.ok(joins > 10);
});

const server = await startPostgres();
if (typeof server === 'string') {
  test('Citus takes what is said to PostgreSQL', { skip: server }, () => undefined);
} else {
  const said = new Set<string>();
  const query = Client.prototype.query as (...all: unknown[]) => unknown;
  Client.prototype.query = function listen(this: Client, ...all: unknown[]) {
    const [first] = all as [string | { text?: string }];
    said.add(typeof first === 'string' ? first : (first.text ?? ''));
    return query.apply(this, all);
  } as typeof Client.prototype.query;
  after(async () => {
    Client.prototype.query = query as typeof Client.prototype.query;
    await server.close();
  });

  describeStore('what is said to PostgreSQL', async () => {
    const url = await server.newDatabase();
    const store = new PostgresStore({ url });
    await store.transact(Date.now() + 5000, async () => undefined);
    const read = openPostgresReader(url);
    return {
      store,
      read,
      reopen: async () => new PostgresStore({ url }),
      close: async () => {
        await forgetOld(store.db, Date.now());
        await checkState(read);
        await reclaimPartition(url, 0);
        await Promise.all([store.close(), read.destroy()]);
        await server.dropDatabase(url);
      },
    };
  });

  test('is what Citus takes', () => {
    assert.ok([...said].some((text) => /FROM heads WHERE app = \$1 FOR UPDATE/.test(text)));
    for (const text of said) assert.equal(refusal(text), null, text);
  });
}
