import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';

import { run, sendJson, startSite } from './testing/run.ts';
import type { Asked } from './testing/run.ts';

async function site(
  t: TestContext,
  answer: (asked: Asked, response: ServerResponse, index: number) => void,
) {
  const started = await startSite(answer);
  t.after(started.close);
  return started;
}

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'affidavit-cli-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

const entry = (seq: number) => ({
  seq,
  created_at: '2026-11-21T09:14:03.120Z',
  event_type: 'api.called',
  outcome: 'success',
});
const page = (data: unknown[], next: string | null = null) => ({
  data,
  next_cursor: next,
  has_more: next !== null,
});

describe('usage', () => {
  it('ends with 2 for what it does not understand', async () => {
    assert.equal((await run(['nonsense'])).code, 2);
    assert.equal((await run(['query', '--nonsense'])).code, 2);
    assert.equal((await run(['query', '--limit', 'many'])).code, 2);
    assert.equal((await run(['query', '--filter', 'outcome'])).code, 2);
    assert.equal((await run(['query', '--url', 'nowhere'])).code, 2);
    const { code, stderr } = await run(['query'], { env: { AFFIDAVIT_API_KEY: '' } });
    assert.equal(code, 2);
    assert.match(stderr, /a key is needed: --key, AFFIDAVIT_API_KEY or AFFIDAVIT_ADMIN_KEY/);
  });
  it('ends with 0 for help, which names every command', async () => {
    const { code, stdout } = await run(['--help']);
    assert.equal(code, 0);
    for (const name of [
      'serve',
      'witness',
      'portal',
      'request',
      'action',
      'verbs',
      'tail',
      'query',
      'export',
      'keys',
      'monitors',
      'approvals',
      'tokens',
      'operators',
      'copy',
      'migrate',
      'demo',
    ]) {
      assert.match(stdout, new RegExp(`^ +${name} `, 'm'));
    }
  });
});

describe('failure', () => {
  it('ends with 1 and says code, field and what to do', async (t) => {
    const { url } = await site(t, (_, response) =>
      sendJson(response, 400, {
        code: 'unknown_filter',
        detail: 'colour is not a filter',
        field: 'colour',
        expected: 'one of seq',
        advice: 'Filter by a field.',
      }),
    );
    const { code, stderr } = await run(['query', '--filter', 'colour=red', '--url', url]);
    assert.equal(code, 1);
    assert.equal(
      stderr,
      'unknown_filter: colour is not a filter\n  field: colour\n  expected: one of seq\n' +
        '  what to do: Filter by a field.\n',
    );
  });
  it('says when nobody answers', async (t) => {
    const gone = await site(t, () => {});
    await gone.close();
    const { code, stderr } = await run(['request', 'POST', 'https://x.test', '--url', gone.url]);
    assert.equal(code, 1);
    assert.match(stderr, /^connection_failed: http:\/\/127\.0\.0\.1:\d+ could not be reached/);
  });
});

describe('query', () => {
  it('turns its options into filters', async (t) => {
    const { url, asked } = await site(t, (_, response) => sendJson(response, 200, page([])));
    const argv = ['query', '--url', url, '--agent', 'a', '--agent', 'b', '--search', 'red mail'];
    const more = ['--filter', 'verb=x=y', '--from', '2026-11-01', '--limit', '7'];
    const { code, stderr } = await run([...argv, ...more]);
    assert.equal(code, 0);
    assert.equal(stderr, 'No entry fits.\n');
    const sent = [...(asked[0]?.url.searchParams ?? [])].sort();
    assert.deepEqual(sent, [
      ['agent', 'a'],
      ['agent', 'b'],
      ['from', '2026-11-01'],
      ['limit', '7'],
      ['order', 'desc'],
      ['q', 'red mail'],
      ['verb', 'x=y'],
    ]);
    assert.equal(asked[0]?.headers.authorization, 'Bearer ak_test');
  });
  it('stops at its limit, or goes through all pages', async (t) => {
    const { url, asked } = await site(t, ({ url: { searchParams } }, response) => {
      const at = Number(searchParams.get('cursor') ?? 0);
      sendJson(response, 200, page([entry(at), entry(at + 1)], at < 4 ? String(at + 2) : null));
    });
    const some = await run(['query', '--url', url, '--limit', '3', '--json']);
    const seqs = some.stdout.trim().split('\n');
    assert.deepEqual(
      seqs.map((line) => (JSON.parse(line) as { seq: number }).seq),
      [0, 1, 2],
    );
    asked.length = 0;
    const all = await run(['query', '--url', url, '--all', '--executions']);
    assert.equal(asked.length, 3);
    assert.equal(asked[0]?.url.pathname, '/v1/executions');
    assert.equal(all.stdout.trim().split('\n').length, 7);
    assert.match(all.stdout, /^SEQ +TIME +EVENT/);
  });
});

