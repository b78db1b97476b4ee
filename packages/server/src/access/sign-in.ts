import { ROLES, type Role } from '@affidavit/schema';
import type { IdTokenClaims } from '@affidavit/vault';

import type { IdentityProvidersTable, OperatorsTable } from '../store/tables.ts';

/** Who a person is here, by the claims of an ID token that was checked. */

/** A sign-in that would go through, or why it would not. */
export type SignIn<T> =
  | ({ readonly may_sign_in: true; readonly subject: string; readonly email: string | null } & T)
  | { readonly may_sign_in: false; readonly why: string };

export interface OperatorSignIn {
  readonly role: Role;
  /** Absent where the role comes from a claim. */
  readonly operator_id?: string;
}

/** Only an address that the provider has verified is anyone's. */
function verifiedEmail({ email, email_verified }: IdTokenClaims): string | null {
  return email_verified === true && typeof email === 'string' ? email.toLowerCase() : null;
}

/** Why the address keeps a person out, or null. */
function domainFault(email: string | null, { email_domains }: IdentityProvidersTable) {
  if (email_domains === null) return null;
  const domain = email?.slice(email.lastIndexOf('@') + 1);
  const allowed = JSON.parse(email_domains) as string[];
  if (domain !== undefined && allowed.includes(domain)) return null;
  return email === null ? 'there is no verified address' : `addresses of ${domain} are not let in`;
}

/** The role that the values of a claim give; of several the one that comes first in `ROLES`. */
function mappedRole(claims: IdTokenClaims, provider: IdentityProvidersTable): Role | undefined {
  const { role_claim, roles } = provider;
  if (role_claim === null || roles === null || !Object.hasOwn(claims, role_claim)) return undefined;
  const map = new Map(Object.entries(JSON.parse(roles) as Record<string, Role>));
  const value = claims[role_claim];
  const given = new Set(
    (Array.isArray(value) ? value : [value]).map((one) => map.get(String(one))),
  );
  return ROLES.find((role) => given.has(role));
}

/** An operator who was added comes first; then the role that a claim gives. */
export function signInOperator(
  claims: IdTokenClaims,
  provider: IdentityProvidersTable,
  operators: readonly OperatorsTable[],
): SignIn<OperatorSignIn> {
  const email = verifiedEmail(claims);
  const why = domainFault(email, provider);
  if (why !== null) return { may_sign_in: false, why };
  const person = { may_sign_in: true, subject: claims.sub, email } as const;
  const known =
    operators.find(({ subject }) => subject === claims.sub) ??
    operators.find((one) => one.subject === null && one.email !== null && one.email === email);
  if (known) {
    return { ...person, role: known.role as Role, operator_id: known.operator_id };
  }
  const role = mappedRole(claims, provider);
  if (role !== undefined) return { ...person, role };
  return { may_sign_in: false, why: 'no operator and no role is known for this person' };
}

/** A wallet user sees the grants of one principal. */
export function signInUser(
  claims: IdTokenClaims,
  provider: IdentityProvidersTable,
): SignIn<{ readonly principal_id: string }> {
  const email = verifiedEmail(claims);
  const why = domainFault(email, provider);
  if (why !== null) return { may_sign_in: false, why };
  const name = provider.principal_claim ?? 'sub';
  const value = name === 'email' ? email : Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (typeof value !== 'string' || value === '' || value.length > 256) {
    return { may_sign_in: false, why: `the claim ${name} names no principal` };
  }
  return { may_sign_in: true, subject: claims.sub, email, principal_id: value };
}
