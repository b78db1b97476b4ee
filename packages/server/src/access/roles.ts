import { AffidavitError, type Role, type Scope } from '@affidavit/schema';

import type { Identity } from './identity.ts';

/**
 * Roles are names for scopes, so that every route asks for one thing. What an owner has beyond an
 * admin is no scope: roles and identity providers (`ownersOnly` of a route, and the rules below).
 */
export const SCOPES_OF: Readonly<Record<Role, readonly Scope[]>> = {
  owner: ['admin'],
  admin: ['admin'],
  /** Reads all that happened, and how the app is set up (`readsAll`). */
  analyst: ['events:read', 'ledger:read'],
  /** Checks the ledger, without any contents. */
  auditor: ['ledger:read'],
  approver: ['approvals:decide'],
};

/** A role that can do all that an admin can. */
const GOVERNS: ReadonlySet<Role> = new Set(['owner', 'admin']);

/** What somebody or something may do: a role, or a key's scopes where it has none. */
export interface Standing {
  readonly role: Role | null;
  readonly scopes: Iterable<string>;
}

/** A key with the scope `admin` and no role does everything in its app: it is an owner's. */
export function isOwner({ role, scopes }: Standing): boolean {
  return role === null ? new Set(scopes).has('admin') : role === 'owner';
}

/** Whether changing it, or giving it to somebody, is for owners alone. */
export function isForOwners({ role, scopes }: Standing): boolean {
  return role === null ? new Set(scopes).has('admin') : GOVERNS.has(role);
}

/** An analyst reads what admins administer: of all such routes those that only read. */
export function readsAll({ role }: Identity, route: { readonly method: string }): boolean {
  return role === 'analyst' && route.method === 'GET';
}

export function requireOwner(identity: Identity): void {
  if (isOwner(identity)) return;
  throw new AffidavitError('forbidden', 'this is for owners', {
    expected: 'a key of the role owner, or one with the scope admin and no role',
    extra: { required_role: 'owner' },
  });
}

/** Nobody gives what only owners have, takes it away, or gets hold of it, but an owner. */
export function requireMayManage(identity: Identity, standing: Standing, what: string): void {
  if (!isForOwners(standing) || isOwner(identity)) return;
  throw new AffidavitError('forbidden', `${what} is for owners`, {
    field: standing.role === null ? 'scopes' : 'role',
    expected: 'a role below admin, or a key of an owner',
    extra: { required_role: 'owner' },
  });
}