describe('export', () => {
  const csv = 'seq,reason\r\n0,"two\nlines"\r\n1,x\r\n';
  it('writes the file whole and tells rows and bytes', async (t) => {
    const { url, asked } = await site(t, (_, response) => response.end(csv));
    const out = join(await folder(t), 'trail.csv');
    const argv = ['export', '--url', url, '--format', 'csv', '--out', out, '--outcome', 'success'];
    const { code, stderr } = await run(argv);
    assert.equal(code, 0);
    assert.equal(await readFile(out, 'utf8'), csv);
    assert.equal(stderr, `exported 2 rows, ${csv.length} B in ${out}\n`);
    assert.equal(asked[0]?.url.search, '?outcome=success&format=csv');
  });
  it('leaves no file behind when it breaks off', async (t) => {
    const { url } = await site(t, (_, response) => {
      response.write(csv);
      setTimeout(() => response.destroy(), 20);
    });
    const path = await folder(t);
    const { code, stderr } = await run(['export', '--url', url, '--out', join(path, 'x.ndjson')]);
    assert.equal(code, 1);
    assert.match(stderr, /the export broke off before its end/);
    assert.deepEqual(await readdir(path), []);
  });
  it('goes to stdout without --out', async (t) => {
    const { url } = await site(t, (_, response) => response.end('{"seq":0}\n'));
    const { stdout, stderr } = await run(['export', '--url', url]);
    assert.equal(stdout, '{"seq":0}\n');
    assert.equal(stderr, 'exported 1 rows, 10 B\n');
  });
});

describe('tail', () => {
  it('goes on behind the last entry when the stream breaks', async (t) => {
    const { url, asked } = await site(t, ({ headers }, response, index) => {
      const first = Number(headers['last-event-id'] ?? -1) + 1;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': hello\n\n');
      for (const seq of [first, first + 1]) {
        response.write(`id: ${seq}\ndata: ${JSON.stringify(entry(seq))}\n\n`);
      }
      if (index === 0) response.end();
    });
    const argv = ['tail', '--url', url, '--count', '4', '--json', '--outcome', 'success'];
    const { code, stdout } = await run(argv);
    assert.equal(code, 0);
    const seqs = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { seq: number }).seq);
    assert.deepEqual(seqs, [0, 1, 2, 3]);
    assert.deepEqual(
      asked.map(({ headers }) => headers['last-event-id']),
      [undefined, '1'],
    );
    assert.equal(asked[0]?.url.search, '?outcome=success');
  });
  it('ends at once, with 1, when the server says no', async (t) => {
    const { url, asked } = await site(t, (_, response) =>
      sendJson(response, 401, { code: 'unauthorized', detail: 'no' }),
    );
    assert.equal((await run(['tail', '--url', url])).code, 1);
    assert.equal(asked.length, 1);
  });
  it('ends with 0 when it is interrupted', async (t) => {
    const controller = new AbortController();
    const { url } = await site(t, (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`id: 0\ndata: ${JSON.stringify(entry(0))}\n\n`);
      setTimeout(() => controller.abort(new Error('interrupted')), 30);
    });
    const { code, stdout } = await run(['tail', '--url', url], { signal: controller.signal });
    assert.equal(code, 0);
    assert.equal(stdout, '#0 09:14:03.120 api.called success\n');
  });
});

describe('witness', () => {
  it('says what it lacks, and ends with 1', async () => {
    const { code, stderr } = await run(['witness', '--port', '0', '--log', 'nonsense']);
    assert.equal(code, 1);
    assert.match(stderr, /^error: --data: a witness needs a folder/);
    assert.equal((await run(['witness', '--data', '/x', '--port', '99999'])).code, 1);
  });
});

