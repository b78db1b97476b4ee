import assert from 'node:assert/strict';
import { test } from 'node:test';

import { toProviderBody, toProviderDraft } from './provider-draft.ts';

const row = (auth: { type: string; [more: string]: unknown }) => ({
  provider_id: 'prv_1',
  name: 'mail',
  base_url: 'https://mail.example/api',
  auth,
  created_at: '2026-11-01T00:00:00.000Z',
});

test('a provider comes out of its form as it went in', () => {
  for (const auth of [
    { type: 'bearer' },
    { type: 'header', name: 'x-api-key' },
    { type: 'basic' },
    {
      type: 'oauth2',
      issuer: 'https://id.example',
      client_id: 'affidavit',
      token_endpoint_auth_method: 'client_secret_post',
      scopes: ['openid', 'mail.read'],
      token_exchange: true,
      authorization_params: { access_type: 'offline', hint: 'a=b' },
    },
  ]) {
    const body = toProviderBody(toProviderDraft(row(auth)), false);
    assert.deepEqual(body, { base_url: 'https://mail.example/api', auth, scope_map: null });
  }
});

test('what is not said of a new one is left out', () => {
  const draft = { ...toProviderDraft(), name: ' mail ', base_url: 'https://mail.example' };
  assert.deepEqual(toProviderBody(draft, true), {
    name: 'mail',
    base_url: 'https://mail.example',
    auth: { type: 'bearer' },
  });
});
