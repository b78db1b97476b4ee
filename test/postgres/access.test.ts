import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, suite, test } from 'node:test';

import { postgres, whyNoPostgres } from '../support/database.ts';
import { startAffidavit, type Affidavit } from '../support/server.ts';
import { browserWith, cookieOf, linkIn } from '../support/signed-in.ts';
import { startService } from '../support/service.ts';
import { ask, find, makeAgent, makeApp, makeGrant, problem } from '../support/world.ts';

/** Tokens and roles where several processes serve one ledger. */

const skip = await whyNoPostgres();

suite('two processes', { skip }, () => {
  let servers: Affidavit[] = [];
  const [one, two] = [() => servers[0] as Affidavit, () => servers[1] as Affidavit];
  before(async () => {
    const env = {
      AFFIDAVIT_DATABASE_URL: await (await postgres()).newDatabase(),
      AFFIDAVIT_MASTER_KEY: randomBytes(32).toString('base64'),
    };
    servers = await Promise.all([startAffidavit({ env }), startAffidavit({ env })]);
  });
  after(() => Promise.all(servers.map((server) => server.stop())));

  test('know a token at once, and its end, which only one of many brings', async (context) => {
    const service = await startService();
    context.after(() => service.close());
    const app = await makeApp(one(), 'tokens');
    const agent = await makeAgent(one(), app, 'Ada');
    const base = { provider: 'shop', base_url: service.url, secret: 'sk_two_1234567' };
    const { grant_id } = await makeGrant(one(), app, base);
    const { token, token_id } = await ask<Record<string, string>>(
      one(),
      201,
      'POST',
      '/v1/tokens',
      {
        key: agent.key,
        body: { grant_id },
      },
    );
    const call = (server: Affidavit) =>
      server.request('POST', '/v1/request', { key: String(token), body: { url: '/' } });
    assert.equal((await call(two())).status, 200);
    const ends = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        (i % 2 === 0 ? one() : two()).request('DELETE', `/v1/tokens/${token_id}`, {
          key: agent.key,
        }),
      ),
    );
    assert.equal(ends.filter(({ status }) => status === 200).length, 1);
    problem(await call(one()), 401, 'unauthorized');
    problem(await call(two()), 401, 'unauthorized');
    const query = { token_id: String(token_id), event_type: 'token.revoked' };
    assert.equal((await find(one(), app.key, query)).length, 1);
  });

  test('let one of many in by a link, know their session at once, and its end', async () => {
    const app = await makeApp(one(), 'sessions');
    const made = await ask(one(), 201, 'POST', '/v1/sign-in-links', { key: app.key, body: {} });
    const body = { link: linkIn(made.url) };
    const tries = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        (i % 2 === 0 ? one() : two()).request('POST', '/v1/sessions', { key: null, body }),
      ),
    );
    const opened = tries.filter(({ status }) => status === 201);
    assert.equal(opened.length, 1);
    const cookie = cookieOf(opened[0]!, 'affidavit_session') ?? '';
    const browsers = [one(), two()].map((server) => browserWith(server, cookie, ''));
    const [here, there] = [browsers[0]!, browsers[1]!];
    for (const browser of browsers) {
      assert.equal((await browser.request('GET', '/v1/whoami')).status, 200);
    }
    assert.equal((await here.request('DELETE', '/v1/session')).status, 200);
    problem(await there.request('GET', '/v1/whoami'), 401, 'unauthorized');
  });

  test('keep one owner, when the last two leave at once in both', async () => {
    for (let round = 0; round < 10; round++) {
      const app = await makeApp(one(), `owners ${round}`);
      const owners = await Promise.all(
        [one(), two()].map((server, i) =>
          ask<Record<string, string>>(server, 201, 'POST', '/v1/operators', {
            key: app.key,
            body: { email: `owner${i}@example.com`, role: 'owner' },
          }),
        ),
      );
      const left = await Promise.all(
        owners.map(({ operator_id }, i) =>
          (i === 0 ? one() : two()).request('DELETE', `/v1/operators/${operator_id}`, {
            key: app.key,
          }),
        ),
      );
      const statuses = left.map(({ status }) => status);
      assert.ok(statuses.filter((status) => status === 200).length <= 1, String(statuses));
      for (const status of statuses) assert.ok([200, 404, 409].includes(status), String(statuses));
    }
  });
});
