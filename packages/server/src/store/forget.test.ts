import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { forgetOld } from './forget.ts';
import { openLedgerStore } from './open.ts';
import type { SessionsTable } from './tables.ts';

test('old answers and sessions are forgotten in steps, younger ones stay', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'affidavit-forget-'));
  const store = await openLedgerStore({ kind: 'sqlite', path: join(folder, 'affidavit.db') });
  try {
    const row = { app: 1, key_id: 'key_1', fingerprint: new Uint8Array(16), process_id: 'prc_1' };
    const rest = { status: 200, sealed_answer: 'x' };
    const old = Array.from({ length: 600 }, (_, i) => {
      return { ...row, ...rest, idempotency_key: `old ${i}`, created_at: i };
    });
    await store.db.insertInto('idempotency').values(old).execute();
    const young = { ...row, ...rest, idempotency_key: 'young', created_at: 5000 };
    await store.db.insertInto('idempotency').values(young).execute();
    assert.equal(await forgetOld(store.db, 1000), true);
    assert.equal(await forgetOld(store.db, 1000), false);
    const left = await store.db.selectFrom('idempotency').select('idempotency_key').execute();
    assert.deepEqual(
      left.map((kept) => kept.idempotency_key),
      ['young'],
    );
    const session = { app: 1, kind: 'operator', how: 'key', installation: 0, created_at: 0 };
    const sessions = [
      { ...session, session_id: 'ses_old', expires_at: 999 },
      { ...session, session_id: 'ses_young', expires_at: 1000 },
    ];
    await store.db
      .insertInto('sessions')
      .values(sessions as SessionsTable[])
      .execute();
    assert.equal(await forgetOld(store.db, 1000), false);
    const open = await store.db.selectFrom('sessions').select('session_id').execute();
    assert.deepEqual(
      open.map(({ session_id }) => session_id),
      ['ses_young'],
    );
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
});
