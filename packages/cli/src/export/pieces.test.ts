import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';

import { run, startSite, type Asked } from '../testing/run.ts';

/** A ledger of ten lines, exported in pieces of four, by a server that fails as it is told. */
const LINES = Array.from({ length: 10 }, (_, seq) => `{"seq":${seq}}\n`);
const PIECE = 4;

type Fault = 'cut' | 'changed' | 'none';

async function exporting(t: TestContext, faults: readonly Fault[]) {
  const folder = await mkdtemp(join(tmpdir(), 'affidavit-export-'));
  const manifests = new Map<string, object>();
  let exports = 0;
  const answer = ({ url }: Asked, response: ServerResponse) => {
    const id = url.pathname.replace('/v1/events/exports/', '');
    const manifest = manifests.get(id);
    response.setHeader('content-type', 'application/json');
    if (manifest) return void response.end(JSON.stringify(manifest));
    const fault = faults[exports++] ?? 'none';
    const first = Number(url.searchParams.get('after_seq') ?? -1) + 1;
    const text = LINES.slice(first, first + PIECE).join('');
    const next = first + PIECE < LINES.length ? first + PIECE - 1 : null;
    const sha256 = createHash('sha256').update(text).digest('hex');
    const facts = { count: text.split('\n').length - 1, bytes: text.length, sha256 };
    const place = { before_seq: LINES.length, next_after_seq: next, event_id: 'evt_1' };
    manifests.set(`exp_${exports}`, { export_id: `exp_${exports}`, ...facts, ...place });
    response.setHeader('affidavit-export-id', `exp_${exports}`);
    if (fault === 'none') return void response.end(text);
    if (fault === 'changed') return void response.end(text.replace('seq', 'SEQ'));
    response.write(text.slice(0, -3));
    setTimeout(() => response.destroy(), 20);
  };
  const site = await startSite(answer);
  t.after(async () => {
    await site.close();
    await rm(folder, { recursive: true });
  });
  const out = join(folder, 'all.ndjson');
  const argv = ['export', '--url', site.url, '--out', out, '--resume'];
  return { folder, out, site, again: (...more: string[]) => run([...argv, ...more]) };
}

describe('an export in pieces', () => {
  it('goes on behind the last whole piece, and has its name when it is whole', async (t) => {
    const { folder, out, again, site } = await exporting(t, ['none', 'cut']);
    const first = await again();
    assert.equal(first.code, 1);
    assert.match(first.stderr, /broke off/);
    assert.deepEqual(await readdir(folder), ['all.ndjson.partial', 'all.ndjson.partial.json']);
    const second = await again();
    assert.equal(second.code, 0, second.stderr);
    assert.match(second.stderr, /^exported 10 rows, 100 B, as its manifests say in /);
    assert.equal(await readFile(out, 'utf8'), LINES.join(''));
    assert.deepEqual(await readdir(folder), ['all.ndjson']);
    const asked = site.asked.filter(({ url }) => url.pathname === '/v1/events/export');
    assert.deepEqual(
      asked.map(({ url }) => [
        url.searchParams.get('after_seq'),
        url.searchParams.get('before_seq'),
      ]),
      [
        [null, null],
        ['3', '10'],
        ['3', '10'],
        ['7', '10'],
      ],
    );
  });

  it('takes nothing that is not what the manifest says', async (t) => {
    const { folder, again } = await exporting(t, ['changed']);
    const { code, stderr } = await again();
    assert.equal(code, 1);
    assert.match(stderr, /what came is not what the server sent/);
    assert.deepEqual(await readdir(folder), ['all.ndjson.partial']);
  });

  it('drops what a killed run left behind the last whole piece', async (t) => {
    const { out, again } = await exporting(t, ['none', 'cut']);
    await again();
    const partial = `${out}.partial`;
    await writeFile(partial, `${await readFile(partial, 'utf8')}half a li`);
    assert.equal((await again()).code, 0);
    assert.equal(await readFile(out, 'utf8'), LINES.join(''));
  });

  it('goes on with the same question only', async (t) => {
    const { again } = await exporting(t, ['none', 'cut']);
    await again();
    const { code, stderr } = await again('--outcome', 'error');
    assert.equal(code, 1);
    assert.match(stderr, /is of another question/);
  });
});
