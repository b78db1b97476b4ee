import { AffidavitError, type Audience, type AuditEvent } from '@affidavit/schema';
import type { AppRef, IdTokenClaims, OAuthParty } from '@affidavit/vault';

import { identityProviderPurpose } from '../access/identity-provider.ts';
import { signInOperator, signInUser } from '../access/sign-in.ts';
import type { Context } from '../http/route.ts';
import { recordOnce } from '../http/trail-reads.ts';
import type { IdentityProvidersTable, SessionsTable } from '../store/tables.ts';
import { begin, type Begun } from './begin.ts';
import type { PendingSignIn } from './pending.ts';
import { newSession } from './rows.ts';

/** Signing in with an identity provider (OpenID Connect Core 1.0, section 3.1). */

/** Codes of pages; the record says more. */
export type SignInError =
  | 'access_denied'
  | 'expired'
  | 'not_known'
  | 'not_set_up'
  | 'refused'
  | 'unavailable'
  | 'unreachable';

/** Nobody was signed in; `message` is for the record. */
export class NotSignedIn extends Error {
  readonly code: SignInError;
  /** Of the person, where an ID token that was checked named one. */
  readonly person: Readonly<Record<string, string>>;

  constructor(code: SignInError, message: string, person: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.person = person;
  }
}

export async function providerOf(
  { services }: Pick<Context, 'services'>,
  app: number,
  audience: Audience,
): Promise<IdentityProvidersTable | null> {
  const [row] = await services.directory.rows('identity_providers', { app, audience });
  return row ?? null;
}

export function partyOf(
  { services }: Pick<Context, 'services'>,
  row: IdentityProvidersTable,
): OAuthParty {
  const { app, audience, issuer, client_id, sealed_client_secret: sealed } = row;
  const purpose = identityProviderPurpose(app, audience);
  const client_secret = sealed === null ? null : services.keyring.open(sealed, purpose).toString();
  const auth = { type: 'oauth2' as const, issuer, client_id, scopes: scopesOf(row) };
  return { auth, client_secret };
}

export const scopesOf = ({ scopes }: IdentityProvidersTable) => JSON.parse(scopes) as string[];

/** What came back with a browser, made a session. Rejects with `NotSignedIn`. */
export async function finishSignIn(
  context: Context,
  app: AppRef,
  pending: PendingSignIn,
  answer: URLSearchParams,
): Promise<Begun> {
  const { audience, issuer, client_id } = pending;
  const provider = await providerOf(context, app.app, audience);
  if (provider?.issuer !== issuer || provider.client_id !== client_id) {
    throw new NotSignedIn('expired', 'the identity provider was changed meanwhile');
  }
  const claims = await claimsOf(context, provider, pending, answer);
  const about = await personOf(context, provider, claims);
  const { services } = context;
  const kind = audience === 'wallet' ? 'wallet' : 'operator';
  const made = newSession(kind, 'oidc', { app: app.app, issuer, ...about }, services.now());
  return begin(context, made, [{ op: 'insert', table: 'sessions', row: { ...made.row } }]);
}

async function claimsOf(
  context: Context,
  provider: IdentityProvidersTable,
  pending: PendingSignIn,
  answer: URLSearchParams,
): Promise<IdTokenClaims> {
  const { services } = context;
  const { issuer, client_id, nonce } = pending;
  const asked = { ...pending, scopes: scopesOf(provider) };
  const party = partyOf(context, provider);
  const result = await services.oauth.client.signIn(party, answer, asked);
  if (!result.ok) {
    const { kind, error, description } = result.failure;
    const code = error === 'access_denied' ? error : kind === 'unreachable' ? kind : 'refused';
    throw new NotSignedIn(code, [error, description].filter(Boolean).join(': '));
  }
  try {
    return await services.idTokens.verify(result.value, { issuer, client_id, nonce });
  } catch (error) {
    if (!(error instanceof AffidavitError)) throw error;
    const code = error.code === 'provider_unreachable' ? 'unreachable' : 'refused';
    throw new NotSignedIn(code, error.message);
  }
}

/** Who they are here, or why they are nobody. */
async function personOf(
  context: Context,
  provider: IdentityProvidersTable,
  claims: IdTokenClaims,
): Promise<Partial<SessionsTable>> {
  const { directory } = context.services;
  const { app, audience } = provider;
  const name = nameOf(claims);
  if (audience === 'wallet') {
    const user = signInUser(claims, provider);
    if (!user.may_sign_in) throw notKnown(user.why, claims);
    const { subject, email, principal_id } = user;
    return { subject, email, name, principal_type: 'user', principal_id };
  }
  const operators = await directory.rows('operators', { app });
  const operator = signInOperator(claims, provider, operators);
  if (!operator.may_sign_in) throw notKnown(operator.why, claims);
  const { subject, email, role, operator_id = null } = operator;
  const known = operators.find((one) => one.operator_id === operator_id);
  return { subject, email, name: known?.name ?? name, role, operator_id };
}

const NAME_CHARACTERS = 128;

const nameOf = ({ name }: IdTokenClaims): string | null =>
  typeof name === 'string' && name !== '' ? name.slice(0, NAME_CHARACTERS) : null;

function notKnown(why: string, { sub, email }: IdTokenClaims): NotSignedIn {
  const person = { subject: sub, ...(typeof email === 'string' ? { email } : {}) };
  return new NotSignedIn('not_known', why, person);
}

/** That somebody was not let in is on the record: the same once in a while. */
export function recordNotSignedIn(
  context: Context,
  app: AppRef,
  { audience, issuer }: PendingSignIn,
  { code, message, person }: NotSignedIn,
): Promise<void> {
  const event: AuditEvent = {
    event_type: audience === 'wallet' ? 'user.sign_in_refused' : 'session.refused',
    // Who it is, nobody here knows.
    actor_type: 'system',
    actor_id: 'affidavit',
    action_type: 'error',
    outcome: 'blocked',
    args: { how: 'oidc', issuer, why: message, ...person },
  };
  const about = [audience, code, message, person.subject ?? context.sourceIp];
  return recordOnce({ ...context, app }, about, event);
}
