import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AffidavitError } from '@affidavit/schema';

import { Slots } from './slots.ts';

const overloaded = (error: unknown) => {
  assert.ok(error instanceof AffidavitError);
  assert.equal(error.code, 'overloaded');
  assert.ok((error.details.retryAfterSeconds ?? 0) > 0);
  return true;
};

test('as many as there are places at once, and a place is free again however it ends', async () => {
  const slots = new Slots(2, 'things');
  const works = [Promise.withResolvers<string>(), Promise.withResolvers<string>()] as const;
  const held = works.map(({ promise }) => slots.during(() => promise));
  assert.equal(slots.taken, 2);
  let begun = false;
  await assert.rejects(
    slots.during(async () => (begun = true)),
    overloaded,
  );
  assert.equal(begun, false);
  works[0].resolve('done');
  works[1].reject(new Error('failed'));
  assert.equal(await held[0], 'done');
  await assert.rejects(held[1] as Promise<string>, /failed/);
  assert.equal(slots.taken, 0);
  assert.equal(await slots.during(async () => 'again'), 'again');
});
