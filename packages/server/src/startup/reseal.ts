import {
  accessTokenPurpose,
  clientSecretPurpose,
  refreshTokenPurpose,
  secretPurpose,
  type Keyring,
} from '@affidavit/vault';

import { identityProviderPurpose } from '../access/identity-provider.ts';
import { resealRow } from '../approvals/row.ts';
import { destinationPurpose } from '../deliver/config.ts';
import type { Base } from './base.ts';
import { exchangePurpose } from '../grants/connect-state.ts';
import type { Effect, Row } from '../store/port.ts';
import type { SigningKeysTable } from '../store/tables.ts';

/** Columns that hold something sealed, each with what it is bound to. */
interface SealedColumn {
  readonly table: 'secrets' | 'providers' | 'oauth_tokens' | 'connects' | 'destinations';
  readonly key: string;
  readonly column: string;
  readonly purposeOf: (id: string) => string;
}

const CREDENTIALS: readonly SealedColumn[] = [
  { table: 'secrets', key: 'secret_id', column: 'sealed_value', purposeOf: secretPurpose },
  {
    table: 'providers',
    key: 'provider_id',
    column: 'sealed_client_secret',
    purposeOf: clientSecretPurpose,
  },
  {
    table: 'oauth_tokens',
    key: 'grant_id',
    column: 'sealed_access_token',
    purposeOf: accessTokenPurpose,
  },
  {
    table: 'oauth_tokens',
    key: 'grant_id',
    column: 'sealed_refresh_token',
    purposeOf: refreshTokenPurpose,
  },
  { table: 'connects', key: 'connect_id', column: 'sealed_exchange', purposeOf: exchangePurpose },
  {
    table: 'destinations',
    key: 'destination_id',
    column: 'sealed_config',
    purposeOf: destinationPurpose,
  },
];

/** Under the current key; null where it is already, or where nothing is sealed. */
function sealedAnew(keyring: Keyring, sealed: unknown, purpose: string): string | null {
  if (typeof sealed !== 'string' || sealed === '' || !keyring.isStale(sealed)) return null;
  return keyring.seal(keyring.open(sealed, purpose), purpose);
}

/** Each value alone: one that changes meanwhile refuses the whole, and the next start does it. */
async function resealCredentials({ directory, keyring }: Base): Promise<Effect[]> {
  const effects: Effect[] = [];
  for (const { table, key, column, purposeOf } of CREDENTIALS) {
    for await (const one of directory.everyRow(table, key as never)) {
      const row = one as unknown as Row;
      const id = String(row[key]);
      const sealed = sealedAnew(keyring, row[column], purposeOf(id));
      if (sealed === null) continue;
      const where = { app: row.app as number, [key]: id, [column]: row[column] as string };
      effects.push({ op: 'update', table, where, set: { [column]: sealed } });
    }
  }
  return effects;
}

async function resealIdentityProviders({ directory, keyring }: Base): Promise<Effect[]> {
  const effects: Effect[] = [];
  for (const row of await directory.rows('identity_providers', {})) {
    const { app, audience, sealed_client_secret: before } = row;
    const sealed = sealedAnew(keyring, before, identityProviderPurpose(app, audience));
    if (sealed === null) continue;
    const where = { app, audience, sealed_client_secret: before };
    const set = { sealed_client_secret: sealed };
    effects.push({ op: 'update', table: 'identity_providers', where, set });
  }
  return effects;
}

async function resealApprovals({ directory, keyring }: Base): Promise<Effect[]> {
  const effects: Effect[] = [];
  for await (const row of directory.everyRow('approvals', 'approval_id')) {
    const set = resealRow(keyring, row);
    const { app, approval_id } = row;
    if (set) effects.push({ op: 'update', table: 'approvals', where: { app, approval_id }, set });
  }
  return effects;
}

interface Seals {
  readonly fingerprint: { readonly name: string; readonly purpose: string };
  readonly resealSigningKey: (keyring: Keyring, key: SigningKeysTable) => string;
}

/**
 * Seals everything under the current master key that was sealed under an earlier one, in one
 * transaction, on the record. After it the earlier key is no longer needed.
 */
export async function reseal(base: Base, { fingerprint, resealSigningKey }: Seals): Promise<void> {
  const { directory, keyring, trail, config } = base;
  const effects: Effect[] = [];
  for (const row of await directory.rows('installation', { name: fingerprint.name })) {
    const value = sealedAnew(keyring, row.value, fingerprint.purpose);
    if (value === null) continue;
    effects.push({
      op: 'update',
      table: 'installation',
      where: { name: row.name },
      set: { value },
    });
  }
  for (const key of await directory.rows('signing_keys', {})) {
    if (key.sealed_private_key === '' || !keyring.isStale(key.sealed_private_key)) continue;
    const { app, from_size } = key;
    const set = { sealed_private_key: resealSigningKey(keyring, key) };
    effects.push({ op: 'update', table: 'signing_keys', where: { app, from_size }, set });
  }
  effects.push(...(await resealCredentials(base)));
  effects.push(...(await resealIdentityProviders(base)), ...(await resealApprovals(base)));
  if (effects.length === 0) return;
  const resealed = effects.length;
  // Stored answers of idempotent requests were sealed too; they are short-lived and simply go.
  for (const { app } of await directory.apps()) {
    effects.push({ op: 'delete', table: 'idempotency', where: { app }, any: true });
    // A key stays taken: what was done under it is not done again.
    const set = { erased: 1, sealed_result: null };
    effects.push({ op: 'update', table: 'action_keys', where: { app }, set, any: true });
  }
  const event = {
    event_type: 'master_key.rotated',
    actor_type: 'system' as const,
    actor_id: 'affidavit',
    outcome: 'success' as const,
    args: { key_id: keyring.currentKeyId, resealed },
  };
  const home = (await directory.appByNumber(config.home_app))!;
  await trail.record({ app: home.app, app_id: home.app_id, events: [event], effects });
}
