import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Affidavit, ContextError } from '@affidavit/sdk';

import { run } from './testing/run.ts';

/** The demo as a person runs it, and the other commands against the server that it leaves running. */

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const BUILD = fileURLToPath(new URL('../../../build/main.ts', import.meta.url));
const READY =
  /AFFIDAVIT_URL=(\S+)[\s\S]*AFFIDAVIT_ADMIN_KEY=(\S+)[\s\S]*research-agent +(\S+)\n[\s\S]*#link=\S+\n/;

interface Told {
  stdout: string;
  stderr: string;
}

async function until(told: Told, child: ChildProcess): Promise<RegExpMatchArray> {
  const ended = once(child, 'exit').then(() => assert.fail(told.stdout + told.stderr));
  for (;;) {
    const found = told.stdout.match(READY);
    if (found) {
      ended.catch(() => undefined);
      return found;
    }
    await Promise.race([once(child.stdout!, 'data'), ended]);
  }
}

describe('affidavit demo --keep, and the commands on its server', { timeout: 60_000 }, () => {
  let folder: string;
  let child: ChildProcess;
  let env: Record<string, string>;
  let agentKey: string;
  const told: Told = { stdout: '', stderr: '' };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'affidavit-whole-'));
    execFileSync(process.execPath, [BUILD]);
    const argv = ['--disable-warning=ExperimentalWarning', MAIN, 'demo', '--keep'];
    child = spawn(process.execPath, argv, { env: { ...process.env, TMPDIR: folder } });
    child.stdout?.on('data', (chunk: Buffer) => (told.stdout += chunk.toString('utf8')));
    child.stderr?.on('data', (chunk: Buffer) => (told.stderr += chunk.toString('utf8')));
    const [, url = '', adminKey = '', key = ''] = await until(told, child);
    env = { AFFIDAVIT_URL: url, AFFIDAVIT_ADMIN_KEY: adminKey, AFFIDAVIT_API_KEY: adminKey };
    agentKey = key;
  });

  after(async () => {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  it('tells what happened, in sentences', () => {
    assert.match(told.stdout, /research-agent called GET mail \/archive for alice@example\.com/);
    assert.match(told.stdout, /only the beginning of the answer is kept/);
    assert.match(told.stdout, /denied by “Invoices only in office hours” \(time_window\)/);
    assert.match(told.stdout, /denied by “Contacts only from the office network” \(ip_allowlist\)/);
    assert.match(told.stdout, /the provider answered 500/);
    assert.match(told.stdout, /the provider did not answer/);
    assert.match(told.stdout, /17 calls: 12 answered, 3 refused by policy, 2 failed/);
    assert.match(
      told.stdout,
      /minted a token for calendar:read, having asked for calendar:read, c/,
    );
    assert.match(told.stdout, /operator key_\S+ approved calendar:cancel_meeting/);
    assert.match(told.stdout, /found other scopes: openid, offline_access, calendar:read is left/);
    assert.match(told.stdout, /in the signed tree, rebuilt here/);
    assert.match(told.stdout, /none was recorded/);
    assert.match(told.stdout, /this link signs you in once[\s\S]+ {4}http:\S+#link=\S+/);
  });

  it('query finds the denials', async () => {
    const argv = [
      'query',
      '--executions',
      '--outcome',
      'policy_denied',
      '--json',
      '--order',
      'asc',
    ];
    const { code, stdout, stderr } = await run(argv, { env });
    assert.equal(code, 0, stderr);
    const entries = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { agent_name: string });
    assert.deepEqual(
      entries.map((entry) => entry.agent_name),
      ['billing-agent', 'support-agent', 'research-agent'],
    );
    const wrong = await run(['query', '--filter', 'colour=red'], { env });
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /^unknown_filter: /);
  });

  it('export writes what query finds', async () => {
    const out = join(folder, 'calls.csv');
    const filter = ['--type', 'api.called', '--user', 'alice@example.com'];
    const { code, stderr } = await run(['export', '--format', 'csv', '--out', out, ...filter], {
      env,
    });
    assert.equal(code, 0, stderr);
    const found = await run(['query', '--all', '--json', ...filter], { env });
    const count = found.stdout.trim().split('\n').length;
    assert.match(stderr, new RegExp(`^exported ${count} rows, `));
    assert.match(stderr, /, as its manifest says in /);
    const whole = await readFile(out, 'utf8');
    assert.match(whole, /^event_id,seq,/);
    await rm(out);
    const pieces = ['export', '--format', 'csv', '--out', out, '--resume', ...filter];
    const again = await run(pieces, { env });
    assert.equal(again.code, 0, again.stderr);
    assert.equal(await readFile(out, 'utf8'), whole);
    await rm(out);
  });

  it('monitors are added, tried over what has been, and removed', async () => {
    const added = await run(['monitors', 'add', '--template', 'denials_burst'], { env });
    assert.equal(added.code, 0, added.stderr);
    const id = added.stdout.trim();
    const list = await run(['monitors', 'list'], { env });
    assert.match(list.stdout, new RegExp(`^${id} .* ok`, 'm'));
    const tried = await run(['monitors', 'preview', id, '--days', '1', '--json'], { env });
    assert.deepEqual([tried.code, tried.stdout], [0, ''], tried.stderr);
    assert.equal((await run(['monitors', 'remove', id], { env })).code, 0);
    const templates = await run(['monitors', 'templates'], { env });
    assert.match(templates.stdout, /^downscoped_mints /m);
  });

  it('keys minted can be used, rotated and revoked', async () => {
    const minted = await run(['keys', 'mint', 'suite', '--scope', 'events:read', '--json'], {
      env,
    });
    assert.equal(minted.code, 0, minted.stderr);
    const { key, key_id } = JSON.parse(minted.stdout) as { key: string; key_id: string };
    const asKey = { ...env, AFFIDAVIT_API_KEY: key };
    assert.equal((await run(['query', '--limit', '1'], { env: asKey })).code, 0);
    const list = await run(['keys', 'list'], { env });
    assert.match(list.stdout, new RegExp(`^${key_id} +suite `, 'm'));
    assert.equal((await run(['keys', 'revoke', key_id], { env })).code, 0);
    const refused = await run(['query', '--limit', '1'], { env: asKey });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^unauthorized: /);
  });

  it('tail shows what an agent reports through the SDK', async () => {
    const client = new Affidavit({ url: env['AFFIDAVIT_URL'] ?? '', apiKey: agentKey });
    const run_id = 'run_whole';
    const first = await client.record({ event_type: 'suite.began', run_id });
    const after = String(first.events[0]?.seq);
    const argv = ['tail', '--after', after, '--count', '3', '--json', '--run', run_id];
    const tailing = run(argv, { env });
    const reporting = client.run(run_id, { task: 'watch', context: { tool: 'suite' } });
    const batch = [1, 2, 3].map((n) => ({ event_type: 'suite.counted', reason: `number ${n}` }));
    const idempotencyKey = crypto.randomUUID();
    const recorded = await reporting.record(batch, { idempotencyKey });
    const again = await reporting.record(batch, { idempotencyKey });
    assert.deepEqual(again.events, recorded.events);
    const { code, stdout, stderr } = await tailing;
    assert.equal(code, 0, stderr);
    const reasons = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { reason: string }).reason);
    assert.deepEqual(reasons, ['number 1', 'number 2', 'number 3']);
  });

  it('the SDK follows the trail from a cursor', async () => {
    const { AFFIDAVIT_URL: url = '', AFFIDAVIT_ADMIN_KEY: apiKey = '' } = env;
    const admin = new Affidavit({ url, apiKey });
    const filter = { event_type: 'api.called' };
    const feed = admin.events(filter, { limit: 2 });
    const seqs: number[] = [];
    for await (const entry of feed) {
      seqs.push(entry.seq);
      if (seqs.length === 4) break;
    }
    const rest = admin.events(filter, { limit: 2, cursor: feed.cursor ?? '' });
    for await (const entry of rest) seqs.push(entry.seq);
    assert.equal(new Set(seqs).size, 11);
    assert.equal(seqs.length, 13);
    const [entry] = (await admin.events(filter, { limit: 1 }).pages().next()).value?.entries ?? [];
    assert.equal((await admin.event(entry?.event_id ?? '')).seq, entry?.seq);
    const execution = await admin.execution(entry?.execution_id ?? '');
    assert.equal(execution.outcome, 'success');
    assert.ok((execution.started_at ?? '') <= (execution.created_at ?? ''));
  });

  it('the server refuses a context that the SDK would have', async () => {
    const { AFFIDAVIT_URL: url = '', AFFIDAVIT_ADMIN_KEY: apiKey = '' } = env;
    const body = { event_type: 'a.done', context: { tool: 'x'.repeat(513) } };
    const admin = new Affidavit({ url, apiKey });
    await assert.rejects(admin.api('POST', '/v1/events', { body }), ContextError);
    await assert.rejects(admin.record(body), ContextError);
  });

  it('ends cleanly when it is asked to, and leaves nothing behind', async () => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const [code] = (await ended) as [number | null];
    assert.equal(code, 0, told.stderr);
    assert.deepEqual(await readdir(folder), []);
    await assert.rejects(fetch(`${env['AFFIDAVIT_URL'] ?? ''}/healthz`));
  });
});
