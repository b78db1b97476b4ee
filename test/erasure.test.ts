import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { verifyEvidence, verifyInclusion } from '@affidavit/ledger';

import { newTrail, type KeptTrail } from './support/kept-trail.ts';
import { startAffidavit, type Affidavit, type Answer } from './support/server.ts';
import { startService } from './support/service.ts';
import type { Entry } from './support/trail.ts';
import { makeAgent, makeGrant, problem } from './support/world.ts';

/** Erasure over HTTP: of entries, of a principal, of single parts; never of what is on hold. */

let server: Affidavit;
before(async () => {
  server = await startAffidavit();
});
after(async () => assert.equal(await server.stop(), 0, server.stdout()));

const begin = (name: string) => newTrail(server, name);
const event = (principal_id: string, more: object = {}) => ({
  event_type: 'api.called',
  principal_id,
  principal_email: `${principal_id}@example.org`,
  response_body: { of: principal_id },
  args: { for: principal_id },
  ...more,
});
const many = (count: number, principal_id: string) =>
  Array.from({ length: count }, () => event(principal_id));

const statuses = (trail: KeptTrail, entries: readonly { event_id: string }[]) =>
  Promise.all(entries.map(({ event_id }) => trail.show(event_id)));

/** The entry that says how a brokered call ended. */
async function outcomeOf(trail: KeptTrail, { body }: Answer): Promise<string> {
  const query = `event_type=api.called&execution_id=${String(body.execution_id)}`;
  return String((await trail.list(query))[0]?.event_id);
}

