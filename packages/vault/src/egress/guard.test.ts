import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { AffidavitError } from '@affidavit/schema';
import { createEgressGuard } from './guard.ts';
import type { EgressGuard } from './guard.ts';

const strict = createEgressGuard({ allow: [] });

const isBlocked = (error: unknown): boolean =>
  error instanceof AffidavitError && error.code === 'egress_blocked';

const mayCall = (guard: EgressGuard, ip: string): boolean => {
  try {
    guard.checkAddress(ip);
    return true;
  } catch (error) {
    assert.ok(isBlocked(error));
    return false;
  }
};

const REFUSED = [
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '100.64.0.1',
  '100.100.100.200',
  '127.0.0.1',
  '127.255.255.254',
  '168.63.129.16',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:10.0.0.1',
  '::ffff:169.254.169.254',
  '::ffff:0:127.0.0.1',
  '64:ff9b::127.0.0.1',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::8.8.8.8',
  '100::1',
  '2001::1',
  '2001:0:4136:e378:8000:63bf:3fff:fdd2',
  '2001:2::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '2002:a9fe:a9fe::1',
  '3fff::1',
  '4000::1',
  '5f00::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  '2606:4700::1111%eth0',
  'fec0::1',
  'ff02::1',
  // What is not an address at all, or only for a lenient parser.
  '',
  'localhost',
  '127.1',
  '8.8',
  '2130706433',
  '0x7f000001',
  '010.0.0.1',
  '8.8.8.8/32',
  ' 8.8.8.8',
  '[2606:4700::1111]',
];

const ACCEPTED = [
  '1.1.1.1',
  '8.8.8.8',
  '100.63.255.255',
  '100.128.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '168.63.129.17',
  '::ffff:8.8.8.8',
  '64:ff9b::8.8.8.8',
  '2606:4700:4700::1111',
  '2a00:1450:4001:80e::200e',
];

const IPV4 = fc
  .tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255))
  .map((octets) => octets.join('.'));

describe('checkAddress', () => {
  for (const ip of REFUSED) {
    it(`refuses ${JSON.stringify(ip)}`, () => assert.equal(mayCall(strict, ip), false));
  }
  for (const ip of ACCEPTED) {
    it(`accepts ${ip}`, () => assert.equal(mayCall(strict, ip), true));
  }

  it('judges IPv4 behind IPv6 exactly as IPv4', () => {
    fc.assert(
      fc.property(IPV4, (ip) => {
        assert.equal(mayCall(strict, `::ffff:${ip}`), mayCall(strict, ip));
        assert.equal(mayCall(strict, `64:ff9b::${ip}`), mayCall(strict, ip));
        assert.equal(mayCall(strict, `::${ip}`), false);
      }),
    );
  });

  it('refuses everything that is no address', () => {
    fc.assert(fc.property(fc.string(), (text) => mayCall(strict, `${text}!`) === false));
  });

  it('accepts what the operator allowed, and no more', () => {
    const guard = createEgressGuard({
      allow: ['10.1.0.0/16', ' fd00::/8 ', '127.0.0.1', '::ffff:192.168.7.0/120'],
    });
    for (const ip of ['10.1.0.0', '10.1.255.255', '::ffff:10.1.2.3', '64:ff9b::10.1.2.3']) {
      assert.equal(mayCall(guard, ip), true, ip);
    }
    for (const ip of ['fd12::1', '127.0.0.1', '192.168.7.200']) {
      assert.equal(mayCall(guard, ip), true, ip);
    }
    for (const ip of ['10.0.255.255', '10.2.0.0', 'fc00::1', '127.0.0.2', '192.168.8.1', '::1']) {
      assert.equal(mayCall(guard, ip), false, ip);
    }
  });

  const malformed = [
    '',
    'localhost',
    '10.0.0.0/33',
    '10.0.0/8',
    'fd00::/129',
    '10.0.0.0/',
    '1/2/3',
  ];
  for (const entry of [...malformed, '10.0.0.0/-1', '10.0.0.0/8.0', '::ffff:0:0/95', '*']) {
    it(`names the malformed range ${JSON.stringify(entry)}`, () => {
      assert.throws(
        () => createEgressGuard({ allow: ['10.0.0.0/8', entry] }),
        (error: unknown) =>
          error instanceof AffidavitError &&
          error.code === 'invalid_request' &&
          error.message.includes(JSON.stringify(entry)) &&
          error.details.field === 'AFFIDAVIT_EGRESS_ALLOW',
      );
    });
  }
});

