import { randomBytes } from 'node:crypto';

import { newId } from '@affidavit/schema';

import { hashOf, newApiKey, prefixOf } from '../access/api-key.ts';
import { HOME_APP_ID } from '../access/directory.ts';
import { INSTALLATION_SCOPE } from '../access/identity.ts';
import { ConfigError } from '../config/config.ts';
import { newRetention } from '../retain/decision.ts';
import type { Rollback } from '../sequence/rollback-guard.ts';
import { newSigningKey, resealSigningKey } from '../sequence/signing-keys.ts';
import { LINK_MS, newLink } from '../sign-in/rows.ts';
import type { Effect } from '../store/port.ts';
import type { Base } from './base.ts';
import { reseal } from './reseal.ts';

const FINGERPRINT_KEY = 'fingerprint_key';
const purpose = 'fingerprint key';
const ENVIRONMENT_KEY_NAME = 'AFFIDAVIT_ADMIN_KEY';

export interface FirstStart {
  /** The admin key, when one was made just now: to be shown once. */
  readonly adminKey: string | null;
  /** Of a link that signs in an owner of the installation, when the ledger was opened just now. */
  readonly signInLink: string | null;
  readonly fingerprintKey: Uint8Array;
}

const system = { actor_type: 'system', actor_id: 'affidavit', outcome: 'success' } as const;

/** What every start makes sure of: the default app, its ledger, an admin key, current sealing. */
export async function firstStart(base: Base, rollbacks: readonly Rollback[]): Promise<FirstStart> {
  const { directory, config } = base;
  const isFirst = (await directory.apps()).length === 0;
  if (isFirst) await openHome(base);
  await checkMasterKeys(base);
  await recordRollbacks(base, rollbacks);
  await reseal(base, { fingerprint: { name: FINGERPRINT_KEY, purpose }, resealSigningKey });
  const adminKey = await ensureAdminKey(base, config.admin_key);
  const [row] = await directory.rows('installation', { name: FINGERPRINT_KEY });
  const fingerprintKey = base.keyring.open(row?.value ?? '', purpose);
  const signInLink = isFirst ? await makeSignInLink(base) : null;
  return { adminKey, fingerprintKey, signInLink };
}

async function openHome({ config, trail, keyring, now }: Base): Promise<void> {
  const app = config.home_app;
  const origin = `${config.origin}/${newId('app').slice(4)}/${HOME_APP_ID}`;
  const created_at = now();
  const effects: Effect[] = [
    { op: 'insert', table: 'apps', row: { app, app_id: HOME_APP_ID, name: 'default', created_at } },
    newRetention(app, created_at),
    { op: 'insert', table: 'signing_keys', row: newSigningKey(keyring, app, origin, created_at) },
    {
      op: 'insert',
      table: 'installation',
      row: { name: FINGERPRINT_KEY, value: keyring.seal(randomBytes(32), purpose) },
    },
  ];
  const event = { ...system, event_type: 'ledger.opened', args: { origin } };
  await trail.record({ app, app_id: HOME_APP_ID, events: [event], effects });
}

/** Everything is sealed under one master key, so that the one row tells whether it is given. */
async function checkMasterKeys({ directory, keyring }: Base): Promise<void> {
  const [row] = await directory.rows('installation', { name: FINGERPRINT_KEY });
  const sealed = row?.value ?? '';
  try {
    keyring.open(sealed, purpose);
  } catch (cause) {
    const id = sealed.split('.')[1];
    throw new ConfigError(
      `AFFIDAVIT_MASTER_KEY: the ledger is sealed under another master key (its id is ${id}, ` +
        `the one given has ${keyring.currentKeyId}); give that key, after a comma when it is being ` +
        'rotated out',
      { cause },
    );
  }
}

async function recordRollbacks(
  { config, directory, trail }: Base,
  rollbacks: readonly Rollback[],
): Promise<void> {
  for (const { app_id, ...about } of rollbacks) {
    const known = await directory.appById(app_id);
    const app = known?.app ?? config.home_app;
    const reason = config.accept_rollback ?? '';
    const event = {
      ...system,
      event_type: 'ledger.rollback_accepted',
      reason,
      args: { app_id, ...about },
    };
    await trail.record({ app, app_id: known?.app_id ?? HOME_APP_ID, events: [event] });
  }
}

/** The key of AFFIDAVIT_ADMIN_KEY, or one that is made when there is none at all. */
async function ensureAdminKey(base: Base, wanted: string | undefined): Promise<string | null> {
  const { directory, now, config } = base;
  const rows = await directory.rows('api_keys', { app: config.home_app });
  const live = rows.filter(
    (row) => row.revoked_at === null && row.scopes.includes(INSTALLATION_SCOPE),
  );
  if (wanted === undefined) {
    if (live.length > 0) return null;
    const made = newApiKey();
    await mintAdminKey(base, 'first admin key', made, []);
    return made.key;
  }
  const hash = hashOf(wanted);
  if (live.some((row) => row.hash === hash)) return null;
  const earlier = live.filter((row) => row.name === ENVIRONMENT_KEY_NAME);
  const revoke = earlier.map(({ key_id, app }) => ({
    op: 'update' as const,
    table: 'api_keys' as const,
    where: { app, key_id },
    set: { revoked_at: now() },
  }));
  await mintAdminKey(base, ENVIRONMENT_KEY_NAME, { prefix: prefixOf(wanted), hash }, revoke);
  return null;
}

async function mintAdminKey(
  { trail, now, config }: Base,
  name: string,
  { prefix, hash }: { prefix: string; hash: string },
  others: readonly Effect[],
): Promise<void> {
  const app = config.home_app;
  const key_id = newId('key');
  const row = {
    app,
    key_id,
    name,
    prefix,
    hash,
    scopes: JSON.stringify(['admin', INSTALLATION_SCOPE]),
    agent_id: null,
    created_at: now(),
    expires_at: null,
    revoked_at: null,
  };
  const event = {
    ...system,
    event_type: others.length > 0 ? 'api_key.rotated' : 'api_key.minted',
    args: { key_id, name, prefix, scopes: ['admin'] },
  };
  await trail.record({
    app,
    app_id: HOME_APP_ID,
    events: [event],
    effects: [...others, { op: 'insert', table: 'api_keys', row }],
  });
}

/** For whoever started the server: it is said once, and good once. */
async function makeSignInLink({ trail, now, config }: Base): Promise<string> {
  const app = config.home_app;
  const about = { app, role: 'owner', installation: 1, name: 'first start' };
  const { row, text } = newLink('operator', about, now(), LINK_MS.firstStart);
  const { session_id, role, name, expires_at } = row;
  const args = { session_id, role, name, expires_at: new Date(expires_at).toISOString() };
  const event = { ...system, event_type: 'sign_in_link.created', args };
  const effects: Effect[] = [{ op: 'insert', table: 'sessions', row: { ...row } }];
  await trail.record({ app, app_id: HOME_APP_ID, events: [event], effects });
  return text;
}