describe('erasure', () => {
  it('of entries by their ids removes all that they say, and their proofs stay', async () => {
    const trail = await begin('by ids');
    const verifiers = [await trail.vkey()];
    const entries = await trail.write([event('ada'), event('bob'), event('ada')]);
    const [one, , other] = entries;
    const event_ids = [one?.event_id, other?.event_id, one?.event_id];
    const erasure = await trail.erase({ event_ids });
    assert.deepEqual([erasure.erased, erasure.state], [2, 'done']);
    assert.match(erasure.erasure_id, /^ers_/);
    assert.deepEqual(await statuses(trail, entries), [410, 200, 410]);
    for (const { event_id, proof } of entries) {
      const evidence = await trail.evidence(event_id);
      const { missing } = await verifyEvidence(evidence, { verifiers });
      assert.equal(missing.length, event_id === entries[1]?.event_id ? 0 : 3);
      await verifyInclusion(evidence.header, proof, { verifiers });
    }
  });

  it('of single parts leaves the rest as it was, and the rest still verifies', async () => {
    const trail = await begin('parts');
    const verifiers = [await trail.vkey()];
    const entries = await trail.write([event('ada'), event('ada', { response_body: undefined })]);
    const { erased } = await trail.erase({ principal_id: 'ada', parts: ['response_body'] });
    assert.equal(erased, 1);
    const shown = await trail.ask(200, 'GET', `/v1/events/${entries[0]?.event_id}`);
    assert.deepEqual([shown.response_body, shown.args], [undefined, { for: 'ada' }]);
    const evidence = await trail.evidence(String(entries[0]?.event_id));
    const { missing, parts } = await verifyEvidence(evidence, { verifiers });
    assert.deepEqual([missing, parts.args], [['response_body'], { for: 'ada' }]);
    assert.equal((await trail.erase({ principal_id: 'ada', parts: ['response_body'] })).erased, 0);
    assert.equal((await trail.erase({ principal_id: 'ada', parts: ['args', 'result'] })).erased, 2);
    assert.equal((await trail.list('principal_id=ada')).length, 2);
  });

  it('of a principal finds every entry of theirs, and is on the record without their name', async () => {
    const trail = await begin('a principal');
    const theirs = await trail.write(many(1000, 'usr_erased'));
    const others = await trail.write(many(3, 'usr_other'));
    theirs.push(...(await trail.write(many(700, 'usr_erased'))));
    await trail.list('principal_id=usr_erased&provider=crm');
    await trail.list('principal_id=usr_other&provider=crm');
    const erasure = await trail.erase({ principal_id: 'usr_erased' });
    assert.deepEqual([erasure.erased, erasure.state], [1700, 'done']);
    const asked = await trail.list('event_type=trail.read');
    const naming = asked.map(({ args }) => JSON.stringify(args));
    assert.equal(naming.filter((args) => args === undefined).length, 1, 'who asked is still there');
    assert.ok(naming.some((args) => args?.includes('usr_other')));
    const sample = theirs.filter((_, n) => n % 50 === 0);
    assert.deepEqual(new Set(await statuses(trail, sample)), new Set([410]));
    assert.deepEqual(await statuses(trail, others), [200, 200, 200]);
    assert.deepEqual(await trail.list('principal_id=usr_erased'), []);
    const said = await trail.list('event_type=erasure.*&order=asc');
    assert.equal(said[0]?.event_type, 'erasure.requested');
    assert.equal(said[0]?.reason, 'asked for');
    const done = said.filter(({ event_type }) => event_type === 'erasure.executed');
    const sum = done.reduce((all, { args }) => all + (args as { entries: number }).entries, 0);
    assert.equal(sum, 1701);
    assert.ok(done.every(({ actor_id }) => actor_id === trail.app.key_id));
    assert.ok(!JSON.stringify(said).includes('usr_erased'));
    const digests = new Set(said.map(({ args }) => (args as Entry).principal_digest));
    assert.match([...digests].join(), /^[0-9a-f]{32}$/);
    assert.equal((await trail.ask(200, 'GET', '/v1/ledger/verify')).ok, true);
    const path = (id: string) => `/v1/erasures?principal_id=${id}`;
    const found = await trail.ask<{ data: Entry[] }>(200, 'GET', path('usr_erased'));
    assert.deepEqual(
      found.data.map((one) => one.erasure_id),
      [erasure.erasure_id],
    );
    assert.ok(!JSON.stringify(found).includes('"usr_erased"'));
    assert.deepEqual((await trail.ask(200, 'GET', path('usr_other'))).data, []);
    const one = await trail.ask(200, 'GET', `/v1/erasures/${erasure.erasure_id}`);
    assert.equal(one.erased, 1700);
    await trail.ask(404, 'GET', '/v1/erasures/ers_none');
  });

  it('is refused whole when anything of it is on hold', async () => {
    const trail = await begin('on hold');
    const entries = await trail.write([...many(700, 'held'), event('held', { provider: 'bank' })]);
    const last = String(entries.at(-1)?.event_id);
    const { hold_id } = await trail.hold({ filter: { provider: 'bank' } });
    for (const body of [{ principal_id: 'held' }, { event_ids: [entries[0]?.event_id, last] }]) {
      const refused = await trail.refuse(409, 'conflict', '/v1/erasures', { ...body, reason: 'x' });
      assert.deepEqual(refused.held, [{ event_id: last, hold_id }]);
      const shown = await trail.ask(200, 'GET', `/v1/erasures/${refused.erasure_id}`);
      assert.deepEqual([shown.state, shown.erased], ['refused', 0]);
    }
    assert.equal((await trail.list('principal_id=held')).length, 701);
    assert.equal((await trail.list('event_type=erasure.refused')).length, 2);
    await trail.ask(200, 'DELETE', `/v1/holds/${hold_id}`);
    assert.equal((await trail.erase({ principal_id: 'held' })).erased, 701);
  });

  it('never takes what says what was removed', async () => {
    const trail = await begin('telling');
    const [one] = await trail.write([event('ada')]);
    await trail.erase({ event_ids: [one?.event_id] });
    const [said] = await trail.list('event_type=erasure.executed');
    const body = { event_ids: [said?.event_id], reason: 'to hide it' };
    await trail.refuse(409, 'conflict', '/v1/erasures', body);
    await trail.days(0);
    await trail.sweep();
    assert.equal(await trail.show(String(said?.event_id)), 200);
  });

  it('takes the answer that is kept for repeats, and the call is not made again', async () => {
    const service = await startService(async (_, response) => {
      response.end(`a secret for ada, ${service.received.length}`);
    });
    const trail = await begin('repeats');
    const { app } = trail;
    const principal = { type: 'user', id: 'ada' };
    const { grant_id } = await makeGrant(server, app, {
      provider: 'api',
      base_url: service.url,
      secret: 'sk_live_0123456789abcdef',
      agents: '*',
      principal,
    });
    const agent = await makeAgent(server, app, 'repeating');
    const call = (name: string) =>
      server.request('POST', '/v1/request', {
        key: agent.key,
        body: { url: service.url, grant_id },
        headers: { 'idempotency-key': name },
      });
    const first = await call('once');
    assert.ok(first.status === 200 && first.text.includes('a secret for ada'), first.text);
    assert.equal((await call('once')).text, first.text);
    await call('another');
    await trail.erase({ event_ids: [await outcomeOf(trail, first)], parts: ['response_body'] });
    problem(await call('once'), 410, 'gone');
    assert.equal((await call('another')).status, 200);
    await trail.erase({ principal_id: 'ada' });
    problem(await call('another'), 410, 'gone');
    assert.equal(service.received.length, 2);
    await service.close();
  });

  it('of what is unknown, of nobody or without a reason is refused', async () => {
    const trail = await begin('refused');
    const reason = 'x';
    await trail.refuse(404, 'not_found', '/v1/erasures', { event_ids: ['evt_none'], reason });
    const bodies = [
      { reason },
      { principal_id: 'a', event_ids: ['evt_a'], reason },
      { principal_id: 'a' },
      { principal_id: 'a', parts: ['header'], reason },
      { principal_id: 'a', parts: [], reason },
    ];
    for (const body of bodies) await trail.refuse(400, 'invalid_request', '/v1/erasures', body);
    assert.equal((await trail.erase({ principal_id: 'nobody', reason })).erased, 0);
  });

  it('of an intent or an outcome leaves pages of executions that go on', async () => {
    const trail = await begin('executions');
    const call = (n: number) => event('ada', { execution_id: `exe_${n}`, outcome: 'success' });
    const entries = await trail.write(Array.from({ length: 9 }, (_, n) => call(n)));
    const event_ids = entries.filter((_, n) => n % 3 !== 0).map(({ event_id }) => event_id);
    await trail.erase({ event_ids });
    const seen: unknown[] = [];
    let cursor = '';
    for (let pages = 0; pages < 5; pages++) {
      const path = `/v1/executions?order=asc&limit=2&principal_id=ada${cursor}`;
      const page = await trail.ask<{ data: Entry[]; has_more: boolean; next_cursor: string }>(
        200,
        'GET',
        path,
      );
      seen.push(...page.data.map(({ execution_id }) => execution_id));
      if (!page.has_more) break;
      cursor = `&cursor=${page.next_cursor}`;
    }
    assert.deepEqual(seen, ['exe_0', 'exe_3', 'exe_6']);
    await trail.ask(404, 'GET', '/v1/executions/exe_1');
  });
});
