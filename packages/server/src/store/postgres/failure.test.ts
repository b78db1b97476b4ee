import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { describe, test } from 'node:test';

import { StoreFailure } from '../port.ts';
import { isDatabaseError, toStoreFailure } from './failure.ts';
import { openPostgresReader } from './reader.ts';
import { PostgresStore } from './store.ts';

const errorWith = (code: string) => Object.assign(new Error('details of a row'), { code });

describe('failures of PostgreSQL', () => {
  const reasons = {
    '53100': 'disk_full',
    '53300': 'unreachable',
    '57P01': 'unreachable',
    '57P02': 'unreachable',
    '57P03': 'unreachable',
    '08006': 'unreachable',
    '28P01': 'unreachable',
    '3D000': 'unreachable',
    ECONNREFUSED: 'unreachable',
    ECONNRESET: 'unreachable',
    ENOTFOUND: 'unreachable',
    EAI_AGAIN: 'unreachable',
    ENOENT: 'unreachable',
    '25006': 'read_only',
    '42501': 'read_only',
    '55P03': 'locked',
    '40P01': 'locked',
    '40001': 'locked',
    '57014': 'timeout',
    '25P03': 'timeout',
    '23505': 'damaged',
    XX001: 'damaged',
    '58030': 'io_error',
    '22021': 'io_error',
  };
  for (const [code, reason] of Object.entries(reasons)) {
    test(`${code} is ${reason}`, () => {
      const failure = toStoreFailure(errorWith(code), 'unknown');
      assert.deepEqual([failure.reason, failure.committed], [reason, 'unknown']);
      assert.doesNotMatch(failure.message, /details/);
      assert.ok(isDatabaseError(errorWith(code)));
    });
  }

  test('a host of several addresses, none of which answers, is unreachable', () => {
    const error = new AggregateError([errorWith('ECONNREFUSED'), errorWith('ETIMEDOUT')]);
    assert.equal(toStoreFailure(error).reason, 'unreachable');
    assert.ok(isDatabaseError(error));
  });

  test('errors of others are not the database’s', () => {
    assert.equal(isDatabaseError(new TypeError('x')), false);
    assert.equal(isDatabaseError(errorWith('ERR_INVALID_ARG_TYPE')), false);
    assert.equal(isDatabaseError('57014'), false);
  });

  test('a failure of the store stays what it is', () => {
    const failure = new StoreFailure('clock', 'wrong');
    assert.equal(toStoreFailure(failure, 'unknown'), failure);
  });

  test('a URL that cannot be read is told without it', async () => {
    const url = 'postgres://me:top-secret@[broken/';
    const store = new PostgresStore({ url });
    const isTold = (error: unknown) => {
      assert.ok(error instanceof StoreFailure);
      assert.doesNotMatch(inspect(error, { depth: 9 }), /top-secret/);
      return error.reason === 'unreachable';
    };
    await assert.rejects(
      store.transact(Date.now() + 100, async () => undefined),
      isTold,
    );
    assert.throws(() => openPostgresReader(url), isTold);
  });
});
