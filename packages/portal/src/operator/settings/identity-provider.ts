/** Identity providers as the API shows them, and as a form has them. */

export type Audience = 'operators' | 'wallet';

export interface Provider {
  readonly audience: Audience;
  readonly issuer: string;
  readonly client_id: string;
  readonly scopes: readonly string[];
  readonly role_claim?: string;
  readonly roles?: Readonly<Record<string, string>>;
  readonly email_domains?: readonly string[];
  readonly wallet?: { readonly principal_claim: string };
  /** Whether a client secret is kept. */
  readonly client_authenticates: boolean;
  readonly updated_at: string;
}

export interface RoleRow {
  readonly value: string;
  readonly role: string;
}

export interface Draft {
  readonly issuer: string;
  readonly client_id: string;
  readonly client_secret: string;
  readonly scopes: string;
  readonly email_domains: string;
  readonly role_claim: string;
  readonly roles: readonly RoleRow[];
  readonly principal_claim: string;
}

export const draftOf = (old?: Provider): Draft => ({
  issuer: old?.issuer ?? '',
  client_id: old?.client_id ?? '',
  client_secret: '',
  scopes: (old?.scopes ?? ['openid', 'email', 'profile']).join(' '),
  email_domains: (old?.email_domains ?? []).join('\n'),
  role_claim: old?.role_claim ?? '',
  roles: Object.entries(old?.roles ?? {}).map(([value, role]) => ({ value, role })),
  principal_claim: old?.wallet?.principal_claim ?? 'sub',
});

const wordsOf = (text: string) => text.split(/[\s,]+/).filter((word) => word !== '');

/** The body of `PUT /v1/identity-provider`; an empty secret leaves the one that is there. */
export function bodyOf(audience: Audience, draft: Draft): object {
  const { issuer, client_id, client_secret, role_claim, roles, principal_claim } = draft;
  const domains = wordsOf(draft.email_domains);
  const mapped =
    audience === 'operators' && role_claim.trim() !== ''
      ? {
          role_claim: role_claim.trim(),
          roles: Object.fromEntries(roles.map(({ value, role }) => [value.trim(), role])),
        }
      : {};
  return {
    audience,
    issuer: issuer.trim(),
    client_id: client_id.trim(),
    scopes: wordsOf(draft.scopes),
    ...(client_secret === '' ? {} : { client_secret }),
    ...(domains.length === 0 ? {} : { email_domains: domains }),
    ...mapped,
    ...(audience === 'wallet' ? { wallet: { principal_claim: principal_claim.trim() } } : {}),
  };
}
