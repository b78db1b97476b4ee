import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { AffidavitError } from '@affidavit/schema';
import { CREDENTIAL_MASK, createScrubber } from './scrub.ts';

const toHex = (byte: number, upper: boolean): string => {
  const hex = byte.toString(16).padStart(2, '0');
  return upper ? hex.toUpperCase() : hex;
};

const percentAll = (secret: string, upper: boolean): string =>
  [...Buffer.from(secret)].map((byte) => `%${toHex(byte, upper)}`).join('');

const jsonInAscii = (secret: string): string =>
  JSON.stringify(secret)
    .slice(1, -1)
    .replaceAll(
      /[^\u0020-\u007e]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );

const htmlEscaped = (secret: string): string =>
  secret
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');

const htmlNumeric = (secret: string): string =>
  [...secret].map((character) => `&#x${character.codePointAt(0)?.toString(16)};`).join('');

const embedded =
  (lead: string, trail: string, encoding: BufferEncoding) =>
  (secret: string): string =>
    Buffer.from(lead + secret + trail).toString(encoding);

const ENCODINGS: Readonly<Record<string, (secret: string) => string>> = {
  raw: (secret) => secret,
  bearer: (secret) => `Bearer ${secret}`,
  json: (secret) => JSON.stringify(secret),
  'json with escaped slashes': (secret) => JSON.stringify(secret).replaceAll('/', '\\/'),
  'json in ASCII': jsonInAscii,
  'json in json': (secret) => JSON.stringify(JSON.stringify({ secret })),
  encodeURIComponent,
  'encodeURIComponent in lower case': (secret) =>
    encodeURIComponent(secret).replace(/%../g, (escape) => escape.toLowerCase()),
  'encodeURIComponent twice': (secret) => encodeURIComponent(encodeURIComponent(secret)),
  form: (secret) => new URLSearchParams({ secret }).toString(),
  'form in json': (secret) => JSON.stringify({ body: new URLSearchParams({ secret }).toString() }),
  'percent, all of it': (secret) => percentAll(secret, true),
  'percent, all of it, lower case': (secret) => percentAll(secret, false),
  base64: embedded('', '', 'base64'),
  'base64 after 1 byte': embedded('u', '', 'base64'),
  'base64 after 2 bytes': embedded('u:', '', 'base64'),
  'base64 amid bytes': embedded('user:', ' and more', 'base64'),
  'base64 amid more bytes': embedded('user7:', '.', 'base64'),
  'base64 without padding': (secret) => embedded('u', '', 'base64')(secret).replace(/=+$/, ''),
  base64url: embedded('', '', 'base64url'),
  'base64url after 1 byte': embedded('\u00ff', '~', 'base64url'),
  'base64url after 2 bytes': embedded('??', '\u00ff', 'base64url'),
  'base64 percent-encoded': (secret) => encodeURIComponent(embedded('u', '', 'base64')(secret)),
  'base64 json-escaped': (secret) => embedded('??', '', 'base64')(secret).replaceAll('/', '\\/'),
  hex: (secret) => Buffer.from(secret).toString('hex'),
  'hex in upper case': (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
  html: htmlEscaped,
  'html numeric': htmlNumeric,
  'utf-8 read as latin-1': (secret) => Buffer.from(secret).toString('latin1'),
};

/** Secrets of any characters, none of whose encodings can arise around it by accident. */
const secrets = fc
  .string({ unit: 'grapheme', minLength: 6, maxLength: 60 })
  .filter((secret) => secret.length >= 6 && secret.isWellFormed());
const texts = fc.string({ unit: 'binary', maxLength: 80 }).filter((text) => text.isWellFormed());

describe('createScrubber', () => {
  for (const [name, encode] of Object.entries(ENCODINGS)) {
    it(`leaves nothing of a secret: ${name}`, () => {
      fc.assert(
        fc.property(secrets, texts, texts, (secret, before, after) => {
          // A letter or digit beside base64 or hex would be a part of it.
          const text = `${before} ${encode(secret)} ${after}`;
          const scrubber = createScrubber([secret]);
          const scrubbed = scrubber.text(text);
          assert.ok(scrubber.found);
          assert.ok(scrubbed.includes(CREDENTIAL_MASK));
          assert.ok(!scrubbed.includes(encode(secret)));
          assert.ok(!scrubbed.includes(secret));
          const again = createScrubber([secret]);
          assert.equal(again.text(scrubbed), scrubbed);
        }),
        { numRuns: 150 },
      );
    });

    it(`leaves nothing of a secret in bytes: ${name}`, () => {
      fc.assert(
        fc.property(
          secrets,
          fc.uint8Array({ maxLength: 40 }),
          fc.uint8Array({ maxLength: 40 }),
          (secret, before, after) => {
            const inner = Buffer.from(` ${encode(secret)} `);
            const scrubber = createScrubber([secret]);
            const scrubbed = scrubber.bytes(Buffer.concat([before, inner, after]));
            assert.ok(scrubber.found);
            assert.equal(Buffer.from(scrubbed).indexOf(inner), -1);
          },
        ),
        { numRuns: 60 },
      );
    });
  }

  it('does not touch a text without the secret', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme-ascii', minLength: 16, maxLength: 60 }),
        fc.array(
          fc.oneof(texts, fc.constantFrom('%', '\\', '&#', '%41', '\\u0041', '&amp;', '==')),
        ),
        (secret, parts) => {
          const scrubber = createScrubber([secret]);
          const text = parts.join('');
          assert.equal(scrubber.text(text), text);
          const bytes = Buffer.from(text);
          assert.equal(scrubber.bytes(bytes), bytes);
          const value = { text, list: [parts, { [text]: null }], number: 1, flag: true };
          assert.equal(scrubber.value(value), value);
          assert.equal(scrubber.hits, 0);
          assert.equal(scrubber.found, false);
        },
      ),
    );
  });

  it('keeps what stands around a secret, to the character', () => {
    const scrubber = createScrubber(['s3cr"t/v&lue']);
    const cases = [
      ['a s3cr"t/v&lue b', 'a [credential masked] b'],
      ['{"k":"s3cr\\"t\\/v&lue","n":1}', '{"k":"[credential masked]","n":1}'],
      ['?k=s3cr%22t%2fv%26lue&x=%20y', '?k=[credential masked]&x=%20y'],
      ['<b>s3cr&quot;t/v&amp;lue</b>&amp;', '<b>[credential masked]</b>&amp;'],
      [
        '\u00e9\\u0041s3cr\\u0022t/v&lue\\u0041\u20ac',
        '\u00e9\\u0041[credential masked]\\u0041\u20ac',
      ],
    ];
    for (const [text, expected] of cases) assert.equal(scrubber.text(text ?? ''), expected);
    assert.equal(scrubber.hits, cases.length);
  });

  it('masks the secret inside basic authentication, whole or in part', () => {
    const scrubber = createScrubber(['hunter2hunter2']);
    const basic = Buffer.from('alice:hunter2hunter2').toString('base64');
    assert.equal(basic, 'YWxpY2U6aHVudGVyMmh1bnRlcjI=');
    assert.equal(scrubber.text(`Basic ${basic}`), 'Basic YWxpY2U6[credential masked]');
    const longer = Buffer.from('bob:hunter2hunter2:more').toString('base64');
    assert.equal(scrubber.text(longer), 'Ym9iO[credential masked]Om1vcmU=');
  });

  it('prefers the longest of several secrets and joins what overlaps', () => {
    const scrubber = createScrubber(['pass', 'user:password', 'password']);
    assert.equal(scrubber.text('x user:password y'), 'x [credential masked] y');
    assert.equal(createScrubber(['aaaa']).text('-aaaaaaa-'), '-[credential masked]-');
    assert.equal(createScrubber(['abcd', 'cdef']).text('abcdef'), '[credential masked]');
  });

  it('walks JSON values: strings, keys, numbers, copies on change only', () => {
    const scrubber = createScrubber(['12345678', 'sesame']);
    const kept = { deep: ['fine'] };
    const value = { kept, list: ['open sesame', 12345678, 12], sesame: true };
    const scrubbed = scrubber.value(value) as Record<string, unknown>;
    assert.deepEqual(scrubbed, {
      kept,
      list: ['open [credential masked]', CREDENTIAL_MASK, 12],
      [CREDENTIAL_MASK]: true,
    });
    assert.equal(scrubbed['kept'], kept);
    assert.equal(value.list[0], 'open sesame');
    assert.equal(scrubber.hits, 3);
  });

  it('masks what is nested too deep to look into', () => {
    let value: unknown = 'sesame';
    for (let depth = 0; depth < 5_000; depth += 1) value = [value];
    const scrubber = createScrubber(['sesame']);
    assert.ok(!JSON.stringify(scrubber.value(value)).includes('sesame'));
    assert.ok(scrubber.found);
  });

  it('tells the secret from bytes that differ only in bits shared with a neighbour', () => {
    const scrubber = createScrubber(['word']);
    for (const other of ['x\u0007ord', 'xx5ord', 'wore', 'xwore', 'xxworg']) {
      const encoded = Buffer.from(other).toString('base64');
      assert.equal(scrubber.text(encoded), encoded, other);
    }
    assert.equal(scrubber.text('eHdvcmQ='), 'e[credential masked]');
  });

  it('knows a secret in Latin-1, and in UTF-8 read as Latin-1', () => {
    const scrubber = createScrubber(['p\u00e4ssw\u00f6rd']);
    const bytes = scrubber.bytes(Buffer.from('a p\u00e4ssw\u00f6rd b', 'latin1'));
    assert.equal(Buffer.from(bytes).toString(), 'a [credential masked] b');
    const misread = Buffer.from('a p\u00e4ssw\u00f6rd \u20ac').toString('latin1');
    assert.ok(scrubber.text(misread).startsWith('a [credential masked] '));
    assert.equal(
      scrubber.text('\u20ac p\u00e4ssw\u00f6rd \u20ac'),
      '\u20ac [credential masked] \u20ac',
    );
  });

  it('uses another mask for a secret that is part of the mask', () => {
    assert.equal(createScrubber(['mask']).text('a mask b'), 'a [***] b');
  });

  it('refuses secrets that are too short and says nothing of them', () => {
    assert.throws(
      () => createScrubber(['long enough', 'q7z']),
      (error: unknown) =>
        error instanceof AffidavitError &&
        error.code === 'invalid_request' &&
        !JSON.stringify([error.message, error.details]).includes('q7z'),
    );
  });

  it('takes no secret at all', () => {
    const scrubber = createScrubber([]);
    assert.equal(scrubber.text('anything %41 \\u0041'), 'anything %41 \\u0041');
    assert.equal(scrubber.found, false);
  });

  it('comes to an end on hostile texts of a megabyte', () => {
    const megabyte = (part: string): string => part.repeat(Math.ceil(2 ** 20 / part.length));
    const secrets = ['\\'.repeat(40), '%25'.repeat(20), 'aaaaaaaaaaaaaaaa', '&amp;&amp;&amp; +'];
    const scrubber = createScrubber(secrets);
    for (const part of ['\\', '%25', '%2525', 'a', '&amp;', '\\u005c', 'YWFh', '+', '&#38;%5c']) {
      const scrubbed = scrubber.text(megabyte(part));
      for (const secret of secrets) assert.ok(!scrubbed.includes(secret));
    }
  });
});
