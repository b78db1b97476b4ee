import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { verifyInclusion } from '@affidavit/ledger';

import { KeptTrail, newTrail, type Receipted } from './support/kept-trail.ts';
import { startAffidavit, temporaryFolder, type Affidavit } from './support/server.ts';
import { eventually, sleep } from './support/trail.ts';

/** Sweeps and erasures whose process is killed: nothing is half done, and the rest follows. */

const ENTRIES = 4000;

interface Verdict {
  readonly ok: boolean;
  readonly size: number;
}

async function begin(dataFolder: string): Promise<[Affidavit, KeptTrail, Receipted[]]> {
  const server = await startAffidavit({ dataFolder });
  const trail = await newTrail(server, 'killed');
  const given: Receipted[] = [];
  for (let at = 0; at < ENTRIES; at += 1000) {
    const events = Array.from({ length: 1000 }, (_, n) => ({
      event_type: 'api.called',
      principal_id: 'ada',
      response_body: `body ${at + n}`,
    }));
    given.push(...(await trail.write(events)));
  }
  return [server, trail, given];
}

const sizeOf = async (trail: KeptTrail) =>
  (await trail.ask<{ size: number }>(200, 'GET', '/v1/ledger')).size;

/**
 * Kills the server while a request is under way that removes something, when the ledger has grown
 * by so many entries; starts it again.
 */
async function killDuring(
  trail: KeptTrail,
  dataFolder: string,
  growth: number,
  request: () => Promise<unknown>,
): Promise<KeptTrail> {
  const { server, app } = trail;
  const size = (await sizeOf(trail)) + growth;
  const cut = request().then(
    () => false,
    () => true,
  );
  while ((await sizeOf(trail)) < size) await sleep(2);
  await server.kill('SIGKILL');
  assert.ok(await cut, 'it was killed before it answered');
  return new KeptTrail(await startAffidavit({ dataFolder }), app);
}

interface Said {
  readonly entries: number;
  readonly ranges: readonly (readonly [number, number])[];
}

/** Every entry is whole or gone, and gone exactly where an entry says so. */
async function assertSaid(trail: KeptTrail, event_type: string, given: readonly Receipted[]) {
  const said = (await trail.list(`event_type=${event_type}`)).map(({ args }) => args as Said);
  const gone = new Set<number>();
  for (const { entries, ranges } of said) {
    let counted = 0;
    for (const [first, last] of ranges) {
      for (let seq = first; seq <= last; seq++, counted++) gone.add(seq);
    }
    assert.equal(counted, entries);
  }
  const left = new Set((await readAllSeqs(trail)).values());
  for (const { seq } of given) assert.equal(left.has(seq), !gone.has(seq), `entry ${seq}`);
  return given.filter(({ seq }) => gone.has(seq)).length;
}

async function readAllSeqs(trail: KeptTrail): Promise<number[]> {
  const seqs: number[] = [];
  for (let cursor = ''; ;) {
    const path = `/v1/events?principal_id=ada&order=asc&limit=1000${cursor}`;
    const page = await trail.ask<{
      data: { seq: number }[];
      has_more: boolean;
      next_cursor: string;
    }>(200, 'GET', path);
    seqs.push(...page.data.map(({ seq }) => seq));
    if (!page.has_more) return seqs;
    cursor = `&cursor=${page.next_cursor}`;
  }
}

async function assertSound(trail: KeptTrail, given: readonly Receipted[]): Promise<void> {
  const { ok } = await trail.ask<Verdict>(200, 'GET', '/v1/ledger/verify');
  assert.ok(ok);
  const verifiers = [await trail.vkey()];
  for (const { event_id, proof } of given.filter((_, n) => n % 500 === 0)) {
    const { header } = await trail.evidence(event_id);
    await verifyInclusion(header, proof, { verifiers });
  }
}

suite('killed in the middle', () => {
  test('of a sweep, what was removed is on the record, and the next sweep takes the rest', async () => {
    const dataFolder = temporaryFolder();
    let [server, trail, given] = await begin(dataFolder);
    await trail.days(0);
    let gone = 0;
    for (const growth of [1, 3]) {
      trail = await killDuring(trail, dataFolder, growth, () => trail.sweep());
      ({ server } = trail);
      gone = await assertSaid(trail, 'retention.swept', given);
      await assertSound(trail, given);
    }
    assert.ok(gone < ENTRIES, 'it was killed in the middle');
    while (!(await trail.sweep()).done);
    assert.equal(await assertSaid(trail, 'retention.swept', given), ENTRIES);
    await assertSound(trail, given);
    assert.equal(await server.stop(), 0, server.stdout());
  });

  test('of an erasure, the next start goes on with it by itself', async () => {
    const dataFolder = temporaryFolder();
    let [server, trail, given] = await begin(dataFolder);
    const erase = () => trail.erase({ principal_id: 'ada' });
    trail = await killDuring(trail, dataFolder, 3, erase);
    ({ server } = trail);
    const list = () =>
      trail.ask<{ data: { erasure_id: string; state: string }[] }>(200, 'GET', '/v1/erasures');
    assert.notEqual((await list()).data[0]?.state, 'done');
    await assertSaid(trail, 'erasure.executed', given);
    await eventually(
      'the erasure is done',
      async () => (await list()).data[0]?.state === 'done',
      60_000,
    );
    assert.equal(await assertSaid(trail, 'erasure.executed', given), ENTRIES);
    await assertSound(trail, given);
    assert.equal(await server.stop(), 0, server.stdout());
  });
});
