import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import {
  decodeEntryBundle,
  parseTlogProof,
  verifyConsistency,
  verifyEvidence,
  verifyInclusion,
} from '@affidavit/ledger';

import { startAffidavit, type Affidavit } from './support/server.ts';
import { startService, type Service } from './support/service.ts';
import {
  ask,
  find,
  makeAgent,
  makeApp,
  makeGrant,
  problem,
  type AppUnderTest,
} from './support/world.ts';
import type { Acknowledged } from './support/trail.ts';
import { newEvent } from './support/writers.ts';

/** Receipts: whoever writes can prove it at once, and for ever, with nothing but the key of the log. */

interface Receipt {
  readonly events: readonly (Acknowledged & { readonly proof: string })[];
  readonly checkpoint: string;
}

let server: Affidavit;
let service: Service;
let app: AppUnderTest;
let vkey: string;
/** Every receipt that was given out. */
const given: Receipt[] = [];

before(async () => {
  server = await startAffidavit();
  service = await startService(async (_, response) => {
    response.end('done');
  });
  app = await makeApp(server, 'receipts');
  ({ vkey } = await ask<{ vkey: string }>(server, 200, 'GET', '/v1/ledger', { key: app.key }));
});
after(async () => {
  await service.close();
  assert.equal(await server.stop(), 0, server.stdout());
});

const trust = () => ({ verifiers: [vkey] });
const PATH = '/v1/events?receipt=true';

async function report(body: object, headers = {}): Promise<Receipt> {
  const receipt = await ask<Receipt>(server, 201, 'POST', PATH, { key: app.key, body, headers });
  given.push(receipt);
  return receipt;
}

const events = (count: number) => Array.from({ length: count }, () => newEvent());

/** Header texts, out of the bundles: a receipt is for who knows what was logged. */
async function headerAt(seq: number): Promise<string> {
  const { size } = await ask<{ size: number }>(server, 200, 'GET', '/v1/ledger', { key: app.key });
  const bundle = Math.floor(seq / 256);
  const width = Math.min(256, size - bundle * 256);
  const number = String(bundle).padStart(3, '0');
  const path = `/v1/ledger/tile/entries/${number}${width < 256 ? `.p/${width}` : ''}`;
  const { bytes } = await server.request('GET', path, { key: app.key });
  return Buffer.from(decodeEntryBundle(bytes)[seq % 256] as Uint8Array).toString('utf8');
}

async function assertReceipt({ events: acknowledged, checkpoint }: Receipt): Promise<void> {
  const sample = acknowledged.filter((_, i) => i % 97 === 0 || i === acknowledged.length - 1);
  for (const { proof, seq, event_id } of sample) {
    assert.equal(parseTlogProof(proof).checkpoint, checkpoint);
    const { header } = await verifyInclusion(await headerAt(seq), proof, trust());
    assert.deepEqual([header.seq, header.event_id], [seq, event_id]);
  }
}

