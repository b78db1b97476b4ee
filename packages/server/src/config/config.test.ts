import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { ConfigError, HELP, readConfig } from './config.ts';
import { readMasterKeys } from './master-key.ts';

const read = (argv: string[] = [], env: Record<string, string> = {}) => {
  const config = readConfig(argv, env);
  assert.ok(config);
  return config;
};

const mentions = (name: string) => (error: unknown) => {
  assert.ok(error instanceof ConfigError, String(error));
  assert.ok(error.message.includes(name), error.message);
  return true;
};

describe('settings', () => {
  test('without any, the server keeps to itself', () => {
    const { host, port, data_folder, egress_allow, trust_proxy, admin_key } = read();
    assert.deepEqual(
      [host, port, data_folder, egress_allow, trust_proxy, admin_key],
      ['127.0.0.1', 7411, './affidavit-data', [], false, undefined],
    );
    const { write_deadline_ms, query_deadline_ms, accept_rollback, guard_path, origin } = read();
    assert.deepEqual(
      [write_deadline_ms, query_deadline_ms, accept_rollback, guard_path, origin],
      [5000, 10_000, undefined, undefined, 'affidavit.local'],
    );
  });

  test('flags', () => {
    const flags = [
      '--port',
      '0',
      '--host',
      '0.0.0.0',
      '--data=/x',
      '--accept-rollback',
      'restored',
    ];
    const { port, host, data_folder, accept_rollback } = read(flags);
    assert.deepEqual([port, host, data_folder, accept_rollback], [0, '0.0.0.0', '/x', 'restored']);
    assert.equal(readConfig(['--help'], {}), null);
    assert.equal(readConfig(['-h'], {}), null);
  });

  test('variables', () => {
    const config = read([], {
      AFFIDAVIT_ADMIN_KEY: 'some-admin-key',
      AFFIDAVIT_MASTER_KEY: 'x',
      AFFIDAVIT_EGRESS_ALLOW: ' 127.0.0.0/8, ,10.1.0.0/16,',
      AFFIDAVIT_ORIGIN: 'audit.example.com/eu',
      AFFIDAVIT_TRUST_PROXY: '1',
      AFFIDAVIT_WRITE_DEADLINE_MS: '500',
      AFFIDAVIT_QUERY_DEADLINE_MS: '600000',
      AFFIDAVIT_GUARD_FILE: '/elsewhere/guard.json',
      AFFIDAVIT_PUBLIC_URL: 'https://audit.example.com/base/',
      AFFIDAVIT_RETURN_ORIGINS: 'https://app.example.com, http://localhost:3000/',
    });
    assert.equal(config.public_url, 'https://audit.example.com/base');
    assert.deepEqual(config.return_origins, ['https://app.example.com', 'http://localhost:3000']);
    assert.equal(config.admin_key, 'some-admin-key');
    assert.equal(config.master_keys, 'x');
    assert.deepEqual(config.egress_allow, ['127.0.0.0/8', '10.1.0.0/16']);
    assert.equal(config.origin, 'audit.example.com/eu');
    assert.equal(config.trust_proxy, true);
    assert.deepEqual([config.write_deadline_ms, config.query_deadline_ms], [500, 600_000]);
    assert.equal(config.guard_path, '/elsewhere/guard.json');
    assert.equal(read([], { AFFIDAVIT_ADMIN_KEY: '' }).admin_key, undefined);
  });

  const flags: readonly (readonly [string[], string])[] = [
    [['--port', '65536'], '--port'],
    [['--port', '-1'], '--port'],
    [['--port', '80.5'], '--port'],
    [['--port', '0x50'], '--port'],
    [['--port', ''], '--port'],
    [['--port'], '--port'],
    [['--colour'], '--colour'],
    [['stray'], 'stray'],
    [['--data', ''], '--data'],
    [['--accept-rollback', ''], '--accept-rollback'],
  ];
  for (const [argv, name] of flags) {
    test(`${argv.join(' ')} is refused by name`, () =>
      assert.throws(() => readConfig(argv, {}), mentions(name)));
  }

  const variables: readonly (readonly [string, string])[] = [
    ['AFFIDAVIT_ADMIN_KEY', 'short'],
    ['AFFIDAVIT_ADMIN_KEY', 'with a space'],
    ['AFFIDAVIT_ADMIN_KEY', 'ünïcode-key'],
    ['AFFIDAVIT_ADMIN_KEY', 'x'.repeat(513)],
    ['AFFIDAVIT_ORIGIN', 'two words'],
    ['AFFIDAVIT_ORIGIN', 'a+b'],
    ['AFFIDAVIT_ORIGIN', 'ends/'],
    ['AFFIDAVIT_PUBLIC_URL', 'audit.example.com'],
    ['AFFIDAVIT_PUBLIC_URL', 'ftp://audit.example.com'],
    ['AFFIDAVIT_PUBLIC_URL', 'https://user@audit.example.com'],
    ['AFFIDAVIT_RETURN_ORIGINS', 'app.example.com'],
    ['AFFIDAVIT_RETURN_ORIGINS', 'https://app.example.com/path'],
    ['AFFIDAVIT_WRITE_DEADLINE_MS', '0'],
    ['AFFIDAVIT_WRITE_DEADLINE_MS', '499'],
    ['AFFIDAVIT_WRITE_DEADLINE_MS', '5s'],
    ['AFFIDAVIT_QUERY_DEADLINE_MS', '600001'],
  ];
  for (const [name, value] of variables) {
    test(`${name}=${value.slice(0, 20)} is refused by name`, () =>
      assert.throws(() => readConfig([], { [name]: value }), mentions(name)));
  }

  test('nothing switches recording off', () => {
    const off = ['AFFIDAVIT_DISABLE', 'AFFIDAVIT_AUDIT', 'AFFIDAVIT_RECORDING', 'NO_AUDIT'];
    const env = Object.fromEntries(off.flatMap((name) => [[name, 'off']]));
    assert.deepEqual(read([], env), read());
    assert.doesNotMatch(HELP, /disable|off\b/i);
  });

  test('an admin key that cannot be used is not repeated', () => {
    const key = 'secret value';
    assert.throws(
      () => readConfig([], { AFFIDAVIT_ADMIN_KEY: key }),
      (error: Error) => !error.message.includes(key),
    );
  });
});

