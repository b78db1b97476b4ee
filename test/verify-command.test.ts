import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { after, before, suite, test } from 'node:test';

import { tilePath, tilesForSize } from '@affidavit/ledger';

import { runAffidavit } from './support/cli.ts';
import { affidavit, type Ran } from './support/command-line.ts';
import { example, exampleBundle, table, VKEY } from './support/format-document.ts';
import { fileOf } from './support/second-verifier.ts';
import { startAffidavit, temporaryFolder, type Affidavit } from './support/server.ts';
import { write } from './support/trail.ts';
import { ask, makeApp, makeKey, type AppUnderTest } from './support/world.ts';
import { newEvent } from './support/writers.ts';

/** `affidavit verify`: 0 sound, 1 broken, 2 could not check, and why in words. */

const KEY = ['--vkey', VKEY];

const artefacts: readonly (readonly [string, string, string | Uint8Array])[] = [
  ['checkpoint', '', `${example('checkpoint')}\n`],
  ['evidence', '.json', example('evidence')],
  ['receipt', '.json', example('receipt')],
  ['range', '.json', example('range')],
  ['range', '.ndjson', `${example('range-lines')}\n`],
  ['bundle', '.tar', exampleBundle()],
];

interface Finding {
  readonly kind: string;
  readonly ok: boolean;
  readonly anchor: string;
  readonly origin: string | null;
  readonly size: number | null;
  readonly proved: string[];
  readonly not_proved: string[];
  readonly broken: { readonly seq: number | null; readonly message: string }[];
}

async function findingOf(argv: readonly string[], env = {}): Promise<Finding & { code: number }> {
  const { code, stdout, stderr } = await affidavit(['verify', '--json', ...argv], env);
  assert.ok(stdout !== '', stderr);
  return { ...(JSON.parse(stdout) as Finding), code };
}

/** That nothing is known, for this reason. */
function assertNotChecked({ code, stdout, stderr }: Ran, why: RegExp): void {
  assert.deepEqual([code, stdout], [2, ''], stderr);
  assert.match(stderr, why);
}

