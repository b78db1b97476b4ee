import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { AffidavitError } from '@affidavit/schema';
import * as fc from 'fast-check';

import { parseStrictJson } from './strict-json.ts';

const parse = (text: string) => parseStrictJson(Buffer.from(text));
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

function refusal(bytes: Uint8Array): AffidavitError {
  try {
    parseStrictJson(bytes);
  } catch (error) {
    assert.ok(error instanceof AffidavitError, String(error));
    assert.equal(error.code, 'invalid_request');
    assert.ok(error.details.field && error.details.expected);
    return error;
  }
  return assert.fail('it was accepted');
}

describe('what strict JSON refuses, and where', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    // Names that stand twice.
    ['a name twice', '{"a":1,"a":1}', 'a'],
    ['a name twice, spelt with an escape', '{"a":1,"\\u0061":2}', 'a'],
    ['a name twice, both escaped', '{"\\u0061b":1,"a\\u0062":2}', 'ab'],
    ['an escaped slash', '{"a/b":1,"a\\/b":2}', 'a/b'],
    ['an escaped quote', '{"\\"":1,"\\u0022":2}', '"'],
    ['a backslash before the quote', '{"\\\\":1,"\\u005c":2}', '\\'],
    ['an escaped pair', '{"\u{1f980}":1,"\\ud83e\\udd80":2}', '\u{1f980}'],
    ['an empty name twice', '{"":1,"":2}', 'body'],
    ['a name twice deep inside', '{"x":[1,{"y":{"k":1,"z":[],"k":2}}]}', 'k'],
    ['a name twice with space around', `{"k":1,"k"${' '.repeat(200)}:2}`, 'k'],
    ['__proto__ twice', '{"__proto__":1,"__proto__":2}', '__proto__'],
    ['constructor twice', '{"constructor":1,"constructor":1}', 'constructor'],
    ['a number as a name twice', '{"1":1,"1":2}', '1'],
    ['values that look like names', '{"a":":\\":","b":"a:","a":0}', 'a'],
    // Numbers that a double does not hold.
    ['2^53', '{"n":9007199254740992}', 'n'],
    ['2^53 + 1', '{"a":{"n":[0,9007199254740993]}}', 'a.n[1]'],
    ['−2^53', '[-9007199254740992]', 'body[0]'],
    ['2^64', '18446744073709551616', 'body'],
    ['2^53 as a fraction', '9007199254740992.0', 'body'],
    ['2^53 with an exponent', '9.007199254740993e15', 'body'],
    ['1.5e300, an integer all the same', '1.5e300', 'body'],
    ['1e400', '{"n":1e400}', 'n'],
    ['−1e400', '-1e400', 'body'],
    // Halves of surrogate pairs.
    ['a high half', '{"a":"\\ud83e"}', 'a'],
    ['a low half', '{"a":["x","\\udd80"]}', 'a[1]'],
    ['halves the wrong way round', '"\\udd80\\ud83e"', 'body'],
    ['a half in a name', '{"x":{"\\uD800":1}}', 'x'],
    ['a half among wholes', '["\\ud83e\\udd80\\uDFFF"]', 'body[0]'],
    // What JSON itself refuses.
    ['nothing', '', 'body'],
    ['space', ' \n', 'body'],
    ['a byte order mark', '\ufeff{}', 'body'],
    ['a comma too many', '{"a":1,}', 'body'],
    ['a comment', '{}//', 'body'],
    ['NaN', 'NaN', 'body'],
    ['a leading zero', '01', 'body'],
    ['an open string', '{"a":"', 'body'],
    ['a bare control character', '"\u0001"', 'body'],
    ['two values', '{} {}', 'body'],
    ['too many levels', nested(65), `body${'[0]'.repeat(33)}`],
  ];
  for (const [title, text, field] of cases) {
    test(title, () => {
      const found = refusal(Buffer.from(text)).details.field as string;
      if (field.length <= 100) assert.equal(found, field);
      else assert.ok(found.endsWith('…'));
    });
  }

  const bytes: readonly (readonly [string, number[]])[] = [
    ['a bare continuation', [0x22, 0x80, 0x22]],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
    ['an encoded half pair', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['a cut character', [0x22, 0xf0, 0x9f, 0xa6]],
    ['UTF-16', [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]],
    ['Latin-1', [0x22, 0xe9, 0x22]],
  ];
  for (const [title, raw] of bytes) {
    test(`bytes that are no UTF-8: ${title}`, () =>
      assert.match(refusal(Uint8Array.from(raw)).message, /not UTF-8/));
  }

  test('the answer does not repeat the body, nor grow with it', () => {
    const secret = 'hunter2';
    const error = refusal(Buffer.from(`{"password":${secret}}`));
    assert.doesNotMatch(JSON.stringify([error.message, error.details]), /hunter2/);
    const name = 'n'.repeat(100_000);
    const long = refusal(Buffer.from(`{"${name}":1,"${name}":1}`));
    assert.ok(JSON.stringify([long.message, long.details]).length < 1000);
    const deep = refusal(Buffer.from(`{"${name}":1e999}`));
    assert.ok(JSON.stringify([deep.message, deep.details]).length < 1000);
  });
});