describe('keys', () => {
  it('mints with the admin key and prints the key alone on stdout', async (t) => {
    const { url, asked } = await site(t, (_, response) =>
      sendJson(response, 201, { key_id: 'key_1', key: 'ak_new', prefix: 'ak_n' }),
    );
    const env = { AFFIDAVIT_ADMIN_KEY: 'adm', AFFIDAVIT_URL: url };
    const argv = ['keys', 'mint', 'ci', '--scope', 'events:read', '--agent', 'agt_1'];
    const { code, stdout } = await run(argv, { env });
    assert.equal(code, 0);
    assert.equal(stdout, 'ak_new\n');
    assert.equal(asked[0]?.headers.authorization, 'Bearer adm');
    assert.deepEqual(JSON.parse(asked[0]?.text ?? ''), {
      name: 'ci',
      scopes: ['events:read'],
      agent_id: 'agt_1',
    });
  });
  it('lists, rotates and revokes', async (t) => {
    const { url, asked } = await site(t, ({ method }, response) => {
      if (method === 'GET') {
        sendJson(response, 200, page([{ key_id: 'key_1', name: 'ci', scopes: ['a', 'b'] }]));
      } else if (method === 'DELETE') {
        response.writeHead(204).end();
      } else sendJson(response, 201, { key_id: 'key_2', key: 'ak_2' });
    });
    const list = await run(['keys', 'list', '--url', url]);
    assert.match(list.stdout, /^ID +NAME +PREFIX +SCOPES.*\nkey_1 +ci +a b +active\n$/);
    assert.equal((await run(['keys', 'rotate', 'key_1', '--overlap', '60', '--url', url])).code, 0);
    assert.equal((await run(['keys', 'revoke', 'key_1', '--url', url])).code, 0);
    assert.deepEqual(
      asked.map(({ method, url: { pathname }, text }) => [method, pathname, text]),
      [
        ['GET', '/v1/keys', ''],
        ['POST', '/v1/keys/key_1/rotate', '{"overlap_seconds":60}'],
        ['DELETE', '/v1/keys/key_1', ''],
      ],
    );
  });
});

describe('keys with a role', () => {
  it('are minted by create too, without scopes', async (t) => {
    const { url, asked } = await site(t, (_, response) =>
      sendJson(response, 201, { key_id: 'key_1', key: 'ak_new', prefix: 'ak_n' }),
    );
    const { code } = await run(['keys', 'create', 'book', '--role', 'auditor', '--url', url]);
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(asked[0]?.text ?? ''), { name: 'book', role: 'auditor' });
  });
});

describe('tokens', () => {
  const minted = {
    token_id: 'tok_1',
    token: 'aft_1_x',
    scope_granted: ['read'],
    scope_downscoped: true,
    ttl_seconds: 60,
    expires_at: '2026-11-21T08:00:00.000Z',
  };

  it('are minted, the token alone on stdout, listed page by page and revoked', async (t) => {
    const { url, asked } = await site(t, ({ method, url: { searchParams } }, response) => {
      if (method === 'POST') return sendJson(response, 201, minted);
      if (method === 'DELETE') return sendJson(response, 200, {});
      const first = searchParams.get('cursor') === null;
      const row = { token_id: first ? 'tok_1' : 'tok_2', scopes: ['read'], run_id: 'run_1' };
      sendJson(response, 200, { data: [row], next_cursor: first ? 'tok_1' : null });
    });
    const argv = ['--grant', 'grt_1', '--scope', 'read', '--scope', 'write', '--ttl', '60'];
    const made = await run(['tokens', 'mint', ...argv, '--run', 'run_1', '--url', url]);
    assert.equal(made.stdout, 'aft_1_x\n');
    assert.match(made.stderr, /tok_1 — read \(less than asked\), until 2026/);
    assert.deepEqual(JSON.parse(asked[0]?.text ?? ''), {
      grant_id: 'grt_1',
      scopes: ['read', 'write'],
      ttl_seconds: 60,
      run_id: 'run_1',
      caller: 'affidavit-cli',
    });
    const list = await run(['tokens', 'list', '--run', 'run_1', '--url', url]);
    assert.match(list.stdout, /^ID .*\ntok_1 .*\ntok_2 .*\n$/);
    assert.equal(asked[1]?.url.searchParams.get('run_id'), 'run_1');
    assert.equal((await run(['tokens', 'revoke', 'tok_1', '--url', url])).code, 0);
    assert.equal(asked.at(-1)?.url.pathname, '/v1/tokens/tok_1');
  });
});

describe('operators', () => {
  it('are added, changed and removed', async (t) => {
    const { url, asked } = await site(t, (_, response) =>
      sendJson(response, 200, { operator_id: 'opr_1', role: 'auditor' }),
    );
    const who = ['operators', 'add', 'ada@example.com', '--role', 'analyst', '--url', url];
    assert.equal((await run(who)).stdout, 'opr_1\n');
    assert.equal((await run(['operators', 'set', 'opr_1', '--url', url])).code, 2);
    const set = await run(['operators', 'set', 'opr_1', '--role', 'auditor', '--url', url]);
    assert.match(set.stderr, /opr_1 is auditor/);
    assert.equal((await run(['operators', 'remove', 'opr_1', '--url', url])).code, 0);
    assert.deepEqual(
      asked.map(({ method, url: { pathname }, text }) => [method, pathname, text]),
      [
        ['POST', '/v1/operators', '{"email":"ada@example.com","role":"analyst"}'],
        ['PATCH', '/v1/operators/opr_1', '{"role":"auditor"}'],
        ['DELETE', '/v1/operators/opr_1', ''],
      ],
    );
  });
});