suite('verify, of files', () => {
  for (const [kind, ending, content] of artefacts) {
    test(`finds a ${kind}${ending} sound, and a damaged one broken`, async () => {
      const file = fileOf(content, ending);
      const { code, ok, proved, not_proved, ...said } = await findingOf([...KEY, file]);
      assert.deepEqual([code, ok, said.kind, said.broken], [0, true, kind, []]);
      assert.ok(proved.length > 0 && not_proved.length > 0);
      assert.deepEqual([said.anchor, said.size], ['given', 5]);
      const text = Buffer.from(content as string);
      const at = text.lastIndexOf(kind === 'receipt' ? 'M1Xim' : kind === 'range' ? 'evt_a3' : '=');
      text[at - 9] = (text[at - 9] as number) ^ 1;
      const damaged = await findingOf([...KEY, fileOf(text, ending)]);
      assert.deepEqual([damaged.code, damaged.ok], [1, false]);
    });
  }

  test('says in words what is proved, what is not, and what to do', async () => {
    const { stdout } = await affidavit(['verify', ...KEY, fileOf(exampleBundle(), '.tar')]);
    assert.match(stdout, /^✔ sound: evidence bundle with 1 entry from 2026/);
    assert.match(stdout, /ledger affidavit\.example\/app_1, 5 entries/);
    assert.match(stdout, /nothing else in the ledger from 2026-11-21T08:30:00\.100Z until/);
    assert.match(stdout, /not proved\n {4}- that what was recorded is true/);
    assert.doesNotMatch(stdout, /The key was taken/);
    const broken = Buffer.from(exampleBundle());
    broken[broken.indexOf('api.called') + 2] = 0x41;
    const { code, stdout: said } = await affidavit(['verify', ...KEY, fileOf(broken, '.tar')]);
    assert.equal(code, 1);
    assert.match(said, /✘ BROKEN: this bundle does not hold/);
    assert.match(said, /entry 1, entries\/000000\.ndjson: The part envelope is not the one/);
  });

  test('believes the key in a bundle only if no other is given, and says so', async () => {
    const file = fileOf(exampleBundle(), '.tar');
    const { code, stdout } = await affidavit(['verify', file]);
    assert.equal(code, 0);
    assert.match(stdout, /! The key was taken from the file itself/);
    const other = ['--vkey', String(table('cosignature')['vkey'])];
    const { code: refused, broken } = await findingOf([...other, file]);
    assert.equal(refused, 1);
    assert.match(String(broken[0]?.message), /has signed|not signed/);
  });

  test('tells which witnesses have cosigned', async () => {
    const { vkey = '', line = '' } = table('cosignature');
    const file = fileOf(`${example('checkpoint')}\n${line}\n`, '');
    const { stdout } = await affidavit(['verify', ...KEY, '--vkey', vkey, file]);
    assert.match(stdout, /cosigned by witness\.example\/w1/);
  });

  test('holds a range to the times that are named', async () => {
    const file = fileOf(example('range'), '.json');
    const within = ['--from', '2026-11-21T09:00:00Z', '--to', '2026-11-21T10:00:00Z'];
    const { proved } = await findingOf([...KEY, ...within, file]);
    assert.ok(proved.includes('in that time there are 2 entries'), proved.join());
    const { code, broken } = await findingOf([...KEY, '--from', '2026-11-20', file]);
    assert.deepEqual([code, broken[0]?.seq], [1, 0]);
  });

  test('checks a bare tlog-proof with the leaf hash it is about', async () => {
    const file = fileOf(`${example('inclusion')}\n`, '.tlog-proof');
    const [, leaf = ''] = /^1 (\S+)$/m.exec(example('leaves')) ?? [];
    assert.equal((await findingOf([...KEY, '--leaf', leaf, file])).code, 0);
    const other = leaf.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
    assert.equal((await findingOf([...KEY, '--leaf', other, file])).code, 1);
    assertNotChecked(await affidavit(['verify', ...KEY, file]), /--leaf/);
  });

  test('says when it could not check, and why', async () => {
    const evidence = fileOf(example('evidence'), '.json');
    const cases: [string[], RegExp][] = [
      [[...KEY, '/nowhere/at/all'], /ENOENT/],
      [[evidence], /whose key to trust[\s\S]*--vkey/],
      [['--vkey', 'nonsense', evidence], /--vkey needs a key/],
      [[...KEY, '--from', 'noon', evidence], /--from needs a time/],
      [[...KEY, fileOf('to whom it may concern', '.txt')], /none of the files/],
      [[...KEY, fileOf('{"colour":"red"}', '.json')], /none of the files/],
      [[], /missing required argument/],
      [[...KEY, '--to', '2026-11-20', evidence], /--from and --to are for range proofs/],
      [[...KEY, '--leaf', '00', evidence], /--leaf is for/],
      [[temporaryFolder()], /--vkey/],
      [[...KEY, temporaryFolder()], /ENOENT/],
    ];
    for (const [argv, why] of cases) assertNotChecked(await affidavit(['verify', ...argv]), why);
  });
});

test('the process ends with the code of the finding', async () => {
  const sound = exampleBundle();
  const broken = Buffer.from(sound);
  broken[2000] = (broken[2000] as number) ^ 1;
  for (const [content, code] of [
    [sound, 0],
    [broken, 1],
    ['nothing', 2],
  ] as const) {
    const ending = code === 2 ? '' : '.tar';
    const ran = await runAffidavit(['verify', ...KEY, fileOf(content, ending)]);
    assert.equal(ran.code, code, ran.stdout + ran.stderr);
  }
});

