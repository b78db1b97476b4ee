import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { LIMITS, SECRET_FIELDS, SENSITIVE_HEADERS, type AuditEvent } from '@affidavit/schema';
import * as fc from 'fast-check';

import { cutText, redactEvent } from './redact.ts';

const SECRET = 'hunter2-Zq9';
const event = (fields: Partial<AuditEvent>): AuditEvent => ({
  event_type: 'api.called',
  ...fields,
});

/** The redacted fields; nothing of the secret may be left anywhere. */
function redact(fields: Partial<AuditEvent>): AuditEvent {
  const redacted = redactEvent(event(fields));
  assert.ok(!JSON.stringify(redacted).includes(SECRET), JSON.stringify(redacted).slice(0, 300));
  return redacted;
}

describe('secret fields', () => {
  const examples: Readonly<Record<string, Partial<AuditEvent>>> = {
    url: { url: `https://u:${SECRET}@x.example/p?api_key=${SECRET}&q=1#access_token=${SECRET}` },
    request_headers: { request_headers: { Authorization: `Bearer ${SECRET}`, accept: 'x' } },
    response_headers: { response_headers: { 'set-cookie': [SECRET, SECRET] } },
    request_body: { request_body: { user: { password: SECRET } } },
    response_body: { response_body: [{ access_token: SECRET }] },
    args: { args: { deep: [{ clientSecret: SECRET }] } },
    result: { result: { 'x-api-key': { nested: SECRET } } },
  };
  test('each has an example here', () =>
    assert.deepEqual(new Set(Object.keys(examples)), new Set(SECRET_FIELDS)));
  for (const [field, fields] of Object.entries(examples)) {
    test(`${field} is masked, and the record says so`, () => {
      const redacted = redact(fields);
      assert.equal(redacted.credential_masked, true);
      assert.notEqual(redacted[field as keyof AuditEvent], undefined);
    });
  }

  test('what holds nothing secret is the very same object', () => {
    const clean = event({
      url: 'https://x.example/p?q=1',
      request_headers: { accept: '*/*' },
      request_body: 'plain text',
      args: { token_type: 'bearer', token_id: 'tok_1' },
    });
    assert.equal(redactEvent(clean), clean);
  });

  test('a client cannot say that nothing was masked', () => {
    const redacted = redact({ credential_masked: false, args: { password: SECRET } });
    assert.equal(redacted.credential_masked, true);
  });

  test('the event that was given is not changed', () => {
    const given = event({ args: { password: SECRET }, request_headers: { cookie: SECRET } });
    const before = structuredClone(given);
    redactEvent(given);
    assert.deepEqual(given, before);
  });
});

describe('headers', () => {
  test('every sensitive one is taken out, however it is written', () => {
    for (const name of SENSITIVE_HEADERS) {
      for (const written of [name, name.toUpperCase(), ` ${name} `]) {
        const { request_headers } = redact({ request_headers: { [written]: SECRET, Accept: 'a' } });
        assert.deepEqual(request_headers, { Accept: 'a' }, written);
      }
    }
  });

  test('those of the mission are on the list', () => {
    const names = ['authorization', 'cookie', 'set-cookie', 'proxy-authorization'];
    const aws = ['x-amz-security-token', 'x-amz-date', 'x-amz-content-sha256'];
    for (const name of [...names, ...aws]) assert.ok(SENSITIVE_HEADERS.has(name), name);
  });
});