describe('portal', () => {
  it('gives a link, and says until when it is good', async (t) => {
    const link = 'http://127.0.0.1:7411/sign-in#link=afl_1_x';
    const { url, asked } = await site(t, (_, response) =>
      sendJson(response, 201, { url: link, expires_at: '2026-11-21T09:15:00.000Z' }),
    );
    const made = await run(['portal', '--role', 'analyst', '--name', 'Grace', '--url', url]);
    assert.equal(made.stdout, `${link}\n`);
    assert.match(made.stderr, /good once, until 2026-11-21T09:15/);
    assert.equal(asked[0]?.url.pathname, '/v1/sign-in-links');
    assert.equal(asked[0]?.text, '{"role":"analyst","name":"Grace"}');
  });
});

describe('sweep', () => {
  const swept = { deleted: 600, held: 2, done: false, space_freed: true };

  it('goes on until all is swept, and says how much', async (t) => {
    const { url, asked } = await site(t, (_, response, index) =>
      sendJson(response, 200, { ...swept, done: index === 2, after: index * 10 }),
    );
    const ran = await run(['sweep', '--url', url, '--app', 'app_1', '--accept-clock']);
    assert.equal(ran.code, 0, ran.stderr);
    assert.equal(ran.stdout, '1,800 entries removed; 6 older ones are on hold\n');
    assert.deepEqual(
      asked.map(({ method, url: { pathname }, text }) => [method, pathname, text]),
      [-1, 0, 10].map((after) => [
        'POST',
        '/v1/retention/sweep',
        `{"app_id":"app_1","accept_clock":true,"after":${after}}`,
      ]),
    );
  });

  it('says what the server says of its clock', async (t) => {
    const { url } = await site(t, (_, response) =>
      sendJson(response, 409, {
        code: 'conflict',
        detail: 'the clock has jumped',
        advice: 'Look.',
      }),
    );
    const ran = await run(['sweep', '--url', url]);
    assert.equal(ran.code, 1);
    assert.match(ran.stderr, /the clock has jumped/);
  });
});

describe('keys signing', () => {
  it('lists page by page, and rotates', async (t) => {
    const rows = [
      { vkey: 'log+1+A', from_size: 0, to_size: 41, retires_at: '2026-11-21T08:00:00.000Z' },
      { vkey: 'log+2+B', from_size: 42, to_size: null },
    ];
    const { url, asked } = await site(t, ({ method, url: { searchParams } }, response) => {
      const at = Number(searchParams.get('cursor') ?? 0);
      if (method !== 'GET') {
        const retires_at = '2026-11-28T08:00:00.000Z';
        sendJson(response, 201, { vkey: 'log+3+C', from_size: 77, retires_at });
      } else sendJson(response, 200, { data: [rows[at]], next_cursor: at === 0 ? '1' : null });
    });
    const list = await run(['keys', 'signing', 'list', '--url', url]);
    assert.match(list.stdout, /^FROM SIZE.*\n0 +41 +retired +log\+1\+A\n42 +current +log\+2\+B\n$/);
    const argv = ['keys', 'signing', 'rotate', '--reason', 'yearly', '--overlap', '60'];
    const rotated = await run([...argv, '--url', url]);
    assert.equal(rotated.stdout, 'log+3+C\n');
    assert.deepEqual(JSON.parse(asked.at(-1)?.text ?? ''), {
      reason: 'yearly',
      overlap_seconds: 60,
    });
    assert.equal(asked.at(-1)?.url.pathname, '/v1/ledger/keys/rotate');
  });
});

describe('request', () => {
  it('prints the body on stdout and the execution on stderr', async (t) => {
    const { url, asked } = await site(t, (_, response) =>
      sendJson(response, 200, {
        execution_id: 'exe_1',
        status: 404,
        headers: { 'x-a': '1' },
        body: 'not here',
        body_encoding: 'utf8',
      }),
    );
    const argv = ['request', 'post', 'https://x.test/a', '--provider', 'x', '--json', '{"a":1}'];
    const more = [
      '--context',
      'tool=t',
      '--header',
      'x-b=2',
      '--reason',
      'why',
      '-i',
      '--url',
      url,
    ];
    const { code, stdout, stderr } = await run([...argv, ...more]);
    assert.equal(code, 0);
    assert.equal(stdout, 'not here');
    assert.match(stderr, /^404 exe_1\n/);
    assert.match(stderr, /^x-a: 1$/m);
    assert.deepEqual(JSON.parse(asked[0]?.text ?? ''), {
      method: 'POST',
      url: 'https://x.test/a',
      provider: 'x',
      headers: { 'x-b': '2' },
      json: { a: 1 },
      reason: 'why',
      context: { tool: 't' },
      caller: 'affidavit-cli',
    });
  });
});
