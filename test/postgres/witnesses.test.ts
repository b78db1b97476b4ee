import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, suite, test } from 'node:test';

import { postgres, whyNoPostgres } from '../support/database.ts';
import { startAffidavit, type Affidavit } from '../support/server.ts';
import { startService, type Service } from '../support/service.ts';
import { write } from '../support/trail.ts';
import { passOn, startWitness, type WitnessProcess } from '../support/witness.ts';
import { addWitness, assertCosigned, isOk, ledgerOf, witnessState } from '../support/witnessed.ts';
import { find } from '../support/world.ts';
import { newEvent, startWriters } from '../support/writers.ts';

/** Several processes, one of which asks the witnesses at a time. */

const skip = await whyNoPostgres();
const name = 'witness.example/shared';
const LEASE_MS = 60_000;

suite('processes that share a ledger', { skip }, () => {
  let servers: Affidavit[] = [];
  let witness: WitnessProcess;
  /** In front of the witness, to see what it is asked. */
  let door: Service;
  let underWay = 0;
  let most = 0;
  before(async () => {
    const env = {
      AFFIDAVIT_DATABASE_URL: await (await postgres()).newDatabase(),
      AFFIDAVIT_MASTER_KEY: randomBytes(32).toString('base64'),
    };
    servers = await Promise.all([1, 2].map(() => startAffidavit({ env })));
    const { vkey } = await ledgerOf(servers[0] as Affidavit);
    witness = await startWitness({ name, logs: [vkey] });
    door = await startService(async ({ body }, response) => {
      most = Math.max(most, ++underWay);
      await passOn(witness, body, response);
      underWay -= 1;
    });
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await door.close();
    await witness.kill('SIGTERM');
  });

  test('take one checkpoint at a time to a witness, from whichever wrote it', async () => {
    await addWitness(servers[0] as Affidavit, { url: door.url, vkey: witness.vkey });
    const loads = servers.map((one) => startWriters(one, { writers: 4, batch: 10, requests: 60 }));
    await Promise.all(loads.map((load) => load.done));
    for (const server of servers) {
      await witnessState(server, name, isOk);
      const { text } = await server.request('GET', '/v1/ledger/checkpoint');
      assert.equal(assertCosigned(text, [witness.vkey]), (await ledgerOf(server)).size);
      assert.equal((await find(server, undefined, { event_type: 'witness.conflict' })).length, 0);
    }
    assert.equal(most, 1);
  });

  test('go on when the one that asks is killed', async () => {
    const feeding = await Promise.all(
      servers.map(async (server) =>
        /affidavit_witness_ok\{/.test(
          (await server.request('GET', '/metrics', { key: null })).text,
        ),
      ),
    );
    assert.deepEqual(feeding.toSorted(), [false, true]);
    const doomed = servers.splice(feeding.indexOf(true), 1)[0] as Affidavit;
    await doomed.kill('SIGKILL');
    const [left] = servers as [Affidavit];
    await write(left, newEvent());
    await witnessState(left, name, isOk, { limitMs: LEASE_MS });
  });
});
