import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { verifyEvidence, verifyInclusion } from '@affidavit/ledger';

import { newTrail } from './support/kept-trail.ts';
import { startAffidavit, type Affidavit } from './support/server.ts';
import type { Entry, Page } from './support/trail.ts';
import { problem } from './support/world.ts';

/** Retention and legal hold over HTTP: what must go goes, and every proof stays. */

let server: Affidavit;
before(async () => {
  server = await startAffidavit();
});
after(async () => assert.equal(await server.stop(), 0, server.stdout()));

const begin = (name: string) => newTrail(server, name);

const event = (n: number, more: object = {}) => ({
  event_type: 'document.read',
  provider: n % 2 === 0 ? 'crm' : 'mail',
  principal_id: `usr_${n}`,
  reason: `payload number${n}`,
  response_body: { text: `answer ${n}` },
  ...more,
});
const events = (count: number) => Array.from({ length: count }, (_, n) => event(n));

describe('retention', () => {
  it('is a year unless an app says else, which goes on the record', async () => {
    const trail = await begin('a year');
    const first = await trail.ask(200, 'GET', '/v1/retention');
    assert.deepEqual([first.days, first.default_days], [365, 365]);
    await trail.ask(200, 'PUT', '/v1/retention', { days: 30 });
    assert.equal((await trail.ask(200, 'GET', '/v1/retention')).days, 30);
    await trail.ask(200, 'PUT', '/v1/retention', { days: null });
    assert.equal((await trail.ask(200, 'GET', '/v1/retention')).days, null);
    const [last, one] = await trail.list('event_type=retention.updated');
    assert.deepEqual(last?.args, { days: null, days_before: 30 });
    assert.deepEqual(one?.args, { days: 30, days_before: 365 });
    assert.equal(one?.actor_id, trail.app.key_id);
    for (const days of [-1, 36_501, 'x', undefined]) {
      const { key } = trail.app;
      const answer = await server.request('PUT', '/v1/retention', { key, body: { days } });
      assert.equal(problem(answer, 400, 'invalid_request').field, 'days');
    }
  });

  it('sweeps nothing that is younger than the window', async () => {
    const trail = await begin('young');
    const [one] = await trail.write([event(1)]);
    for (const days of [365, 1, null]) {
      await trail.days(days);
      const swept = { deleted: 0, held: 0, done: true, space_freed: true };
      assert.deepEqual(await trail.sweep(), swept);
    }
    assert.equal(await trail.show(one?.event_id as string), 200);
    assert.deepEqual(await trail.list('event_type=retention.swept'), []);
  });
});

