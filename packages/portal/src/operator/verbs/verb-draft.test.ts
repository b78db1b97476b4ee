import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Verb } from './types.ts';
import { faultsOf, sampleArgs, toVerbBody, toVerbDraft } from './verb-draft.ts';

const VERB: Verb = {
  verb: 'stripe:create_refund',
  provider: 'stripe',
  method: 'POST',
  url: '/v1/refunds/{charge}',
  args_schema: {
    type: 'object',
    properties: {
      charge: { type: 'string' },
      amount: { type: 'integer' },
      why: { enum: ['duplicate', 'fraud'] },
      note: { type: 'string' },
    },
    required: ['charge', 'amount', 'why'],
  },
  risk_level: 'HIGH',
  idempotent: true,
  governance: 'approval',
  query: { expand: '{why}' },
  headers: { 'x-at': 'https://a.example' },
  body: { amount: '{amount}' },
  body_format: 'form',
  scopes: ['refunds'],
  description: 'Gives money back',
  created_at: '2026-11-01T00:00:00.000Z',
  updated_at: '2026-11-01T00:00:00.000Z',
};

test('a verb comes out of its form as it went in', () => {
  const { created_at: _c, updated_at: _u, ...body } = VERB;
  assert.deepEqual(toVerbBody(toVerbDraft(VERB), true), body);
  assert.equal('verb' in toVerbBody(toVerbDraft(VERB), false), false);
});

test('arguments to begin with are those that the schema asks for', () => {
  assert.deepEqual(JSON.parse(sampleArgs(VERB)), { charge: '…', amount: 1, why: 'duplicate' });
});

test('what is no JSON is told, by field', () => {
  const draft = { ...toVerbDraft(VERB), args_schema: '{', body: '' };
  assert.deepEqual(Object.keys(faultsOf(draft)), ['args_schema']);
});
