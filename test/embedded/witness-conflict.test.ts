import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { startAffidavit, temporaryFolder, type Affidavit } from '../support/server.ts';
import { eventually, readAll, write } from '../support/trail.ts';
import { startDoor, startWitness, type WitnessProcess } from '../support/witness.ts';
import { addWitness, assertCosigned, isOk, ledgerOf, witnessState } from '../support/witnessed.ts';
import { newEvent } from '../support/writers.ts';

/** A witness remembers what a database that was rolled back has forgotten. */

function copyDatabase(from: string, to: string): void {
  for (const name of readdirSync(to)) {
    if (name.startsWith('affidavit.db')) rmSync(join(to, name));
  }
  for (const name of readdirSync(from)) {
    if (name.startsWith('affidavit.db')) copyFileSync(join(from, name), join(to, name));
  }
}

interface RolledBack {
  readonly server: Affidavit;
  readonly witness: WitnessProcess;
  readonly dataFolder: string;
  /** Entries that the witness has cosigned, more than the database has. */
  readonly cosigned: number;
  /** How often the witness has been asked. */
  asked(): number;
  end(): Promise<void>;
}

/** A ledger that was cosigned, put back to what it was before, and accepted so by its operator. */
async function rollBack(name: string): Promise<RolledBack> {
  const [dataFolder, backup] = [temporaryFolder(), temporaryFolder()];
  const first = await startAffidavit({ dataFolder });
  const { vkey } = await ledgerOf(first);
  const witness = await startWitness({ name, logs: [vkey] });
  const door = await startDoor(witness);
  await addWitness(first, { url: door.url, vkey: witness.vkey });
  await witnessState(first, name, isOk);
  assert.equal(await first.stop(), 0);
  copyDatabase(dataFolder, backup);
  const second = await startAffidavit({ dataFolder });
  await write(second, { events: Array.from({ length: 50 }, () => newEvent()) });
  const { cosigned_size } = await witnessState(second, name, isOk);
  assert.equal(await second.stop(), 0);
  copyDatabase(backup, dataFolder);
  const server = await startAffidavit({ dataFolder, args: ['--accept-rollback', 'a bad disk'] });
  return {
    server,
    witness,
    dataFolder,
    cosigned: Number(cosigned_size),
    asked: () => door.received.length,
    end: async () => {
      await witness.kill('SIGTERM');
      await door.close();
    },
  };
}

const alarms = (server: Affidavit) => readAll(server, 'event_type=witness.conflict');

const inConflict = ({ status }: { readonly status: string }) => status === 'conflict';

suite('a ledger that was rolled back', { concurrency: 2 }, () => {
  test('is refused by its witness, which raises one alarm, over restarts too', async () => {
    const { server, witness, dataFolder, cosigned, asked, end } =
      await rollBack('witness.example/ahead');
    const state = await witnessState(server, witness.name, inConflict);
    assert.match(String(state.error), new RegExp(`has cosigned ${cosigned} entries`));
    const [alarm] = await alarms(server);
    const said = alarm?.args as Record<string, unknown>;
    assert.deepEqual(
      [said.name, said.vkey, said.reason, said.witness_size],
      [witness.name, witness.vkey, 'ahead', cosigned],
    );
    assert.match(String(said.checkpoint), /^affidavit\.local/);
    assert.deepEqual(
      [alarm?.outcome, alarm?.category, alarm?.actor_type],
      ['error', 'system', 'system'],
    );
    const before = asked();
    await eventually('it is asked again', () => asked() > before);
    assert.equal((await alarms(server)).length, 1);
    const { text } = await server.request('GET', '/metrics', { key: null });
    assert.match(text, /affidavit_witness_conflicts_total 1\n/);
    assert.match(text, /affidavit_witness_ok\{[^}]*ahead"\} 0\n/);
    assert.equal(await server.stop(), 0, server.stdout());
    const again = await startAffidavit({ dataFolder });
    const later = asked();
    await eventually('it is asked by the next one', () => asked() > later + 1);
    await witnessState(again, witness.name, inConflict);
    assert.equal((await alarms(again)).length, 1);
    assert.equal(await again.stop(), 0);
    await end();
  });

  test('is refused still when it has grown beyond what was cosigned', async () => {
    const { server, witness, cosigned, end } = await rollBack('witness.example/fork');
    await write(server, { events: Array.from({ length: 80 }, () => newEvent()) });
    assert.ok((await ledgerOf(server)).size > cosigned);
    const state = await witnessState(server, witness.name, inConflict);
    assert.ok(Number(state.cosigned_size) < cosigned);
    const found = await alarms(server);
    assert.equal(found.length, 1, JSON.stringify(found));
    assert.equal((found[0]?.args as { witness_size?: number } | undefined)?.witness_size, cosigned);
    const served = await server.request('GET', '/v1/ledger/checkpoint?witnessed=true');
    assert.ok(assertCosigned(served.text, [witness.vkey]) < cosigned);
    const written = await server.request('POST', '/v1/events', { body: newEvent() });
    assert.equal(written.status, 201, 'writes go on');
    assert.equal(await server.stop(), 0, server.stdout());
    await end();
  });
});