describe('a swept entry', () => {
  it('is 410 with its header and proof, and every receipt given before still verifies', async () => {
    const trail = await begin('swept');
    const vkey = await trail.vkey();
    const receipts = await trail.write(events(1000));
    await trail.days(0);
    const { deleted } = await trail.sweep();
    assert.ok(deleted >= 1001, String(deleted));
    for (const { event_id, proof, seq } of receipts.filter((_, n) => n % 100 === 0)) {
      const gone = await trail.refuse(410, 'gone', `/v1/events/${event_id}`);
      assert.equal(gone.seq, seq);
      const now = await verifyInclusion(String(gone.header), String(gone.proof), {
        verifiers: [vkey],
      });
      assert.equal(now.header.event_id, event_id);
      await verifyInclusion(String(gone.header), proof, { verifiers: [vkey] });
      const evidence = await trail.evidence(event_id);
      const { missing } = await verifyEvidence(evidence, { verifiers: [vkey] });
      assert.deepEqual(missing, ['envelope', 'response_body']);
    }
    await trail.refuse(404, 'not_found', '/v1/events/evt_never_was');
    const swept = await trail.list('event_type=retention.swept');
    const { ok } = await trail.ask(200, 'GET', '/v1/ledger/verify');
    assert.equal(ok, true);
    assert.equal(
      swept.reduce((sum, { args }) => sum + (args as { entries: number }).entries, 0),
      deleted,
    );
  });

  it('is found by nothing, and pages go on over any number of them', async () => {
    const trail = await begin('pages');
    await trail.write([event(0, { provider: 'first' })]);
    const [kept] = await trail.write([event(1, { provider: 'kept' })]);
    await trail.ask(201, 'POST', '/v1/holds', { event_ids: [kept?.event_id], reason: 'a case' });
    for (let batch = 0; batch < 5; batch++) await trail.write(events(1000));
    const before = await trail.ask<Page>(200, 'GET', '/v1/events?order=asc&limit=1');
    await trail.days(0);
    await trail.sweep();
    await trail.days(365);
    const [last] = await trail.write([event(7, { provider: 'last' })]);
    const next = await trail.ask<Page>(
      200,
      'GET',
      `/v1/events?order=asc&limit=2&cursor=${before.next_cursor}`,
    );
    assert.equal(next.data[0]?.event_id, kept?.event_id);
    assert.equal(next.has_more, true);
    for (const query of [
      'q=number3',
      'principal_id=usr_3',
      'provider=crm',
      'response_status=200',
    ]) {
      assert.deepEqual(await trail.list(query), [], query);
    }
    const all = await trail.list('order=desc');
    assert.deepEqual(
      all
        .filter(({ event_type }) => event_type === 'document.read')
        .map(({ event_id }) => event_id),
      [last?.event_id, kept?.event_id],
    );
    const seqs = all.map(({ seq }) => seq);
    assert.deepEqual(
      seqs,
      seqs.toSorted((a, b) => b - a),
    );
  });

  it('does not take along the entries that say what was swept', async () => {
    const trail = await begin('telling');
    await trail.write(events(3));
    await trail.days(0);
    const first = await trail.sweep();
    const second = await trail.sweep();
    assert.ok(first.deleted >= 4);
    assert.equal(second.deleted, 0);
    const swept = (await trail.list('event_type=retention.swept'))[0] as Entry;
    assert.deepEqual((swept.args as { ranges: unknown }).ranges, [[0, first.deleted - 1]]);
    assert.equal((await trail.sweep()).deleted >= 0, true);
  });
});

describe('an entry', () => {
  it('that asks to be kept longer is, and its keeping can be extended and never shortened', async () => {
    const trail = await begin('longer');
    const soon = new Date(Date.now() + 3_600_000).toISOString();
    const later = new Date(Date.now() + 7_200_000).toISOString();
    const [asking, other, past] = await trail.write([
      event(1, { retention_until: soon }),
      event(2),
      event(3, { retention_until: '2020-01-01T00:00:00Z' }),
    ]);
    const ids = [asking?.event_id, other?.event_id];
    await trail.days(0);
    const extend = (until: string) => ({ event_ids: ids, until, reason: 'wanted' });
    await trail.ask(200, 'POST', '/v1/retention/extend', extend(later));
    const [said] = await trail.list('event_type=retention.extended');
    assert.equal(said?.reason, 'wanted');
    const early = await trail.refuse(409, 'conflict', '/v1/retention/extend', extend(soon));
    assert.equal(early.field, 'until');
    await trail.sweep();
    for (const id of ids) {
      const shown = await trail.ask(200, 'GET', `/v1/events/${id}`);
      assert.equal(shown.retention_until, later);
    }
    assert.equal(await trail.show(past?.event_id as string), 410);
    const gone = { event_ids: [past?.event_id], until: later };
    await trail.refuse(410, 'gone', '/v1/retention/extend', gone);
    const never = { event_ids: ['evt_never'], until: later };
    await trail.refuse(404, 'not_found', '/v1/retention/extend', never);
  });

  it('shows what its client said of its keeping as long as nobody extends it', async () => {
    const trail = await begin('as said');
    const until = '2040-01-01T00:00:00+01:00';
    const [one] = await trail.write([event(1, { retention_until: until })]);
    const shown = await trail.ask(200, 'GET', `/v1/events/${one?.event_id}`);
    assert.equal(shown.retention_until, until);
  });
});

