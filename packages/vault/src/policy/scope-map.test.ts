import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { fitsPieces } from './scope-map.ts';

test('pieces fit as a pattern with stars would', () => {
  const cases: [string, string, boolean][] = [
    ['/a', '/a', true],
    ['/a', '/a/', false],
    ['/a/*', '/a/', true],
    ['/a/*', '/a', false],
    ['/a*a', '/a', false],
    ['/a*a', '/aa', true],
    ['*', '', true],
    ['/*/x/*', '/x/x/', true],
    ['/*/x/*', '/x/', false],
  ];
  for (const [pattern, text, fit] of cases) {
    assert.equal(fitsPieces(text, pattern.split('*')), fit, `${pattern} ${text}`);
  }
});

test('pieces fit exactly what a regular expression of them does', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 6 });
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), word, (pieces, text) => {
      const whole = new RegExp(`^${pieces.join('.*')}$`, 's');
      return fitsPieces(text, pieces) === whole.test(text);
    }),
    { numRuns: 2000 },
  );
});
