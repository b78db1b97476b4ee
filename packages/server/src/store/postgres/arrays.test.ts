import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { bigints, byteStrings, integers, texts } from './arrays.ts';

const hex = (array: Buffer) => array.toString('hex').match(/.{8}/g)?.join(' ');

describe('arrays as PostgreSQL reads them', () => {
  it('holds numbers up to those that are safe, and below zero', () => {
    assert.equal(
      hex(bigints([1, 2 ** 53 - 1, -1])),
      '00000001 00000000 00000014 00000003 00000001 00000008 00000000 00000001 00000008 001fffff ffffffff 00000008 ffffffff ffffffff',
    );
    assert.equal(
      hex(integers([7, -2])),
      '00000001 00000000 00000017 00000002 00000001 00000004 00000007 00000004 fffffffe',
    );
  });

  it('holds text by its bytes', () => {
    assert.equal(
      hex(texts(['a"\\{', '', 'éß'])),
      '00000001 00000000 00000019 00000003 00000001 00000004 61225c7b 00000000 00000004 c3a9c39f',
    );
  });

  it('holds bytes, and says where some are missing', () => {
    assert.equal(
      hex(byteStrings([new Uint8Array([0, 1, 2, 255]), null])),
      '00000001 00000001 00000011 00000002 00000001 00000004 000102ff ffffffff',
    );
  });
});