describe('a legal hold', () => {
  it('keeps what it names until the last hold on it is released', async () => {
    const trail = await begin('named');
    const [one, two] = await trail.write([event(1), event(2)]);
    const place = (event_ids: unknown[], reason: string) =>
      trail.ask<{ hold_id: string }>(201, 'POST', '/v1/holds', { event_ids, reason });
    const first = await place([one?.event_id, two?.event_id], 'one case');
    const second = await place([one?.event_id], 'another case');
    assert.match(first.hold_id, /^hld_/);
    const shown = await trail.ask(200, 'GET', `/v1/events/${one?.event_id}`);
    assert.equal(shown.legal_hold, true);
    await trail.days(0);
    assert.equal((await trail.sweep()).held, 2);
    await trail.ask(200, 'DELETE', `/v1/holds/${first.hold_id}`);
    await trail.sweep();
    assert.deepEqual(
      [await trail.show(one?.event_id as string), await trail.show(two?.event_id as string)],
      [200, 410],
    );
    const { data } = await trail.ask<{ data: object[] }>(200, 'GET', '/v1/holds');
    assert.deepEqual(
      data.map((hold) => (hold as { hold_id: string }).hold_id),
      [second.hold_id],
    );
    const listed = await trail.ask(200, 'GET', `/v1/holds/${second.hold_id}`);
    assert.deepEqual([listed.reason, listed.event_ids], ['another case', [one?.event_id]]);
    await trail.ask(200, 'DELETE', `/v1/holds/${second.hold_id}`);
    await trail.ask(404, 'DELETE', `/v1/holds/${second.hold_id}`);
    await trail.sweep();
    assert.equal(await trail.show(one?.event_id as string), 410);
  });

  it('by a filter covers what matches now and what matches later', async () => {
    const trail = await begin('by filter');
    const [now] = await trail.write([event(1)]);
    const filter = { provider: 'mail', q: 'payload' };
    const { hold_id } = await trail.ask<{ hold_id: string }>(201, 'POST', '/v1/holds', {
      filter,
      reason: 'a case',
    });
    const [later, other] = await trail.write([event(3), event(4)]);
    await trail.days(0);
    assert.equal((await trail.sweep()).held, 2);
    const status = async () =>
      Promise.all([now, later, other].map((one) => trail.show(one?.event_id as string)));
    assert.deepEqual(await status(), [200, 200, 410]);
    assert.equal((await trail.ask(200, 'GET', `/v1/events/${later?.event_id}`)).legal_hold, true);
    assert.deepEqual((await trail.ask(200, 'GET', `/v1/holds/${hold_id}`)).filter, filter);
    await trail.ask(200, 'DELETE', `/v1/holds/${hold_id}`);
    await trail.sweep();
    assert.deepEqual(await status(), [410, 410, 410]);
  });

  it('is refused for what is not there, or without a reason, or by an unknown filter', async () => {
    const trail = await begin('refused');
    const [one] = await trail.write([event(1)]);
    await trail.days(0);
    await trail.sweep();
    const reason = 'a case';
    await trail.refuse(410, 'gone', '/v1/holds', { event_ids: [one?.event_id], reason });
    await trail.refuse(404, 'not_found', '/v1/holds', { event_ids: ['evt_none'], reason });
    await trail.refuse(400, 'unknown_filter', '/v1/holds', { filter: { colour: 'red' }, reason });
    const bodies = [
      { reason },
      { filter: {}, event_ids: ['evt_a'], reason },
      { filter: {} },
      { event_ids: [], reason },
    ];
    for (const body of bodies) await trail.refuse(400, 'invalid_request', '/v1/holds', body);
  });
});
