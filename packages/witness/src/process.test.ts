import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { checkCosignature, forkOf, newKey, SpecLog } from './testing/spec-log.ts';

/** The witness as it is run: a process that is started, killed and started again. */

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const NAME = 'witness.example/w1';
const WAIT_MS = 20_000;
/** More than any test cosigns. */
const SIZE_MAX = 100;

const folders: string[] = [];
const children = new Set<ChildProcess>();
after(() => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'affidavit-witness-'));
  folders.push(folder);
  return join(folder, 'data');
}

interface Running {
  readonly url: string;
  readonly vkey: string;
  readonly stdout: string;
  end(signal: NodeJS.Signals): Promise<number | null>;
}

function launch(args: readonly string[]) {
  const argv = ['--disable-warning=ExperimentalWarning', MAIN, ...args];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  const told = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (told.stdout += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (told.stderr += chunk.toString('utf8')));
  const closed = once(child, 'close').then(([code]) => {
    children.delete(child);
    return code as number | null;
  });
  return { child, told, closed };
}

async function start(folder: string, ...args: string[]): Promise<Running> {
  const { child, told, closed } = launch(['--data', folder, '--port', '0', ...args]);
  const signal = AbortSignal.timeout(WAIT_MS);
  for (;;) {
    const [, url = '', vkey = ''] =
      /listening on (\S+)\n {2}verifier key (\S+)\n/.exec(told.stdout) ?? [];
    if (vkey !== '') {
      const end = (by: NodeJS.Signals) => (child.kill(by), closed);
      return { url, vkey, stdout: told.stdout, end };
    }
    await Promise.race([
      once(child.stdout, 'data', { signal }),
      closed.then(() => assert.fail(told.stderr)),
    ]);
  }
}

async function refusal(folder: string, ...args: string[]): Promise<string> {
  const { told, closed } = launch(['--data', folder, '--port', '0', ...args]);
  assert.equal(await closed, 1);
  assert.doesNotMatch(told.stderr, /^\s+at /m);
  return told.stderr;
}

const add = (url: string, body: string) => fetch(`${url}/add-checkpoint`, { method: 'POST', body });

const log = new SpecLog(newKey('log.example/log'));
const known = ['--log', log.key.vkey];

/** It remembers what it cosigned, takes no other history, and goes on. Returns the new size. */
async function grow({ url, vkey }: Running, before: number, steps: number): Promise<number> {
  const ask = async (body: string) => {
    const answer = await add(url, body);
    return { status: answer.status, text: await answer.text() };
  };
  const newest = Number((await ask(log.request(SIZE_MAX, SIZE_MAX))).text);
  assert.ok(newest >= before, `${newest} after ${before}`);
  if (newest > 0) {
    const fork = forkOf(log, newest - 1);
    assert.equal((await ask(fork.request(newest, newest))).status, 409);
    assert.equal((await ask(fork.request(newest, newest + 1))).status, 422);
  }
  for (let size = newest; size < newest + steps; size++) {
    const { status, text } = await ask(log.request(size, size + 1));
    assert.equal(status, 200, text);
    checkCosignature(text, log.text(size + 1), vkey);
  }
  return newest + steps;
}

describe('a witness', () => {
  test('has one name and one key, for its owner alone, over all its starts', async () => {
    const folder = newFolder();
    const first = await start(folder, '--name', NAME, ...known);
    assert.match(first.vkey, /^witness\.example\/w1\+[0-9a-f]{8}\+B/);
    assert.match(first.stdout, /witnesses +log\.example\/log\n/);
    const text = await (await add(first.url, log.request(0, 3))).text();
    checkCosignature(text, log.text(3), first.vkey);
    assert.equal(await first.end('SIGTERM'), 0);
    assert.deepEqual(readdirSync(folder), ['witness.db']);
    assert.equal(statSync(join(folder, 'witness.db')).mode & 0o777, 0o600);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    const again = await start(folder, ...known);
    assert.equal(again.vkey, first.vkey);
    assert.equal(await again.end('SIGINT'), 0);
    assert.match(await refusal(folder, '--name', 'other', ...known), /is called witness\.example/);
    chmodSync(join(folder, 'witness.db'), 0o640);
    assert.match(await refusal(folder, ...known), /chmod 600/);
  });

  test('says what it lacks', async () => {
    const folder = newFolder();
    assert.match(await refusal(folder, ...known), /--name/);
    assert.match(await refusal(folder, '--name', 'two words', ...known), /--name/);
    assert.match(await refusal(folder, '--name', NAME), /--log/);
    assert.match(
      await refusal(folder, '--name', NAME, '--log', 'nonsense'),
      /--log: "nonsense" is no verifier key/,
    );
    const { vkey, end } = await start(folder, '--name', NAME, ...known);
    await end('SIGTERM');
    assert.match(await refusal(folder, '--log', vkey), /key of a witness/);
    assert.match(await refusal(folder, '--colour', ...known), /--colour/);
    const usual = launch(['--port', 'x', '--data', folder, ...known]);
    assert.equal(await usual.closed, 1);
    assert.match(usual.told.stderr, /--port/);
    assert.equal(existsSync(join(folder, 'witness.db-journal')), false);
  });

  test('that is killed at any moment remembers all that it has cosigned', async () => {
    const folder = newFolder();
    let cosigned = 0;
    for (let life = 0; life < 8; life++) {
      const witness = await start(folder, '--name', NAME, ...known);
      cosigned = await grow(witness, cosigned, life);
      const last = add(witness.url, log.request(cosigned, cosigned + 1)).catch(() => null);
      await new Promise((resolve) => setTimeout(resolve, life * 2));
      await witness.end('SIGKILL');
      if ((await last)?.status === 200) cosigned += 1;
    }
  });

  test('is one also as two processes on the same folder', async () => {
    const folder = newFolder();
    const both = await Promise.all([1, 2].map(() => start(folder, '--name', NAME, ...known)));
    const [one, other] = both as [Running, Running];
    assert.equal(one.vkey, other.vkey);
    assert.equal((await add(one.url, log.request(0, 3))).status, 200);
    const fork = forkOf(log, 0);
    for (let size = 3; size < 30; size += 3) {
      const asked: [Running, string][] = [
        [one, log.request(size, size + 3)],
        [other, log.request(size, size + 2)],
        [other, fork.request(size, size + 3)],
      ];
      const answers = await Promise.all(asked.map(([{ url }, body]) => add(url, body)));
      const [larger, smaller, forked] = answers.map(({ status }) => status);
      assert.deepEqual([larger, smaller].sort(), [200, 409]);
      assert.ok(forked === 409 || forked === 422, String(forked));
      if (smaller === 200) await add(one.url, log.request(size + 2, size + 3));
    }
    const last = await add(other.url, log.request(30, 30));
    assert.equal(last.status, 200, await last.text());
    await Promise.all(both.map(({ end }) => end('SIGTERM')));
  });
});
