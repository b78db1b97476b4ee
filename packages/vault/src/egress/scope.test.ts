import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { isBelow } from './scope.ts';

const below = (base: string, url: string): boolean => isBelow(base, new URL(url));

describe('isBelow', () => {
  const inside: readonly (readonly [string, string])[] = [
    ['https://api.example.com', 'https://api.example.com/'],
    ['https://api.example.com', 'https://api.example.com/anything?x=1#y'],
    ['https://api.example.com/', 'https://api.example.com//double'],
    ['https://api.example.com:443/v1', 'https://api.example.com/v1'],
    ['https://api.example.com/v1', 'https://API.example.com/v1/people'],
    ['https://api.example.com/v1/', 'https://api.example.com/v1/people'],
    ['https://api.example.com/v1/', 'https://api.example.com/v1'],
    ['https://api.example.com/v1', 'https://api.example.com/v1/a/../b'],
    ['https://api.example.com/v1', 'https://api.example.com/v1/group%2Fproject'],
    ['https://api.example.com/v1', 'https://api.example.com/v1/100%25/a.b..c/..d'],
    ['https://api.example.com/v1', 'https://api.example.com/v1;v=2/../v1/x'],
    ['https://api.example.com/v1?key=1#top', 'https://api.example.com/v1/x'],
    ['http://127.0.0.1:8080/v1', 'http://127.1:8080/v1/x'],
  ];
  for (const [base, url] of inside) {
    it(`${url} is below ${base}`, () => assert.equal(below(base, url), true));
  }

  const outside: readonly (readonly [string, string])[] = [
    ['https://api.example.com/v1', 'https://api.example.com/v10'],
    ['https://api.example.com/v1', 'https://api.example.com/v1.1/x'],
    ['https://api.example.com/v1', 'https://api.example.com/v'],
    ['https://api.example.com/v1', 'https://api.example.com/'],
    ['https://api.example.com/v1', 'https://api.example.com/V1/x'],
    ['https://api.example.com/v1', 'https://api.example.com//v1/x'],
    ['https://api.example.com/v1', 'https://api.example.com/v1/../admin'],
    ['https://api.example.com/v1', 'https://api.example.com/v1/%2e%2e/admin'],
    ['https://api.example.com/v1', 'https://api.example.com/v1/..%2fadmin'],
    ['https://api.example.com/v1', 'https://api.example.com/v1/..%5cadmin'],
    ['https://api.example.com/v1', 'https://api.example.com/v1/x%2f..%2f..%2fadmin'],
    ['https://api.example.com/v1', 'https://api.example.com/v1/%252e%252e/admin'],
    ['https://api.example.com/v1', 'https://api.example.com/v1/%25252e%25252e%25252fadmin'],
    ['https://api.example.com/v1', 'https://api.example.com/v1/..;/admin'],
    ['https://api.example.com/v1', 'https://api.example.com/v1/..%3bx/admin'],
    ['https://api.example.com/v1', 'https://api.example.com/v1%2fx'],
    ['https://api.example.com/v1', 'https://api.example.com/v1/x%00'],
    ['https://api.example.com/v1', 'https://api.example.com\\@evil.example/v1/x'],
    ['https://api.example.com/v1', 'https://user@api.example.com/v1/x'],
    ['https://api.example.com/v1', 'https://user:pass@api.example.com/v1/x'],
    ['https://api.example.com/v1', 'https://api.example.com@evil.example/v1/x'],
    ['https://api.example.com/v1', 'https://api.example.com.evil.example/v1/x'],
    ['https://api.example.com/v1', 'https://evil.example/https://api.example.com/v1/x'],
    ['https://api.example.com/v1', 'https://api.example.com:8443/v1/x'],
    ['https://api.example.com/v1', 'http://api.example.com/v1/x'],
    ['https://api.example.com/v1', 'http://api.example.com:443/v1/x'],
    ['https://api.example.com/v1', 'https://api.example.com./v1/x'],
    ['https://user:pass@api.example.com/v1', 'https://api.example.com/v1/x'],
    ['not a url', 'https://api.example.com/v1/x'],
    ['', 'https://api.example.com/v1/x'],
    ['file:///v1', 'file:///v1/x'],
  ];
  for (const [base, url] of outside) {
    it(`${url} is not below ${base || 'nothing'}`, () => assert.equal(below(base, url), false));
  }

  it('takes any plain segments below a base and none beside it', () => {
    const segment = fc.stringMatching(/^[a-z0-9][a-z0-9._~-]{0,8}$/);
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1 }), fc.array(segment), (base, rest) => {
        const root = `https://api.example.com/${base.join('/')}`;
        assert.equal(below(root, [root, ...rest].join('/')), true);
        assert.equal(below(`${root}x`, [root, ...rest].join('/')), false);
      }),
    );
  });
});