describe('the master key', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'affidavit-config-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const file = () => join(folder, 'master.key');
  const hex = (keys: readonly Uint8Array[]) => keys.map((key) => Buffer.from(key).toString('hex'));
  const fresh = () => randomBytes(32);

  test('is made once, for its owner alone, and stays the same', () => {
    const [key, ...others] = readMasterKeys(undefined, folder);
    assert.equal(key?.length, 32);
    assert.deepEqual(others, []);
    assert.equal(statSync(file()).mode & 0o777, 0o600);
    assert.deepEqual(hex(readMasterKeys(undefined, folder)), hex([key as Uint8Array]));
    assert.deepEqual(readdirSync(folder), ['master.key']);
    assert.equal(
      readFileSync(file(), 'utf8'),
      `${Buffer.from(key as Uint8Array).toString('base64')}\n`,
    );
  });

  for (const mode of [0o644, 0o640, 0o660, 0o604]) {
    test(`a file of mode ${mode.toString(8)} is refused`, () => {
      readMasterKeys(undefined, folder);
      chmodSync(file(), mode);
      assert.throws(() => readMasterKeys(undefined, folder), mentions('chmod 600'));
    });
  }

  test('of the variable comes first, then those being rotated out, then the file', () => {
    const [filed] = readMasterKeys(undefined, folder) as [Uint8Array];
    const [now, before] = [fresh(), fresh()];
    const variable = `${now.toString('base64')} , ${before.toString('base64')}`;
    assert.deepEqual(hex(readMasterKeys(variable, folder)), hex([now, before, filed]));
  });

  test('of the variable alone makes no file', () => {
    const key = fresh();
    assert.deepEqual(hex(readMasterKeys(key.toString('base64'), folder)), hex([key]));
    assert.deepEqual(readdirSync(folder), []);
  });

  const broken = [
    fresh().subarray(1).toString('base64'),
    randomBytes(33).toString('base64'),
    `${fresh().toString('base64')},`,
    fresh().toString('hex'),
    'not base64 at all, by any means',
    `${fresh().toString('base64').slice(0, 20)}!!${fresh().toString('base64').slice(20)}`,
  ];
  for (const [index, text] of broken.entries()) {
    test(`a broken one is refused and not repeated (${index + 1})`, () => {
      assert.throws(() => readMasterKeys(text, folder), mentions('AFFIDAVIT_MASTER_KEY'));
      assert.throws(
        () => readMasterKeys(text, folder),
        (error: Error) => !error.message.includes(text.slice(0, 10)),
      );
      writeFileSync(file(), text, { mode: 0o600 });
      assert.throws(() => readMasterKeys(undefined, folder), mentions(file()));
    });
  }
});
