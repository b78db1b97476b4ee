import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { categoryOf } from './event-types.ts';

describe('the category of a type', () => {
  it("is the catalogue's, else the noun's, else an action", () => {
    assert.equal(categoryOf('retention.swept'), 'admin');
    assert.equal(categoryOf('grant.borrowed'), 'grant');
    assert.equal(categoryOf('robot.moved'), 'action');
  });

  it('is never something that every object has', () => {
    assert.equal(categoryOf('constructor.called'), 'action');
    assert.equal(categoryOf('to_string.called'), 'action');
  });
});
