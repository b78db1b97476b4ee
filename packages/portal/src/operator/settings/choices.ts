import type { Option } from '../../shared/ui/field.tsx';

/** What forms of settings let people choose from. */

export const ROLES: readonly (Option & { readonly about: string; readonly owners?: true })[] = [
  { value: 'owner', label: 'Owner', about: 'everything, roles and sign-in too', owners: true },
  { value: 'admin', label: 'Admin', about: 'changes everything but who governs', owners: true },
  { value: 'analyst', label: 'Analyst', about: 'reads the trail and how things are set up' },
  { value: 'auditor', label: 'Auditor', about: 'checks the ledger, without any contents' },
  { value: 'approver', label: 'Approver', about: 'decides approvals' },
];

/** As a menu says them; what is for owners is left out for others. */
export const roleOptions = (isOwner: boolean): readonly Option[] =>
  ROLES.filter(({ owners }) => isOwner || !owners).map(({ value, label, about }) => ({
    value,
    label: `${label}: ${about}`,
  }));

export const roleName = (role: string): string =>
  ROLES.find(({ value }) => value === role)?.label ?? role;

export const SCOPES: readonly Option[] = [
  { value: 'events:write', label: 'report events' },
  { value: 'events:read', label: 'read the trail' },
  { value: 'calls:execute', label: 'make calls and actions' },
  { value: 'ledger:read', label: 'check the ledger' },
  { value: 'grants:connect', label: 'connect grants for users' },
  { value: 'approvals:decide', label: 'decide approvals' },
  { value: 'wallet:open', label: 'open wallets for users' },
  { value: 'admin', label: 'everything (for owners)' },
];

const DAY_SECONDS = 86_400;

export const KEY_OVERLAPS: readonly Option[] = [
  { value: '0', label: 'End the old key at once' },
  { value: '3600', label: 'An hour' },
  { value: String(DAY_SECONDS), label: 'A day' },
  { value: String(7 * DAY_SECONDS), label: 'A week' },
  { value: String(30 * DAY_SECONDS), label: '30 days' },
];

export const SIGNING_OVERLAPS: readonly Option[] = [
  { value: '0', label: 'End the old key at once' },
  { value: String(DAY_SECONDS), label: 'A day' },
  { value: String(7 * DAY_SECONDS), label: 'A week' },
  { value: String(30 * DAY_SECONDS), label: '30 days' },
  { value: String(90 * DAY_SECONDS), label: '90 days' },
];

/** What `<input type="datetime-local">` has, in the zone of the reader, as ISO 8601 UTC. */
export const toIso = (local: string): string => new Date(local).toISOString();

/** One id on each line, or with commas between. */
export const idsOf = (text: string): readonly string[] =>
  [...new Set(text.split(/[\s,]+/))].filter((id) => id !== '');