suite('a receipt', () => {
  test('comes with the acknowledgement, under the very checkpoint that it carries', async () => {
    for (const body of [newEvent(), { events: events(3) }, { events: events(300) }, newEvent()]) {
      await assertReceipt(await report(body));
    }
  });

  test('comes for each of a thousand events', async () => {
    const receipt = await report({ events: events(1000) });
    assert.equal(receipt.events.length, 1000);
    assert.ok(receipt.events.every(({ proof }) => proof.startsWith('c2sp.org/tlog-proof@v1\n')));
    await assertReceipt(receipt);
  });

  test('comes to everyone who writes at the same time', async () => {
    const bodies = Array.from({ length: 40 }, (_, i) =>
      i % 8 === 7 ? { events: events(600) } : newEvent(),
    );
    const receipts = await Promise.all(bodies.map((body) => report(body)));
    for (const receipt of receipts) await assertReceipt(receipt);
  });

  test('comes again for an event that is sent again, under a checkpoint of now', async () => {
    const event = newEvent();
    const first = await report(event);
    await report({ events: events(5) });
    const again = await report(event);
    assert.equal(again.events[0]?.seq, first.events[0]?.seq);
    assert.notEqual(again.checkpoint, first.checkpoint);
    await assertReceipt(again);
    const mixed = await report({ events: [newEvent(), event, newEvent()] });
    await assertReceipt(mixed);
  });

  test('comes again with an Idempotency-Key', async () => {
    const body = { event_type: 'order.placed' };
    const headers = { 'idempotency-key': 'one-and-the-same' };
    const first = await report(body, headers);
    const again = await report(body, headers);
    assert.deepEqual(again.events[0]?.event_id, first.events[0]?.event_id);
    await assertReceipt(again);
  });

  test('comes with a brokered call, for its outcome', async () => {
    const agent = await makeAgent(server, app, 'Ada');
    const grant = { provider: 'svc', base_url: service.url, secret: 'sk_receipts_0123456789' };
    await makeGrant(server, app, grant);
    const options = { key: agent.key, body: { url: '/work', provider: 'svc' } };
    const path = '/v1/request?receipt=true';
    type Called = Acknowledged & { proof: string; checkpoint: string; body: string };
    const answer = await ask<Called>(server, 200, 'POST', path, options);
    assert.equal(answer.body, 'done');
    await assertReceipt({ events: [answer], checkpoint: answer.checkpoint });
    const plain = await ask<Called>(server, 200, 'POST', '/v1/request', options);
    assert.equal(plain.proof, undefined);
  });

  test('comes only where it is wanted', async () => {
    for (const path of ['/v1/events', '/v1/events?receipt=false']) {
      const options = { key: app.key, body: newEvent() };
      const plain = await ask<Receipt>(server, 201, 'POST', path, options);
      assert.equal(plain.events[0]?.proof, undefined);
    }
    const wrong = await server.request('POST', '/v1/events?receipt=yes', {
      key: app.key,
      body: newEvent({ event_id: 'evt_wrongly_asked' }),
    });
    assert.equal(problem(wrong, 400, 'invalid_request').field, 'receipt');
    const path = '/v1/events/evt_wrongly_asked/evidence';
    problem(await server.request('GET', path, { key: app.key }), 404, 'not_found');
  });

  test('holds when the log has grown on, and what it was under is part of what is now', async () => {
    await report({ events: events(700) });
    const { checkpoint: now } = await report(newEvent());
    for (const receipt of given) {
      await assertReceipt(receipt);
      const sizes = [receipt.checkpoint, now].map((note) => note.split('\n')[1]);
      const path = `/v1/ledger/proof/consistency?old=${sizes[0]}&new=${sizes[1]}`;
      const { hashes } = await ask<{ hashes: string[] }>(server, 200, 'GET', path, {
        key: app.key,
      });
      await verifyConsistency(receipt.checkpoint, now, hashes, trust());
    }
  });
});

suite('evidence', () => {
  test('is all that it takes to check one entry offline', async () => {
    const args = { amount: 12, to: 'Müller' };
    const { events: written } = await report(newEvent({ args, response_body: 'thanks' }));
    const { event_id, seq } = written[0] as Acknowledged;
    const path = `/v1/events/${event_id}/evidence`;
    const evidence = await ask(server, 200, 'GET', path, { key: app.key });
    assert.deepEqual(Object.keys(evidence), ['header', 'parts', 'proof', 'checkpoint']);
    const verified = await verifyEvidence(evidence, trust());
    assert.equal(verified.header.seq, seq);
    assert.deepEqual(verified.missing, []);
    assert.deepEqual(verified.parts.args, args);
    assert.equal(verified.parts.response_body, 'thanks');
    const spoiled = JSON.parse(JSON.stringify(evidence).replace('thanks', 'thankx')) as object;
    await assert.rejects(verifyEvidence(spoiled, trust()), { code: 'proof_failed' });
  });

  test('is of the own app, and asking for it is on the record', async () => {
    const { events: written } = await report(newEvent());
    const { event_id } = written[0] as Acknowledged;
    const path = `/v1/events/${event_id}/evidence`;
    await ask(server, 200, 'GET', path, { key: app.key });
    const reads = await find(server, app.key, { event_type: 'trail.read' });
    const asked = reads.filter(({ args }) => JSON.stringify(args)?.includes(event_id));
    assert.equal(asked.length, 1);
    const stranger = await makeApp(server, 'stranger');
    problem(await server.request('GET', path, { key: stranger.key }), 404, 'not_found');
  });
});