describe('what strict JSON takes', () => {
  const taken = [
    '{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}',
    '{"a":1,"A":1,"á":1,"a\u0301":1}',
    '9007199254740991',
    '-9007199254740991',
    '0.1',
    '1e-400',
    '-0',
    '"\\ud83e\\udd80"',
    '"\u{1f980}"',
    '"\\\\ud800"',
    '"\ufeff"',
    '"\\u0000"',
    '{"a":"\\\\","b":"\\\\\\"","c":":{}[],"}',
    nested(64),
    ' \t\r\n[ 1 , 2 ] ',
  ];
  for (const text of taken) {
    test(text.slice(0, 50), () => assert.deepEqual(parse(text), JSON.parse(text)));
  }

  test('names of Object.prototype are names like any other', () => {
    const value = parse('{"__proto__":{"x":1},"constructor":2,"toString":3,"hasOwnProperty":4}');
    assert.deepEqual(Object.keys(value as object), [
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
    ]);
    assert.equal(({} as { x?: unknown }).x, undefined);
    assert.equal((value as { x?: unknown }).x, undefined);
    assert.throws(() => parse('{"__proto__":{"n":1e400}}'));
  });

  test('any JSON value comes back as it is', () => {
    const value = fc.jsonValue({ stringUnit: 'binary', maxDepth: 6 });
    const isSound = (text: string) => !/\d{16}|e\+/.test(text);
    fc.assert(
      fc.property(value, fc.nat(3), (given, indent) => {
        const text = JSON.stringify(given, null, indent);
        fc.pre(isSound(text));
        assert.deepEqual(parse(text), JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  test('a value with one name written twice is refused, wherever it stands', () => {
    const name = fc.string({ unit: 'binary', maxLength: 5 });
    const at = fc.constantFrom('', '[', '{"deep":', '[0,{"x":');
    fc.assert(
      fc.property(name, fc.jsonValue({ maxDepth: 2 }), at, (twice, other, open) => {
        const text = JSON.stringify(other);
        fc.pre(!/\d{16}|e\+/.test(text));
        const close = [...open].reverse().join('').replaceAll(/[^[{]/g, '');
        const inner = `{${JSON.stringify(twice)}:1,"other ${twice.length}":${text},${escaped(twice)}:2}`;
        const whole = open + inner + close.replaceAll('[', ']').replaceAll('{', '}');
        assert.equal(refusal(Buffer.from(whole)).details.field, twice || 'body');
      }),
    );
  });
});

/** The same name, with every unit written as an escape. */
function escaped(name: string): string {
  const units = Array.from({ length: name.length }, (_, i) => name.charCodeAt(i));
  return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')}"`;
}
