import { AffidavitError } from '@affidavit/schema';

import { openCredential, type OpenCredential } from './credential.ts';
import type { AppRef, Directory, Grant, Provider } from './ports.ts';
import type { Keyring } from './sealing.ts';

interface Held {
  readonly app: AppRef;
  readonly grant: Grant;
  readonly provider: Provider;
}

/** Sealed secrets are bound to their row. */
export const secretPurpose = (secretId: string) => `secret ${secretId}`;

/** Opens the credential behind a grant. */
export class Credentials {
  readonly #directory: Directory;
  readonly #keyring: () => Keyring;

  constructor(directory: Directory, keyring: () => Keyring) {
    this.#directory = directory;
    this.#keyring = keyring;
  }

  /** Rejects with `conflict` where there is none any more. */
  async open({ app, grant, provider }: Held): Promise<OpenCredential> {
    const secret = await this.#directory.secret(app.app, grant.secret_id);
    if (!secret || secret.revoked_at !== null) {
      throw new AffidavitError('conflict', 'the secret behind the grant has been revoked', {
        advice: 'Store a new secret and make a new grant.',
      });
    }
    const value = this.#keyring().open(secret.sealed_value, secretPurpose(secret.secret_id));
    return openCredential(provider.auth, value.toString('utf8'));
  }
}
