import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Grant } from '../ports.ts';
import { driftOf } from './lifecycle.ts';

const grantWith = (scopes: readonly string[]): Grant => ({
  grant_id: 'grt_1',
  provider: 'mail',
  kind: 'oauth',
  secret_id: null,
  principal: { type: 'user', id: 'ada' },
  agents: '*',
  scopes,
  created_at: 0,
  expires_at: null,
  revoked_at: null,
  needs_reauth_at: null,
});

describe('a drift of scopes', () => {
  const drift = (scopes: string[], before: string[], after: string[]) =>
    driftOf(grantWith(scopes), before, after, {})?.grantScopes;

  it('is none where they are the same, in whatever order', () => {
    assert.equal(drift(['a', 'b'], ['a', 'b'], ['b', 'a']), undefined);
    assert.equal(drift([], [], []), undefined);
  });

  it('is followed by the grant, both ways', () => {
    assert.deepEqual(drift(['a', 'b'], ['a', 'b'], ['a']), ['a']);
    assert.deepEqual(drift(['a'], ['a'], ['a', 'b']), ['a', 'b']);
  });

  it('never gives more than an operator has left', () => {
    assert.deepEqual(drift(['a'], ['a', 'b'], ['a', 'b', 'c']), ['a']);
    assert.deepEqual(drift(['a', 'b'], ['a', 'b', 'c'], ['b', 'c']), ['b']);
    // No scopes at all would mean no limit.
    assert.deepEqual(drift(['a'], ['a', 'b'], ['b']), ['a']);
    assert.deepEqual(drift(['a'], ['a'], []), ['a']);
  });

  it('tells what was gained and lost', () => {
    const event = driftOf(grantWith(['a', 'b']), ['a', 'b'], ['b', 'c'], { grant_id: 'grt_1' });
    assert.deepEqual(event?.event.args, {
      before: ['a', 'b'],
      after: ['b', 'c'],
      gained: ['c'],
      lost: ['a'],
    });
    assert.equal(event?.event.grant_id, 'grt_1');
  });
});
