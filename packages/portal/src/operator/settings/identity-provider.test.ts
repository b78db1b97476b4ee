import assert from 'node:assert/strict';
import { test } from 'node:test';

import { IdentityProviderBody } from '@affidavit/schema';

import { bodyOf, draftOf } from './identity-provider.ts';

test('what a form has is what the API takes', () => {
  const draft = {
    ...draftOf(),
    issuer: ' https://login.example ',
    client_id: 'affidavit',
    email_domains: 'Example.com, b.example\n',
    role_claim: 'groups',
    roles: [{ value: ' security ', role: 'analyst' }],
  };
  const operators = bodyOf('operators', draft);
  assert.deepEqual(operators, {
    audience: 'operators',
    issuer: 'https://login.example',
    client_id: 'affidavit',
    scopes: ['openid', 'email', 'profile'],
    email_domains: ['Example.com', 'b.example'],
    role_claim: 'groups',
    roles: { security: 'analyst' },
  });
  assert.ok(IdentityProviderBody.safeParse(operators).success);
  const wallet = bodyOf('wallet', draft);
  assert.ok(IdentityProviderBody.safeParse(wallet).success);
  assert.ok(!('roles' in wallet));
});
