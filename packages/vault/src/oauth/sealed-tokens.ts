import type { Provider } from '../ports.ts';
import type { Keyring } from '../sealing.ts';
import type { OAuthParty, TokenSet } from './client.ts';
import type { FreshTokens, HeldTokens } from './ports.ts';

/** What is sealed is bound to its row. */
export const clientSecretPurpose = (providerId: string) => `client secret ${providerId}`;
export const accessTokenPurpose = (grantId: string) => `access token ${grantId}`;
export const refreshTokenPurpose = (grantId: string) => `refresh token ${grantId}`;

/** Us, as a client of the OAuth server of a provider; null where the provider is none. */
export function partyOf(provider: Provider, keyring: Keyring): OAuthParty | null {
  const { auth, provider_id, sealed_client_secret: sealed } = provider;
  if (auth.type !== 'oauth2') return null;
  const client_secret =
    sealed === null ? null : keyring.open(sealed, clientSecretPurpose(provider_id)).toString();
  return { auth, client_secret };
}

export function openAccessToken(keyring: Keyring, held: HeldTokens): string {
  return keyring.open(held.sealed_access_token, accessTokenPurpose(held.grant_id)).toString();
}

export function openRefreshToken(keyring: Keyring, held: HeldTokens): string | null {
  const { sealed_refresh_token: sealed, grant_id } = held;
  return sealed === null ? null : keyring.open(sealed, refreshTokenPurpose(grant_id)).toString();
}

/** What was there before an answer that leaves it out. */
interface Before {
  readonly scopes: readonly string[];
  readonly sealed_refresh_token: string | null;
}

/**
 * A token endpoint's answer, sealed for a grant. Where it names no scopes they are as before (RFC
 * 6749 sections 5.1 and 6); where it gives no refresh token, the one before goes on.
 */
export function sealTokens(
  keyring: Keyring,
  grantId: string,
  tokens: TokenSet,
  before: Before,
  now: number,
): FreshTokens {
  const { access_token, refresh_token, expires_in_seconds } = tokens;
  return {
    sealed_access_token: keyring.seal(access_token, accessTokenPurpose(grantId)),
    sealed_refresh_token:
      refresh_token === null
        ? before.sealed_refresh_token
        : keyring.seal(refresh_token, refreshTokenPurpose(grantId)),
    scopes: tokens.scopes ?? before.scopes,
    obtained_at: now,
    expires_at: expires_in_seconds === null ? null : now + Math.round(expires_in_seconds * 1000),
  };
}
