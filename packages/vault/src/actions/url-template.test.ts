import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { AffidavitError } from '@affidavit/schema';
import fc from 'fast-check';

import { fillUrl, readUrlTemplate } from './url-template.ts';

const BASE = 'https://api.example.com/base/';

/** Text that tries to get out. */
const nasty = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc
    .array(
      fc.constantFrom('.', '..', '/', '\\', '%2e', '%2F', '?', '#', '&', '=', '@', ':', '//'),
      { maxLength: 6 },
    )
    .map((parts) => parts.join('')),
  fc.constantFrom('\t', '\n', ' ', '\u0000', '．．', '%', ';', '+', '\ud800', 'a/../../b'),
);

/** The address, or null where an argument was refused. */
function filled(template: string, args: Record<string, string>): URL | null {
  try {
    return new URL(BASE + fillUrl(readUrlTemplate(template), args));
  } catch (error) {
    if (error instanceof AffidavitError && error.code === 'invalid_request') return null;
    throw error;
  }
}

describe('an argument in the path', () => {
  it('stays in its segment, whatever it is, or is refused', () => {
    fc.assert(
      fc.property(nasty, nasty, (a, b) => {
        const url = filled('v1/{a}/x-{b}.json?fixed=1', { a, b });
        if (url === null) return;
        assert.equal(url.origin, 'https://api.example.com');
        assert.equal(url.search, '?fixed=1');
        assert.equal(url.hash, '');
        const segments = url.pathname.split('/').map(decodeURIComponent);
        assert.deepEqual(segments, ['', 'base', 'v1', a, `x-${b}.json`]);
      }),
      { numRuns: 2000 },
    );
  });

  it('may be any text without slashes and controls', () => {
    for (const text of ['a b', 'ä', '100%', 'a?b#c', 'a:b@c', "(a)'*!", '...', '😀', 'a;b=c']) {
      assert.notEqual(filled('v1/{a}', { a: text }), null, text);
    }
    for (const text of ['', '.', '..', 'a/b', 'a\\b', 'a\nb', '\ud800']) {
      assert.equal(filled('v1/{a}', { a: text }), null, JSON.stringify(text));
    }
  });

  it('does not become a dot segment together with what stands beside it', () => {
    assert.equal(filled('v1/.{a}/x', { a: '.' }), null);
    assert.equal(filled('v1/{a}{b}/x', { a: '.', b: '.' }), null);
    assert.equal(filled('v1/%2e{a}/x', { a: '.' }), null);
  });
});

describe('an argument in the query', () => {
  it('is the value of its parameter, and nothing else', () => {
    fc.assert(
      fc.property(nasty, (a) => {
        const url = filled('v1/x?q={a}&fixed=1', { a });
        if (url === null) return assert.equal(a.isWellFormed(), false);
        assert.equal(url.pathname, '/base/v1/x');
        assert.deepEqual(
          [...url.searchParams],
          [
            ['q', a],
            ['fixed', '1'],
          ],
        );
        assert.equal(url.hash, '');
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a template', () => {
  it('is refused where an argument could choose more than a segment or a value', () => {
    const wrong = [
      'https://{host}/v1',
      'https://a.example{x}/v1',
      '//elsewhere/{a}',
      '/v1/{+a}',
      '/v1{?a}',
      '/v1/{a',
      '/v1/a}',
      '/v1/{}',
      '/v1/{a b}',
      '/v1/../{a}',
      '/v1/%2E%2e/{a}',
      '/v1/{a}#{b}',
      '/v1?{a}=1',
      '/v1?x=1&{a}',
      '/v1\\{a}',
      '/v1/a b',
      '/v1/\u00e4',
    ];
    for (const template of wrong) {
      assert.throws(() => readUrlTemplate(template), { code: 'invalid_request' }, template);
    }
  });

  it('takes members of arguments, and numbers and booleans as text', () => {
    const template = readUrlTemplate('/v1/{a.id}/{b}?c={c}');
    assert.deepEqual([...template.names], ['a.id', 'b', 'c']);
    assert.equal(fillUrl(template, { a: { id: 7 }, b: true, c: 1.5 }), '/v1/7/true?c=1.5');
    for (const args of [{}, { a: { id: null }, b: 1, c: 1 }, { a: { id: [] }, b: 1, c: 1 }]) {
      assert.throws(() => fillUrl(template, args as never), { code: 'invalid_request' });
    }
    assert.throws(() => fillUrl(readUrlTemplate('/{constructor}'), {}), {
      code: 'invalid_request',
    });
  });
});
