/** Logs in a database for tests: apps with signing keys, and writers on them. */
import assert from 'node:assert/strict';

import { createKeyring } from '@affidavit/vault/sealing';

import { LedgerWriter } from '../../../sequence/ledger-writer.ts';
import { newSigningKey, openSigner } from '../../../sequence/signing-keys.ts';
import type { Effect, LedgerStore } from '../../port.ts';

const keyring = createKeyring([new Uint8Array(32).fill(7)]);

/** Makes apps 1 to `apps`, each with a key and an empty log; returns the verifier keys by app. */
export async function makeLogs(store: LedgerStore, apps = 1): Promise<Map<number, string>> {
  const verifierKeys = new Map<number, string>();
  for (let app = 1; app <= apps; app++) {
    const key = newSigningKey(keyring, app, `ledger.example/app_${app}`, 1);
    verifierKeys.set(app, key.verifier_key);
    const row = { app, app_id: `app_${app}`, name: `app ${app}`, created_at: 1 };
    const effects: Effect[] = [
      { op: 'insert', table: 'apps', row },
      { op: 'insert', table: 'signing_keys', row: key },
    ];
    assert.ok(await store.transact(Date.now() + 10_000, (tx) => tx.applyEffects(effects)));
  }
  return verifierKeys;
}

/** One process's writer on the logs of `makeLogs`. */
export function newWriter(store: LedgerStore, now: () => number = Date.now): LedgerWriter {
  return new LedgerWriter({
    store,
    openSigner: (keys) => openSigner(keyring, keys),
    now,
  });
}
