import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { callAddress, callHost, readPath, readPathPattern } from './path.ts';

const pathOf = (url: string) => readPath(new URL(url, 'https://a.test').pathname);

test('a path is decoded once, after the URL parser resolved its dot segments', () => {
  const plain: [string, string][] = [
    ['/v1/items', '/v1/items'],
    ['/v1/a%20b', '/v1/a b'],
    ['/%61dmin', '/admin'],
    ['/caf%C3%A9', '/café'],
    ['/v1/../admin', '/admin'],
    ['/v1/%2e%2E/admin', '/admin'],
    ['/v1/./x/', '/v1/x/'],
    ['/calendars/a%23b%3Fc/events', '/calendars/a#b?c/events'],
    ['/v1/x?path=/../..//%2f', '/v1/x'],
  ];
  for (const [url, path] of plain) assert.deepEqual(pathOf(url), { path, ambiguity: null }, url);
});

test('what can be read in two ways is ambiguous', () => {
  const ambiguous: [string, RegExp][] = [
    ['/v1/%2fadmin', /encoded slash/],
    ['/v1%2F..%2Fadmin', /encoded slash/],
    ['/v1/%5cadmin', /backslash/],
    ['https://a.test//admin', /empty segment/],
    ['/v1//admin', /empty segment/],
    ['/v1/%252e%252e/admin', /encoded twice/],
    ['/v1/%252fadmin', /encoded twice/],
    ['/v1/%00', /control character/],
    ['/v1/%0d%0ax', /control character/],
    ['/v1/%zz', /encodes nothing/],
    ['/v1/100%', /encodes nothing/],
    ['/v1/%ff', /not UTF-8/],
    ['/v1/%c0%ae%c0%ae/admin', /not UTF-8/],
    ['/v1/..;/admin', /path parameter/],
    ['/v1/admin;a=1', /path parameter/],
    ['/v1/..%20/admin', /dot segment/],
    ['/v1/.../admin', /dot segment/],
  ];
  for (const [url, reason] of ambiguous) assert.match(pathOf(url).ambiguity ?? '', reason, url);
  assert.match(readPath('opaque').ambiguity ?? '', /does not start with a slash/);
});

test('a path without ambiguity decodes to one reading only', () => {
  const piece = fc.constantFrom('a', '.', '..', '/', '%2e', '%2f', '%25', '2f', '\\', ';', '%20');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const { path, ambiguity } = pathOf(`https://a.test/${pieces.join('')}`);
      if (ambiguity !== null) return;
      assert.equal(path.includes('//'), false);
      assert.equal(
        path.split('/').some((segment) => /^\.+$/.test(segment)),
        false,
      );
      assert.doesNotMatch(path, /%[0-9a-f]{2}|[\\;]/i);
    }),
  );
});

test('a pattern is read as a path is; stars separate its literal pieces', () => {
  assert.deepEqual(readPathPattern('/v1/*'), { pieces: ['/v1/', ''] });
  assert.deepEqual(readPathPattern('*'), { pieces: ['', ''] });
  assert.deepEqual(readPathPattern('/a**b/%2A'), { pieces: ['/a', 'b/*'] });
  assert.deepEqual(readPathPattern('/a%20b'), { pieces: ['/a b'] });
  for (const pattern of ['/a/../b', '/a//b', '/a%2fb', '/a\\b', '/a;b', '/a%2*', '/%C3*%A9']) {
    assert.ok('fault' in readPathPattern(pattern), pattern);
  }
  for (const pattern of ['/a?b', '/a#b']) assert.ok('fault' in readPathPattern(pattern), pattern);
});

test('host and address leave out credentials, default port, query and the rooted dot', () => {
  const url = new URL('https://user:pass@API.Test.:8443/a%20b?q=1#f');
  assert.equal(callHost(url), 'api.test');
  assert.equal(callAddress(url, readPath(url.pathname)), 'https://api.test:8443/a b');
});
