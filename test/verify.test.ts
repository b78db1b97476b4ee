import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import { startAffidavit, type Affidavit } from './support/server.ts';
import { readAll, write } from './support/trail.ts';
import { newEvent } from './support/writers.ts';

/** `GET /v1/ledger/verify` on a server that is at work. What it finds is tested beside its source. */

interface Verdict {
  readonly ok: boolean;
  readonly size: number;
  readonly checked: number;
  readonly first_seq: number;
  readonly last_seq: number;
  readonly broken: unknown[];
  readonly more_broken: boolean;
}

let server: Affidavit;
before(async () => {
  server = await startAffidavit({ isFromSource: true });
  for (let i = 0; i < 5; i++) {
    await write(server, { events: Array.from({ length: 1000 }, () => newEvent()) });
  }
});
after(async () => assert.equal(await server.stop(), 0, server.stdout()));

const verify = (query = '', headers = {}, key?: string) =>
  server.request<Verdict>('GET', `/v1/ledger/verify${query}`, { headers, key });

suite('the check of a ledger', () => {
  test('finds all that was written sound, whole and in a range of time', async () => {
    const entries = await readAll(server);
    const { status, body, text } = await verify();
    assert.equal(status, 200, text);
    assert.ok(body.ok, text);
    assert.equal(body.size, entries.length);
    assert.deepEqual([body.first_seq, body.last_seq], [0, body.size - 1]);
    assert.equal(body.checked, body.size);
    assert.deepEqual([body.broken, body.more_broken], [[], false]);

    const [from, to] = [entries[1500]?.created_at, entries[3500]?.created_at];
    const some = (await verify(`?from=${from}&to=${to}`)).body;
    const inside = entries.filter(
      ({ created_at }) => created_at >= String(from) && created_at < String(to),
    );
    assert.ok(some.ok);
    assert.deepEqual([some.first_seq + 1, some.last_seq - 1], [inside[0]?.seq, inside.at(-1)?.seq]);
  });

  test('tells its progress line by line to those who ask for lines', async () => {
    for (const [query, headers] of [
      ['?format=ndjson', {}],
      ['', { accept: 'application/x-ndjson' }],
    ] as const) {
      const { status, text, headers: given } = await verify(query, headers);
      assert.equal(status, 200, text);
      assert.equal(given['content-type'], 'application/x-ndjson');
      const lines = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Verdict);
      const verdict = lines.pop();
      assert.ok(verdict?.ok, text);
      assert.ok(lines.length > 0);
      for (const { checked, ...progress } of lines) {
        assert.deepEqual(progress, { total: verdict.size });
        assert.ok(checked <= verdict.size);
      }
    }
    assert.equal((await verify('?format=csv')).status, 400);
  });

  test('is for keys that may read the ledger, and needs no more', async () => {
    const keyFor = async (...scopes: string[]) => {
      const body = { name: scopes.join(), scopes };
      return String((await server.request('POST', '/v1/keys', { body })).body.key);
    };
    assert.equal((await verify('', {}, await keyFor('ledger:read'))).status, 200);
    assert.equal((await verify('', {}, await keyFor('events:read'))).status, 403);
  });

  test('goes on beside writes, one at a time', async () => {
    const checks = [verify(), verify(), verify()];
    await write(server, newEvent());
    const answers = await Promise.all(checks);
    const statuses = answers.map(({ status }) => status).sort();
    assert.deepEqual(statuses, [200, 503, 503]);
    for (const { status, headers, body } of answers) {
      if (status === 200) assert.ok(body.ok);
      else assert.ok(Number(headers['retry-after']) > 0);
    }
  });

  test('ends when its client goes away, and makes room for the next', async () => {
    const controller = new AbortController();
    const answer = await fetch(`${server.url}/v1/ledger/verify?format=ndjson`, {
      headers: { authorization: `Bearer ${server.adminKey}` },
      signal: controller.signal,
    });
    assert.equal(answer.status, 200);
    controller.abort();
    for (let tries = 0; ; tries++) {
      const { status } = await verify();
      if (status === 200) break;
      assert.ok(tries < 200, 'the check of a client that went away is still under way');
    }
  });
});