describe('checkUrl', () => {
  const refused = [
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://127.0.0.1./',
    'http://0/',
    'http://\uff11\uff12\uff17.0.0.1/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[::1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://169.254.169.254/latest/meta-data/',
    'https://user@api.example.com/',
    'https://user:secret@api.example.com/',
    'https://:secret@api.example.com/',
    'ftp://api.example.com/',
    'file:///etc/passwd',
    'gopher://api.example.com/',
    'data:text/plain,x',
    'javascript:alert(1)',
    'unix:/var/run/docker.sock',
  ];
  for (const url of refused) {
    it(`refuses ${url}`, () => assert.throws(() => strict.checkUrl(new URL(url)), isBlocked));
  }

  for (const url of [
    'https://api.example.com/v1',
    'http://8.8.8.8:8080/',
    'https://[2606:4700::1]/',
  ]) {
    it(`accepts ${url}`, () => strict.checkUrl(new URL(url)));
  }

  it('says nothing of a user name or password', () => {
    assert.throws(
      () => strict.checkUrl(new URL('https://alice:hunter2@api.example.com/')),
      (error: unknown) => error instanceof AffidavitError && !/alice|hunter2/.test(error.message),
    );
  });
});

describe('lookup', () => {
  const guardFor = (addresses: readonly string[], allow: readonly string[] = []): EgressGuard =>
    createEgressGuard({
      allow,
      resolve: async () =>
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    });

  const lookedUp = (
    guard: EgressGuard,
    options: { all?: boolean; family?: number } = { all: true },
  ): Promise<string | LookupAddress[]> =>
    new Promise((resolve, reject) => {
      guard.lookup('api.example.com', options, (error, found) => {
        if (error === null) resolve(found);
        else reject(error);
      });
    });

  it('gives every address when all may be called', async () => {
    const guard = guardFor(['8.8.8.8', '2606:4700::1111']);
    assert.deepEqual(await lookedUp(guard), [
      { address: '8.8.8.8', family: 4 },
      { address: '2606:4700::1111', family: 6 },
    ]);
    assert.equal(await lookedUp(guard, {}), '8.8.8.8');
  });

  it('fails when any one address is refused, without telling which', async () => {
    const guard = guardFor(['8.8.8.8', '10.11.12.13']);
    await assert.rejects(
      lookedUp(guard),
      (error: unknown) => isBlocked(error) && !String(error).includes('10.11.12.13'),
    );
    await assert.rejects(lookedUp(guard, {}), isBlocked);
    assert.equal(await lookedUp(guardFor(['10.11.12.13'], ['10.0.0.0/8']), {}), '10.11.12.13');
  });

  it('fails closed on an answer that is no address, and on none', async () => {
    await assert.rejects(lookedUp(guardFor(['not an address'])), isBlocked);
    await assert.rejects(lookedUp(guardFor([])), { code: 'ENOTFOUND' });
  });

  it('passes on the error of the resolver and the family asked for', async () => {
    const seen: number[] = [];
    const guard = createEgressGuard({
      allow: [],
      resolve: async (_name, family) => {
        seen.push(family);
        throw Object.assign(new Error('try again'), { code: 'EAI_AGAIN' });
      },
    });
    await assert.rejects(lookedUp(guard, { all: true, family: 6 }), { code: 'EAI_AGAIN' });
    assert.deepEqual(seen, [6]);
  });

  it('refuses localhost by the resolver of the system', async () => {
    await assert.rejects(
      new Promise((resolve, reject) => {
        strict.lookup('localhost', { all: true }, (error, found) => {
          if (error === null) resolve(found);
          else reject(error);
        });
      }),
      isBlocked,
    );
  });
});
