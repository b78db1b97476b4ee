import { AffidavitError, type AuditEvent, type ProviderAuth } from '@affidavit/schema';

import { openCredential, type OpenCredential } from './credential.ts';
import { openAccessToken, openRefreshToken, partyOf } from './oauth/sealed-tokens.ts';
import type { HeldTokens } from './oauth/ports.ts';
import type { TokenKeeper } from './oauth/token-keeper.ts';
import type { AppRef, Directory, Grant, Provider } from './ports.ts';
import type { Keyring } from './sealing.ts';
import type { TokenBounds } from './tokens/bounds.ts';
import { TokenExchange } from './tokens/exchange.ts';

interface Held {
  readonly app: AppRef;
  readonly grant: Grant;
  readonly provider: Provider;
  readonly execution_id: string;
  readonly actor: { readonly token?: TokenBounds };
  readonly facts: Partial<AuditEvent>;
}

/** Sealed secrets are bound to their row. */
export const secretPurpose = (secretId: string) => `secret ${secretId}`;

const REMEMBERED_REFUSALS = 10_000;
/** A provider that refuses every token must not have us ask for one after the other. */
const REFUSAL_PAUSE_MS = 30_000;

export interface CredentialsOptions {
  readonly directory: Directory;
  readonly keyring: () => Keyring;
  readonly tokens: TokenKeeper;
  readonly exchange: TokenExchange;
  readonly now: () => Date;
}

/** Opens the credential behind a grant. */
export class Credentials {
  readonly #options: CredentialsOptions;
  /** The tokens that an open credential is of. */
  readonly #tokensOf = new WeakMap<OpenCredential, HeldTokens>();
  /** Which token of a grant was refused last, and when, by app and grant; the oldest first. */
  readonly #refusals = new Map<string, { readonly at: number; readonly token: string }>();

  constructor(options: CredentialsOptions) {
    this.#options = options;
  }

  /** Rejects with `conflict` where there is none any more, and as refreshing a token does. */
  async open(held: Held): Promise<OpenCredential> {
    const { app, grant, provider, execution_id } = held;
    if (grant.kind === 'oauth') {
      const use = { app, grant, provider, caused_by: execution_id };
      return this.#withTokens(held, await this.#options.tokens.current(use));
    }
    const secret = await this.#options.directory.secret(app.app, grant.secret_id ?? '');
    if (!secret || secret.revoked_at !== null) {
      throw new AffidavitError('conflict', 'the secret behind the grant has been revoked', {
        advice: 'Store a new secret and make a new grant.',
      });
    }
    const keyring = this.#options.keyring();
    const value = keyring.open(secret.sealed_value, secretPurpose(secret.secret_id));
    return openCredential(provider.auth, value.toString('utf8'));
  }

  /** Another credential after the provider answered 401 to this one; null where there is none. */
  async afterRefusal(held: Held, refused: OpenCredential): Promise<OpenCredential | null> {
    const before = this.#tokensOf.get(refused);
    if (!before || !this.#mayAskAgain(held, before)) return null;
    const { app, grant, provider, execution_id } = held;
    const use = { app, grant, provider, caused_by: execution_id };
    const tokens = await this.#options.tokens.renewed(use, before).catch(whenItPasses);
    if (!tokens || tokens.sealed_access_token === before.sealed_access_token) return null;
    return this.#withTokens(held, tokens, before);
  }

  /** Not for a token that came of the last refusal; all who had the same one refused may. */
  #mayAskAgain({ app, grant }: Held, { sealed_access_token: token }: HeldTokens): boolean {
    const key = `${app.app} ${grant.grant_id}`;
    const at = this.#options.now().getTime();
    const last = this.#refusals.get(key);
    if (last?.token === token) return true;
    if (last !== undefined && at - last.at < REFUSAL_PAUSE_MS) return false;
    this.#refusals.delete(key);
    const [oldest] = this.#refusals.keys();
    if (this.#refusals.size >= REMEMBERED_REFUSALS && oldest) this.#refusals.delete(oldest);
    this.#refusals.set(key, { at, token });
    return true;
  }

  /** Whatever we hold for the grant is masked, wherever the provider shows it. */
  async #withTokens(
    { app, provider, actor, facts }: Held,
    held: HeldTokens,
    before?: HeldTokens,
  ): Promise<OpenCredential> {
    const keyring = this.#options.keyring();
    const whole = openAccessToken(keyring, held);
    const { token } = actor;
    const sent =
      token && TokenExchange.isDue(provider, token, held)
        ? await this.#options.exchange.tokenFor({ app, provider, token, held, facts })
        : whole;
    const secrets = [openRefreshToken(keyring, held), partyOf(provider, keyring)?.client_secret];
    if (sent !== whole) secrets.push(whole);
    if (before) secrets.push(openAccessToken(keyring, before), openRefreshToken(keyring, before));
    const others = secrets.filter((one) => typeof one === 'string');
    const bearer: ProviderAuth = { type: 'bearer' };
    const credential = openCredential(bearer, sent, others);
    this.#tokensOf.set(credential, held);
    return credential;
  }
}

/** The provider's refusal is the answer where the OAuth server cannot be asked just now. */
function whenItPasses(error: unknown): null {
  if (error instanceof AffidavitError && error.code === 'provider_unreachable') return null;
  throw error;
}
