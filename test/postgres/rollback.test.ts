import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import type { TestServer } from '@affidavit/server/testing/postgres';

import { affidavit } from '../support/command-line.ts';
import { postgres, whyNoPostgres } from '../support/database.ts';
import { failToStart } from '../support/failing-start.ts';
import { startAffidavit, temporaryFolder } from '../support/server.ts';
import { eventually, write } from '../support/trail.ts';
import { problem } from '../support/world.ts';
import { newEvent } from '../support/writers.ts';

/** A database that is set back to an earlier copy, under a server that runs and before one starts. */

suite('the rollback guard on PostgreSQL', { skip: await whyNoPostgres() }, () => {
  let database: TestServer;
  before(async () => {
    database = await postgres();
  });
  after(() => database.close());

  const nameOf = (url: string) => new URL(url).pathname.slice(1);
  /** As an administrator, with nobody connected to these databases. */
  async function administer(url: string, ...statements: string[]): Promise<void> {
    const other = new URL(url);
    other.pathname = '/postgres';
    await database.query(other.href, `ALTER DATABASE ${nameOf(url)} ALLOW_CONNECTIONS false`);
    await database.query(
      other.href,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${nameOf(url)}'`,
    );
    for (const statement of statements) {
      await eventually(statement, () =>
        database.query(other.href, statement).then(
          () => true,
          () => false,
        ),
      );
    }
  }

  test('a database that is set back gets no signature, and its own again when it is back', async () => {
    const url = await database.newDatabase();
    const name = nameOf(url);
    const env = { AFFIDAVIT_DATABASE_URL: url };
    const dataFolder = temporaryFolder();
    const server = await startAffidavit({ env, dataFolder });
    const events = () => ({ events: Array.from({ length: 30 }, () => newEvent()) });
    await write(server, events());
    const open = `ALTER DATABASE ${name} ALLOW_CONNECTIONS true`;
    await administer(url, `CREATE DATABASE ${name}_copy TEMPLATE ${name}`, open);
    await eventually('it goes on', async () => {
      return (await server.request('POST', '/v1/events', { body: events() })).status === 201;
    });
    const { size } = (await server.request<{ size: number }>('GET', '/v1/ledger')).body;

    const swap = (from: string, to: string) => [
      `ALTER DATABASE ${name} RENAME TO ${to}`,
      `ALTER DATABASE ${from} RENAME TO ${name}`,
      open,
    ];
    await administer(url, ...swap(`${name}_copy`, `${name}_new`));
    await eventually('it is told as damage', async () => {
      const answer = await server.request('POST', '/v1/events', { body: newEvent() });
      assert.notEqual(answer.status, 201, answer.text);
      return problem(answer, 503, 'audit_unavailable').reason === 'damaged';
    });
    const checked = await affidavit(['fsck', '--data', dataFolder], env);
    assert.equal(checked.code, 1);
    assert.match(checked.stdout, new RegExp(`rollback, app_default: signed up to ${size} entries`));

    await administer(url, ...swap(`${name}_new`, `${name}_copy`));
    await eventually('it goes on', async () => {
      return (await server.request('POST', '/v1/events', { body: newEvent() })).status === 201;
    });
    assert.equal(await server.stop(), 0, server.stdout());

    await administer(url, ...swap(`${name}_copy`, `${name}_new`));
    const { code, stderr } = await failToStart({ dataFolder, env });
    assert.equal(code, 1);
    assert.match(stderr, /app_default: signed up to \d+ entries, the database has/);
    const other = new URL(url);
    other.pathname = `/${name}_new`;
    await database.dropDatabase(other.href);
    await database.dropDatabase(url);
  });
});