suite('verify and bundle, with a server', () => {
  let server: Affidavit;
  let app: AppUnderTest;
  let vkey: string;
  let url: string;
  let env: Record<string, string>;

  before(async () => {
    server = await startAffidavit();
    app = await makeApp(server, 'audited');
    await write(server, {
      app_id: app.app_id,
      events: Array.from({ length: 600 }, () => newEvent()),
    });
    ({ vkey } = await ask<{ vkey: string }>(server, 200, 'GET', '/v1/ledger', { key: app.key }));
    url = `${server.url}/v1/ledger`;
    const { key } = await makeKey(server, app, { scopes: ['ledger:read', 'events:read'] });
    env = { AFFIDAVIT_URL: server.url, AFFIDAVIT_API_KEY: key };
  });
  after(async () => assert.equal(await server.stop(), 0, server.stdout()));

  test('a bundle is written to a file, which verifies', async () => {
    const out = join(temporaryFolder(), 'all.tar');
    const { code, stderr } = await affidavit(['bundle', '--from', '2020-01-01', '-o', out], env);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /bundled .* in .*all\.tar/);
    const { code: checked, proved } = await findingOf(['--vkey', vkey, out]);
    assert.equal(checked, 0);
    assert.ok(proved.some((line) => line.startsWith('there is nothing else in the ledger from')));
    const without = await affidavit(['bundle'], env);
    assert.equal(without.code, 2);
  });

  test('a whole ledger is checked where it is served', async () => {
    const { code, kind, anchor, size } = await findingOf(['--vkey', vkey, url], env);
    assert.deepEqual([code, kind, anchor], [0, 'log', 'given']);
    assert.ok(Number(size) > 600);
    const { stdout } = await affidavit(['verify', url], env);
    assert.match(stdout, /The key was taken from the server that is checked/);
    const other = await findingOf(['--vkey', VKEY, url], env);
    assert.equal(other.code, 1);
  });

  test('a ledger that has changed its key is checked with an earlier one', async () => {
    const body = { overlap_seconds: 0 };
    await ask(server, 201, 'POST', '/v1/ledger/keys/rotate', { key: app.key, body });
    const { vkey: next } = await ask(server, 200, 'GET', '/v1/ledger', { key: app.key });
    assert.notEqual(next, vkey);
    for (const key of [vkey, String(next)]) {
      assert.equal((await findingOf(['--vkey', key, url], env)).code, 0);
    }
    const checkpoint = fileOf(await fetchBytes('checkpoint'), '');
    const { code, stdout } = await affidavit(['verify', '--vkey', vkey, checkpoint]);
    assert.equal(code, 1);
    assert.match(stdout, /! If the ledger has changed its key since/);
    vkey = String(next);
  });

  test('a range of it is', async () => {
    const { code, kind } = await findingOf(['--vkey', vkey, '--from', '2020-01-01', url], env);
    assert.deepEqual([code, kind], [0, 'range']);
  });

  test('a key of the environment goes to its own server only', async (t) => {
    const asked: (string | undefined)[] = [];
    const site = createServer((request, response) => {
      asked.push(request.headers.authorization);
      response.writeHead(302, { location: `${url}/checkpoint` }).end();
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    t.after(() => close(site));
    const { port } = site.address() as AddressInfo;
    const elsewhere = `http://127.0.0.1:${port}/v1/ledger`;
    assertNotChecked(await affidavit(['verify', '--vkey', vkey, elsewhere], env), /cannot be read/);
    assert.deepEqual(new Set(asked.splice(0)), new Set([undefined]));
    const given = ['--key', 'given', 'verify', '--vkey', vkey, elsewhere];
    assertNotChecked(await affidavit(given, env), /cannot be read/);
    assert.deepEqual(new Set(asked), new Set(['Bearer given']));
    await close(site);
    assertNotChecked(await affidavit(['verify', elsewhere], env), /does not answer/);
  });

  test('a copy of it in a folder is checked offline, and damage is named', async () => {
    const folder = await mirror();
    assert.equal((await findingOf(['--vkey', vkey, folder])).code, 0);
    const path = join(folder, 'tile/entries/001');
    const bundle = await fetchBytes('tile/entries/001');
    const at = bundle.indexOf('"event_id":"', 5000) + 20;
    bundle[at] = (bundle[at] as number) ^ 1;
    writeFileSync(path, bundle);
    const { code, broken } = await findingOf(['--vkey', vkey, folder]);
    const seq = Number(/"seq":(\d+)/.exec(bundle.subarray(at).toString('latin1'))?.[1]);
    assert.deepEqual([code, broken[0]?.seq], [1, seq]);
  });

  async function fetchBytes(path: string): Promise<Buffer> {
    const answer = await server.request('GET', `/v1/ledger/${path}`, { key: app.key });
    assert.equal(answer.status, 200, path);
    return Buffer.from(answer.bytes);
  }

  /** Everything below the prefix of the ledger, as files. */
  async function mirror(): Promise<string> {
    const folder = temporaryFolder();
    const checkpoint = await fetchBytes('checkpoint');
    const size = Number(checkpoint.toString('utf8').split('\n')[1]);
    const tiles = [...tilesForSize(size)];
    const bundles = tiles.filter(({ level }) => level === 0);
    const paths = [
      ...tiles.map((tile) => tilePath(tile)),
      ...bundles.map((tile) => tilePath({ ...tile, level: 'entries' })),
    ];
    writeFileSync(join(folder, 'checkpoint'), checkpoint);
    for (const path of paths) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), await fetchBytes(path));
    }
    return folder;
  }
});

const close = (site: Server) => {
  site.closeAllConnections();
  return new Promise((resolve) => site.close(resolve));
};
