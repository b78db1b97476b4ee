import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import { verifyEvidence } from '@affidavit/ledger';

import { prepareEvent } from '../ingest/prepare.ts';
import { submissionOf } from '../sequence/log.fixture.ts';
import { APP, openGrowingLog, type GrowingLog } from './log.fixture.ts';

/** Evidence of single entries, checked offline, also when parts of them are gone. */

let log: GrowingLog;
before(async () => {
  log = await openGrowingLog();
  await log.grow(300);
  const event = {
    event_type: 'api.called',
    reason: 'Prüfung \u{1f980}',
    args: [1, { b: null, a: '\u0000' }],
    response_body: 'secret answer',
  };
  const identity = { event_id: 'evt_whole', retriable: false, fingerprint: null };
  const writer = log.logs.newWriter(() => log.now);
  await writer.write([submissionOf(APP, [prepareEvent(event, identity)])]);
  log.size += 1;
});
after(() => log.close());

const evidence = async () => {
  const found = await log.ask.evidence({ app: APP, event_id: 'evt_whole' });
  return { found, verified: await verifyEvidence(found, { verifiers: [log.vkey] }) };
};
const remove = (part: string) =>
  log.logs.db.deleteFrom('parts').where('seq', '=', 300).where('part', '=', part).execute();

suite('evidence', () => {
  test('carries all parts, and they are what was committed to', async () => {
    const { found, verified } = await evidence();
    assert.deepEqual(verified.missing, []);
    assert.deepEqual(verified.parts.args, [1, { b: null, a: '\u0000' }]);
    assert.equal(verified.parts.response_body, 'secret answer');
    assert.deepEqual(verified.parts.envelope, {
      event_type: 'api.called',
      reason: 'Prüfung \u{1f980}',
    });
    assert.equal(verified.header.seq, 300);
    assert.ok(found.proof.endsWith(`\n\n${found.checkpoint}`));
  });

  test('leaves out a part that is gone, and what is left still verifies', async () => {
    await remove('response_body');
    const { found, verified } = await evidence();
    assert.deepEqual(verified.missing, ['response_body']);
    assert.equal(verified.parts.response_body, undefined);
    assert.ok(!JSON.stringify(found.parts).includes('secret answer'));
  });

  test('proves the entry when nothing is left of it but its header', async () => {
    await Promise.all(['args', 'envelope'].map(remove));
    const { found, verified } = await evidence();
    assert.deepEqual(found.parts, []);
    assert.deepEqual(verified.missing, ['args', 'envelope', 'response_body']);
    assert.ok(await log.ask.inclusion({ app: APP, name: { event_id: 'evt_whole' } }));
    assert.ok(await log.fetch('tile/entries/001.p/45'));
  });

  test('there is none of an entry that never was', async () => {
    await assert.rejects(log.ask.evidence({ app: APP, event_id: 'evt_never' }), {
      code: 'not_found',
    });
  });
});