describe('bodies that are texts', () => {
  const bodies: readonly (readonly [string, string])[] = [
    ['JSON', `{"user":"a","password":"${SECRET}"}`],
    ['JSON with space before', ` \n[{"token":"${SECRET}"}]`],
    ['JSON with an escaped name', `{"pass\\u0077ord":"${SECRET}"}`],
    ['JSON with a byte order mark', `\ufeff{"password":"${SECRET}"}`],
    ['JSON that is cut in a secret', `{"user":"a","password":"${SECRET}`],
    ['JSON that is cut after it', `{"a":[1,2,{"client_secret" : "${SECRET}","b":`],
    ['JSON with escapes in the secret', `{"password":"\\"${SECRET}\\\\","x"`],
    ['lines of JSON', `{"a":1}\n{"api_key":"${SECRET}"}\n`],
    ['a form', `user=a&password=${SECRET}&x=1`],
    ['a form with a line end', `password=${SECRET}\r\n`],
    ['a form that begins empty', `&&password=${SECRET}`],
    ['a form with brackets', `user[password]=${SECRET}&user%5Bapi_key%5D=${SECRET}`],
    ['a form with an escaped name', `pass%77ord=${SECRET}`],
    ['a form of OAuth', `grant_type=x&client_secret=${SECRET}&code_verifier=${SECRET}`],
  ];
  for (const [title, body] of bodies) {
    for (const field of ['request_body', 'response_body'] as const) {
      test(`${title} in ${field}`, () =>
        assert.equal(redact({ [field]: body }).credential_masked, true));
    }
  }

  test('JSON and forms without secrets stay as they were written', () => {
    for (const body of [
      '{ "b" : 1, "a": 2.0 }',
      'a=1&b=%20',
      'x=',
      'no form = at all',
      '{broken',
    ]) {
      assert.equal(redactEvent(event({ request_body: body })).request_body, body);
    }
  });

  test('a large JSON text is masked where it is kept, in good time', () => {
    const filler = '\\"'.repeat(400_000);
    const body = `{"password":"${SECRET}","filler":"${filler}","token":"${SECRET}"}${' '.repeat(400_000)}`;
    const redacted = redact({ response_body: body });
    assert.equal(redacted.response_body_truncated, true);
    assert.ok((redacted.response_body as string).startsWith('{"password":"[masked]","filler"'));
  });
});

describe('the 10 KB of a body', () => {
  const { bodyBytes } = LIMITS;

  test('a body that fits is kept whole, without a flag', () => {
    const body = 'x'.repeat(bodyBytes);
    const kept = redactEvent(event({ request_body: body }));
    assert.deepEqual([kept.request_body, kept.request_body_truncated], [body, undefined]);
    const list = { list: 'x'.repeat(bodyBytes - 11) };
    assert.equal(JSON.stringify(list).length, bodyBytes);
    assert.deepEqual(redactEvent(event({ response_body: list })).response_body, list);
  });

  test('a longer one is cut, with its own flag', () => {
    const kept = redactEvent(
      event({ request_body: 'x'.repeat(bodyBytes + 1), response_body: 'y' }),
    );
    assert.equal(kept.request_body, 'x'.repeat(bodyBytes));
    assert.deepEqual(
      [kept.request_body_truncated, kept.response_body_truncated],
      [true, undefined],
    );
    assert.equal(kept.credential_masked, undefined);
  });

  test('a value that is too long is cut as its JSON text', () => {
    const value = { list: Array.from({ length: 4000 }, (_, i) => i) };
    const kept = redactEvent(event({ response_body: value }));
    assert.equal(kept.response_body, JSON.stringify(value).slice(0, bodyBytes));
    assert.equal(kept.response_body_truncated, true);
  });

  test('what is cut is masked first, so that nothing is cut out of its context', () => {
    const value = {
      filler: 'x'.repeat(bodyBytes - 40),
      password: SECRET.repeat(10),
      more: 'y'.repeat(100),
    };
    const kept = redact({ response_body: value });
    assert.deepEqual([kept.credential_masked, kept.response_body_truncated], [true, true]);
    const text = redact({ request_body: JSON.stringify(value) });
    assert.deepEqual([text.credential_masked, text.request_body_truncated], [true, true]);
  });

  test('no character is cut in two', () => {
    for (const shift of [0, 1, 2, 3]) {
      const text = 'x'.repeat(shift) + '\u{1f980}'.repeat(3000);
      const kept = redactEvent(event({ request_body: text })).request_body as string;
      assert.ok(text.startsWith(kept));
      assert.ok(kept.isWellFormed());
      assert.ok(bodyBytes - Buffer.byteLength(kept) < 4);
    }
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(60), (text, bytes) => {
        const kept = cutText(text, bytes);
        assert.ok(text.startsWith(kept));
        const [next = ''] = text.slice(kept.length);
        assert.ok(Buffer.byteLength(kept) <= bytes);
        assert.ok(next === '' || Buffer.byteLength(kept + next) > bytes);
      }),
    );
  });
});
