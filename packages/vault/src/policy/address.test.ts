import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalCidr, sourceAddress } from './address.ts';

test('a source address is canonical; IPv4 inside IPv6 is IPv4', () => {
  const known: [string, string][] = [
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:a00:1', '10.0.0.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::1', '::1'],
  ];
  for (const [text, address] of known) assert.equal(sourceAddress(text), address, text);
});

test('what is no address is unknown, never guessed', () => {
  const unknown = [
    '',
    'localhost',
    '10.1',
    '010.0.0.1',
    '0x0a000001',
    '10.0.0.1:80',
    '[::1]',
    '1e3',
  ];
  for (const text of [...unknown, undefined]) assert.equal(sourceAddress(text), undefined, text);
});

test('a network is canonical', () => {
  const valid: [string, string][] = [
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['10.1.2.3', '10.1.2.3/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['1.2.3.4/0', '0.0.0.0/0'],
    ['::/0', '::/0'],
    ['2001:db8::1', '2001:db8::1/128'],
    ['2001:db8:ffff::/33', '2001:db8:8000::/33'],
    ['::ffff:10.1.2.3/104', '10.0.0.0/8'],
    ['::ffff:0:0/96', '0.0.0.0/0'],
  ];
  for (const [text, cidr] of valid) assert.equal(canonicalCidr(text), cidr, text);
});

test('what is no network is refused', () => {
  const wrong = [
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/08',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0/8',
    '10.0.0.0/-1',
    '10.0.0.0/1e1',
    'fe80::1%eth0/64',
    '::ffff:10.0.0.0/90',
    '") || true || ip("10.0.0.0/8',
  ];
  for (const text of wrong) assert.equal(canonicalCidr(text), null, text);
});
