import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { Window, type Place } from './window.ts';

const LIMIT = 4;
const WIDTH_MS = 100;

/** A step: how much later, and whether the call that got a place is written. */
const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.boolean()), { maxLength: 80 });

test('agrees with counting the calls of the window, whatever is written and whatever is not', () => {
  fc.assert(
    fc.property(steps, fc.double({ min: 0, max: 0.999, noNaN: true }), (moves, random) => {
      const window = new Window(LIMIT, WIDTH_MS, new Map());
      const calls: number[] = [];
      let now = 0;
      for (const [later, isWritten] of moves) {
        now += later;
        const within = calls.filter((at) => at + WIDTH_MS > now).length;
        assert.equal(window.used(now), within);
        const place = window.hold(now, () => random);
        assert.equal(place !== null, within < LIMIT);
        if (place === null) {
          const oldest = calls.at(-LIMIT) as number;
          assert.equal(window.nextAt(now), oldest + WIDTH_MS);
        } else if (isWritten) {
          window.put({ ...place, used_at: now });
          calls.push(now);
        } else window.put(place);
      }
    }),
  );
});

test('what is held is given to nobody else', () => {
  const window = new Window(3, WIDTH_MS, new Map([[1, 950]]));
  const held = [window.hold(1000, () => 0), window.hold(1000, () => 0.99)] as Place[];
  assert.deepEqual(held.map(({ slot }) => slot).sort(), [0, 2]);
  assert.equal(
    window.hold(1000, () => 0),
    null,
  );
  assert.equal(window.nextAt(1000), 1050);
  window.put(held[0] as Place);
  assert.equal(window.hold(1000, () => 0)?.slot, held[0]?.slot);
});
