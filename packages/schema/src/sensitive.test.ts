import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { MASK, maskSensitive, maskUrl, SENSITIVE_HEADERS, SENSITIVE_KEYS } from './sensitive.ts';

describe('maskSensitive', () => {
  it('masks by exact name, whatever the case and the separators', () => {
    const masked =
      'password Password PASSWD client_secret clientSecret CLIENT-SECRET access_token ' +
      'accessToken refresh_token id_token api_key apiKey APIKEY private_key ' +
      'authorization Cookie Set-Cookie credential credentials secret token X-Api-Key ' +
      'x_amz_security_token secretAccessKey';
    for (const key of masked.split(' ')) {
      assert.deepEqual(
        maskSensitive({ [key]: 'x' }),
        { value: { [key]: MASK }, masked: true },
        key,
      );
    }
    const kept =
      'token_type tokens_used secret_id token_id password_policy passwords ' +
      'credential_masked keys key author www-authenticate max_tokens';
    for (const key of kept.split(' ')) {
      const value = { [key]: 'x' };
      const result = maskSensitive(value);
      assert.equal(result.value, value, key);
      assert.equal(result.masked, false);
    }
  });

  it('masks strings, numbers, objects and arrays; leaves null and booleans', () => {
    const value = {
      password: 1234,
      secret: { a: 1 },
      credentials: ['a'],
      token: null,
      api_key: true,
      authorization: '',
    };
    assert.deepEqual(maskSensitive(value).value, {
      password: MASK,
      secret: MASK,
      credentials: MASK,
      token: null,
      api_key: true,
      authorization: MASK,
    });
  });

  it('copies what changes and nothing else', () => {
    const untouched = { list: [1, { two: 2 }] };
    const value = { untouched, users: [{ name: 'a' }, { name: 'b', password: 'x' }] };
    const before = structuredClone(value);
    const result = maskSensitive(value).value as typeof value;
    assert.deepEqual(value, before);
    assert.equal(result.untouched, untouched);
    assert.equal(result.users[0], value.users[0]);
    assert.deepEqual(result.users[1], { name: 'b', password: MASK });
    assert.deepEqual(maskSensitive(result), { value: result, masked: false });
  });

  it('goes 64 levels deep and masks what is below', () => {
    const nest = (depth: number): unknown => {
      let value: unknown = { password: 'x' };
      for (let level = 1; level < depth; level += 1) value = { a: value };
      return value;
    };
    assert.ok(!JSON.stringify(maskSensitive(nest(64))).includes('"x"'));
    assert.ok(JSON.stringify(maskSensitive(nest(64))).includes('password'));
    assert.ok(!JSON.stringify(maskSensitive(nest(10_000)).value).includes('"x"'));
  });

  it('keeps its footing on hostile keys', () => {
    const value: unknown = JSON.parse('{"__proto__":{"password":"x"},"constructor":{"token":"y"}}');
    const { value: result } = maskSensitive(value);
    assert.equal(
      JSON.stringify(result),
      '{"__proto__":{"password":"[masked]"},"constructor":{"token":"[masked]"}}',
    );
    for (let index = 0; index < 10_000; index += 1) maskSensitive({ [`key_${index}`]: 1 });
    assert.equal(maskSensitive({ password: 'x' }).masked, true);
  });

  it('leaves no value under a sensitive key of any JSON value', () => {
    const keys = fc.constantFrom(...SENSITIVE_KEYS, 'name', 'items', 'token_type');
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 6 },
        fc.constant('needle'),
        fc.array(tie('tree')),
        fc.dictionary(keys, tie('tree')),
      ),
    }));
    const check = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [key, member] of Object.entries(value)) {
        if (SENSITIVE_KEYS.has(key)) assert.equal(member, MASK);
        else check(member);
      }
    };
    fc.assert(fc.property(tree, (value) => check(maskSensitive(value).value)));
  });

  it('passes over what is not an object', () => {
    for (const value of ['password', 1, null, undefined, true]) {
      assert.deepEqual(maskSensitive(value), { value, masked: false });
    }
  });
});

describe('maskUrl', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['https://user:pass@api.example.com/a?b=c', 'https://api.example.com/a?b=c'],
    ['https://user@api.example.com', 'https://api.example.com'],
    ['https://a@b:c@api.example.com/x@y', 'https://api.example.com/x@y'],
    ['https:\\\\user:pass@api.example.com/', 'https:\\\\api.example.com/'],
    ['https:user:pass@api.example.com/', 'https:api.example.com/'],
    ['//user:pass@api.example.com/', '//api.example.com/'],
    ['postgres://user:pass@db/app', 'postgres://db/app'],
    ['/v1/x?api_key=k&a=b', '/v1/x?api_key=[masked]&a=b'],
    [
      'https://x.example/?Access-Token=k&token_type=bearer',
      'https://x.example/?Access-Token=[masked]&token_type=bearer',
    ],
    ['https://x.example/?access%5Ftoken=k', 'https://x.example/?access%5Ftoken=[masked]'],
    [
      'https://x.example/?user[password]=k&ids[]=1',
      'https://x.example/?user[password]=[masked]&ids[]=1',
    ],
    ['https://x.example/?token=a;b?c=d&e=f', 'https://x.example/?token=[masked]&e=f'],
    ['https://x.example/?a=b;token=c', 'https://x.example/?a=b;token=[masked]'],
    [
      'https://s3.example/o?X-Amz-Credential=A&X-Amz-Signature=ab&X-Amz-Security-Token=c&X-Amz-Expires=60',
      'https://s3.example/o?X-Amz-Credential=[masked]&X-Amz-Signature=[masked]&X-Amz-Security-Token=[masked]&X-Amz-Expires=60',
    ],
    [
      'https://x.example/#access_token=k&state=s',
      'https://x.example/#access_token=[masked]&state=s',
    ],
    ['https://x.example/#/callback?id_token=k', 'https://x.example/#/callback?id_token=[masked]'],
    ['https://x.example/?token=%zz', 'https://x.example/?token=[masked]'],
  ];
  for (const [url, expected] of cases) {
    it(`masks ${url}`, () => {
      assert.deepEqual(maskUrl(url), { url: expected, masked: true });
      assert.deepEqual(maskUrl(expected), { url: expected, masked: false });
    });
  }

  const plain = [
    '',
    '/',
    'https://api.example.com/',
    'https://api.example.com/@me?q=a@b&x=%zz#top',
    'mailto:someone@example.com',
    'https://x.example/?token=&token_id=5&secret_id=6',
    '?a&b',
  ];
  for (const url of plain) {
    it(`leaves ${url || 'the empty string'}`, () => {
      assert.deepEqual(maskUrl(url), { url, masked: false });
    });
  }

  it('leaves no user name, password or token of any URL', () => {
    const word = fc.stringMatching(/^[a-z0-9]{6,12}$/).map((text) => `needle${text}`);
    fc.assert(
      fc.property(
        fc.webUrl({ withQueryParameters: true, withFragments: true }),
        word,
        (url, secret) => {
          const target = new URL(url);
          target.username = secret;
          target.password = secret;
          target.searchParams.append('access_token', secret);
          assert.ok(!maskUrl(target.href).url.includes(secret));
        },
      ),
    );
  });
});

describe('SENSITIVE_HEADERS', () => {
  it('is lower-case and leaves challenges alone', () => {
    for (const name of SENSITIVE_HEADERS) assert.equal(name, name.toLowerCase());
    assert.equal(SENSITIVE_HEADERS.has('www-authenticate'), false);
    assert.equal(SENSITIVE_HEADERS.has('proxy-authenticate'), false);
  });
});
