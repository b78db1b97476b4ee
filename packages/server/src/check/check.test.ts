import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { sql } from 'kysely';

import { checkTests } from './testing/log-contract.ts';
import { fsckTests } from './testing/fsck-contract.ts';
import { checkLog } from './log.ts';
import { keepSqlite } from './testing/tampered-logs.ts';

describe('a log in SQLite', () => checkTests(keepSqlite));
describe('fsck of SQLite', () => fsckTests(keepSqlite));

test('bytes that are read as the text that was committed to, and are not, are found', async () => {
  const kept = await keepSqlite(10);
  const log = await kept.open();
  try {
    const { rows } = await sql<{ hex: string }>`
      SELECT hex(body) AS hex FROM parts WHERE seq = 5 AND part = 'args'`.execute(log.db);
    // U+FFFD stands there; these bytes are none of UTF-8, and decoders put U+FFFD for them.
    const other = (rows[0]?.hex ?? '').replace('EFBFBD', 'F0BFBD');
    assert.match(other, /F0BFBD/);
    await sql`UPDATE parts SET body = cast(${sql.raw(`X'${other}'`)} AS text)
      WHERE seq = 5 AND part = 'args'`.execute(log.db);
    const { broken } = await checkLog(log.source);
    assert.deepEqual(broken, [{ seq: 5, reason: 'unreadable' }]);
  } finally {
    await log.close();
    await kept.close();
  }
});
