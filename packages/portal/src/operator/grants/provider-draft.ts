import type { ProviderRow } from '../directory.ts';
import { readScopeMap, scopeMapText, type ScopeMap } from './scope-map-text.ts';

/** A provider while it is written: every field as text. */

export type AuthType = 'bearer' | 'header' | 'query' | 'basic' | 'oauth2';

const OAUTH_TEXTS = [
  'issuer',
  'authorization_endpoint',
  'token_endpoint',
  'revocation_endpoint',
  'introspection_endpoint',
  'client_id',
  'token_endpoint_auth_method',
] as const;
type OAuthText = (typeof OAUTH_TEXTS)[number];

export type ProviderDraft = Readonly<Record<OAuthText, string>> & {
  readonly name: string;
  readonly base_url: string;
  readonly timeout_ms: string;
  readonly type: AuthType;
  /** Of the header, the query parameter or the user. */
  readonly auth_name: string;
  readonly client_secret: string;
  readonly scopes: string;
  readonly token_exchange: boolean;
  /** `name=value`, one to a line. */
  readonly authorization_params: string;
  readonly scope_map: string;
};

const text = (value: unknown) => (typeof value === 'string' ? value : '');

export function toProviderDraft(row?: ProviderRow): ProviderDraft {
  const auth = row?.auth ?? { type: 'bearer' };
  const texts = Object.fromEntries(OAUTH_TEXTS.map((name) => [name, text(auth[name])]));
  const params = (auth['authorization_params'] ?? {}) as Readonly<Record<string, string>>;
  return {
    ...(texts as Record<OAuthText, string>),
    name: row?.name ?? '',
    base_url: row?.base_url ?? '',
    timeout_ms: row?.timeout_ms === undefined ? '' : String(row.timeout_ms),
    type: auth.type as AuthType,
    auth_name: text(auth['name']),
    client_secret: '',
    scopes: ((auth['scopes'] ?? []) as readonly string[]).join('\n'),
    token_exchange: auth['token_exchange'] === true,
    authorization_params: Object.entries(params)
      .map(([name, value]) => `${name}=${value}`)
      .join('\n'),
    scope_map: scopeMapText(row?.scope_map as ScopeMap | undefined),
  };
}

const words = (value: string) => value.split(/[\s,]+/).filter((one) => one !== '');

function oauthOf(draft: ProviderDraft): Readonly<Record<string, unknown>> {
  const texts = OAUTH_TEXTS.filter((name) => draft[name].trim() !== '');
  const params = draft.authorization_params
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const [name = '', ...value] = line.split('=');
      return [name.trim(), value.join('=').trim()];
    });
  return {
    type: 'oauth2',
    ...Object.fromEntries(texts.map((name) => [name, draft[name].trim()])),
    scopes: words(draft.scopes),
    ...(draft.client_secret === '' ? {} : { client_secret: draft.client_secret }),
    ...(draft.token_exchange ? { token_exchange: true } : {}),
    ...(params.length === 0 ? {} : { authorization_params: Object.fromEntries(params) }),
  };
}

function authOf(draft: ProviderDraft): Readonly<Record<string, unknown>> {
  const { type, auth_name } = draft;
  if (type === 'oauth2') return oauthOf(draft);
  if (type === 'bearer' || auth_name.trim() === '') return { type };
  return { type, name: auth_name.trim() };
}

/** What is sent: all of a new one, or what can be changed of one that is there. */
export function toProviderBody(draft: ProviderDraft, isNew: boolean) {
  const { base_url, timeout_ms, scope_map } = draft;
  const map = scope_map.trim() === '' ? null : readScopeMap(scope_map);
  return {
    ...(isNew ? { name: draft.name.trim() } : {}),
    base_url: base_url.trim(),
    auth: authOf(draft),
    ...(timeout_ms === '' ? {} : { timeout_ms: Number(timeout_ms) }),
    ...(isNew && map === null ? {} : { scope_map: map }),
  };
}
