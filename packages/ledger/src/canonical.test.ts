import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { canonicalize, MAX_DEPTH } from './canonical.ts';

test('the example of RFC 8785 section 3.2.2', () => {
  const input: unknown = JSON.parse(String.raw`{
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  }`);
  assert.equal(
    canonicalize(input),
    String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
  );
});

test('the order of RFC 8785 section 3.2.3', () => {
  const input = {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    '1': 'One',
    '\ud83d\ude00': 'Emoji: Grinning Face',
    '\u0080': 'Control',
    '\u00f6': 'Latin Small Letter O With Diaeresis',
  };
  const values = [...canonicalize(input).matchAll(/:"([^"]*)"/g)].map((match) => match[1]);
  assert.deepEqual(values, [
    'Carriage Return',
    'One',
    'Control',
    'Latin Small Letter O With Diaeresis',
    'Euro Sign',
    'Emoji: Grinning Face',
    'Hebrew Letter Dalet With Dagesh',
  ]);
});

test('the numbers of RFC 8785 appendix B', () => {
  const vectors: [string, string][] = [
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555557', '333333333.33333343'],
  ];
  for (const [bits, expected] of vectors) {
    assert.equal(canonicalize(Buffer.from(bits, 'hex').readDoubleBE()), expected);
  }
});

test('keeps the value, is in order, and is the same whatever the order was', () => {
  const value = fc.jsonValue({ stringUnit: 'binary', maxDepth: 4 });
  fc.assert(
    fc.property(value, (input) => {
      const text = canonicalize(input);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(input)));
      assert.equal(canonicalize(reversed(JSON.parse(text))), text);
      assertOrdered(JSON.parse(text));
    }),
  );
});

/** The same value with all members in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, member]) => [name, reversed(member)] as const);
  return Object.fromEntries(entries.reverse());
}

/** The names that JSON.parse meets, in the order of the text, but for integers, which it sorts. */
function assertOrdered(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  const names = Array.isArray(value)
    ? []
    : Object.keys(value).filter((name) => !/^\d+$/.test(name));
  assert.deepEqual(names, [...names].sort());
  for (const member of Object.values(value)) assertOrdered(member);
}

test('integer names are ordered as texts', () => {
  assert.equal(canonicalize({ 9: 1, 10: 2, a: 3 }), '{"10":2,"9":1,"a":3}');
  assert.equal(canonicalize(JSON.parse('{"b":1,"__proto__":2}')), '{"__proto__":2,"b":1}');
});

test('what has no canonical form is refused, never left out', () => {
  const holes: unknown[] = [1];
  holes[2] = 3;
  const refused: unknown[] = [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    undefined,
    1n,
    () => 1,
    Symbol('s'),
    '\ud800',
    'a\udc00b',
    { '\udfff': 1 },
    { a: undefined },
    [undefined],
    holes,
    { [Symbol('s')]: 1 },
    new Date(0),
    new Map(),
    new Uint8Array(1),
    { toJSON: () => 1 },
  ];
  for (const value of refused) {
    assert.throws(() => canonicalize(value), { name: 'LedgerError', code: 'not_canonical' });
    assert.throws(() => canonicalize({ a: [value] }), { code: 'not_canonical' });
  }
});

test('nesting is bounded, and so are circles', () => {
  const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
  assert.equal(canonicalize(nested(MAX_DEPTH)).length, 2 * MAX_DEPTH + 1);
  assert.throws(() => canonicalize(nested(MAX_DEPTH + 1)), { code: 'not_canonical' });
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  assert.throws(() => canonicalize(circle), { code: 'not_canonical' });
});
