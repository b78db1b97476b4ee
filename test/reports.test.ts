import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { startAffidavit, type Affidavit, type Answer } from './support/server.ts';
import { startService, type Service } from './support/service.ts';
import { ask, find, makeAgent, makeApp, makeGrant, problem } from './support/world.ts';
import type { AgentUnderTest, AppUnderTest, Entry, GrantUnderTest } from './support/world.ts';

/** Compliance reports against what the trail says, and what stands in it that is hostile. */

const EVENTS = 2300;
const HOSTILE = `</td></tr></table><script>alert(1)</script><img src=x onerror='alert(2)'>"&\u202E`;
const KINDS = ['access', 'agent', 'violations', 'secret', 'gdpr', 'hipaa', 'soc2'] as const;

interface Told extends Entry {
  readonly sentence: string;
}
interface Section {
  readonly title: string;
  readonly counts: { readonly entries: number };
  readonly entries: readonly Told[];
}
interface Report {
  readonly report: string;
  readonly size: number;
  readonly checkpoint: string;
  readonly export_id: string;
  readonly identifiers: readonly string[];
  readonly totals: Readonly<Record<string, unknown>>;
  readonly groups: readonly { readonly names: readonly string[]; readonly entries: number }[];
  readonly facts: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly sections: readonly Section[];
  readonly removed_meanwhile: number;
}

let server: Affidavit;
let service: Service;
let app: AppUnderTest;
let agent: AgentUnderTest;
let grant: GrantUnderTest;

before(async () => {
  server = await startAffidavit();
  service = await startService();
  app = await makeApp(server, 'reports');
  agent = await makeAgent(server, app, 'clerk');
  grant = await makeGrant(server, app, {
    provider: 'records',
    base_url: service.url,
    secret: 'sk_live_reports_8dK2nQ',
    principal: { type: 'user', id: 'ann', email: 'ann@example.com' },
  });
  const call = (path: string, status: number) =>
    ask(server, status, 'POST', '/v1/request', {
      key: agent.key,
      body: {
        provider: 'records',
        method: 'GET',
        url: service.url + path,
        reason: `Read ${path}`,
        run_id: 'run_7',
        task_context: 'Morning round',
      },
    });
  await call('/charts/1', 200);
  await call('/charts/2', 200);
  const body = {
    name: 'Nothing here',
    cedar: `forbid(principal, action, resource) when { context.method == "GET" };`,
  };
  const policy = await ask(server, 201, 'POST', '/v1/policies', { key: app.key, body });
  await call('/charts/3', 403);
  await ask(server, 200, 'DELETE', `/v1/policies/${String(policy.policy_id)}`, { key: app.key });
  for (let first = 0; first < EVENTS; first += 1000) {
    const events = Array.from({ length: Math.min(1000, EVENTS - first) }, (_, i) => ({
      event_type: 'api.called',
      principal_id: 'ann',
      provider: 'fax',
      url: 'https://fax.example/send',
      method: 'POST',
      outcome: (first + i) % 10 === 0 ? 'provider_error' : 'success',
      reason: i === 0 ? HOSTILE : 'Send the chart',
    }));
    await ask(server, 201, 'POST', '/v1/events', { key: agent.key, body: { events } });
  }
});
after(async () => {
  await service.close();
  assert.equal(await server.stop(), 0, server.stdout());
});

const subjectOf = (kind: string) => {
  if (kind === 'access' || kind === 'gdpr') return 'user=ann%40example.com';
  if (kind === 'agent') return 'agent=clerk';
  return kind === 'secret' ? `secret_id=${grant.secret_id}` : '';
};
const fetchReport = <T = unknown>(kind: string, query: string, key = app.key) =>
  server.request<T>('GET', `/v1/reports/${kind}?${query}`, { key });

async function json(kind: string, query = subjectOf(kind)): Promise<Report> {
  const answer = await fetchReport<Report>(kind, `${query}&format=json`);
  assert.equal(answer.status, 200, answer.text.slice(0, 500));
  assert.equal(answer.body.report, kind);
  return answer.body;
}

const seqsOf = (entries: readonly { readonly seq: number }[]) => entries.map(({ seq }) => seq);

async function allOf(query: Readonly<Record<string, string>>): Promise<Entry[]> {
  const entries: Entry[] = [];
  let from: Record<string, string> = {};
  for (;;) {
    const search = new URLSearchParams({ order: 'asc', limit: '1000', ...query, ...from });
    const path = `/v1/events?${search}`;
    const page = await ask<{ data: Entry[]; next_cursor: string; has_more: boolean }>(
      server,
      200,
      'GET',
      path,
      { key: app.key },
    );
    entries.push(...page.data);
    if (!page.has_more) return entries;
    from = { cursor: page.next_cursor };
  }
}

describe('what reports say', () => {
  it('access: every entry about a person, by address and by id, in order, once', async () => {
    const { sections, totals, identifiers, groups } = await json('access');
    assert.deepEqual([...identifiers].sort(), ['ann', 'ann@example.com']);
    const [access] = sections as [Section];
    const expected = await allOf({ user: 'ann' });
    const used = expected.filter(({ category }) =>
      ['credential', 'api', 'action'].includes(String(category)),
    );
    assert.deepEqual(seqsOf(access.entries), seqsOf(used));
    assert.equal(access.counts.entries, used.length);
    assert.equal(totals.entries, used.length);
    assert.equal(totals.calls, EVENTS + 2);
    assert.equal(totals.refused, 1);
    const failed = used.filter(({ outcome }) => outcome === 'provider_error');
    assert.equal(totals.failed, failed.length);
    assert.deepEqual(groups[0]?.names, ['clerk', 'fax']);
    assert.equal(groups[0]?.entries, EVENTS);
  });

  it('agent: credentials and calls in order, with the task, within a time', async () => {
    const { sections } = await json('agent');
    const [timeline] = sections as [Section];
    const calls = timeline.entries.slice(0, 5);
    assert.deepEqual(
      calls.map(({ event_type }) => event_type),
      [
        'credential.retrieved',
        'api.called',
        'credential.retrieved',
        'api.called',
        'credential.denied',
      ],
    );
    for (const { task_context, run_id } of calls) {
      assert.deepEqual([task_context, run_id], ['Morning round', 'run_7']);
    }
    const from = String(calls[2]?.created_at);
    const later = await json(
      'agent',
      `agent=clerk&from=${from}&to=${String(calls[4]?.created_at)}`,
    );
    const [within] = later.sections as [Section];
    const expected = timeline.entries.filter(
      ({ created_at = '' }) => created_at >= from && created_at < String(calls[4]?.created_at),
    );
    assert.deepEqual(seqsOf(within.entries), seqsOf(expected));
  });

  it('violations: each denial once, by policy', async () => {
    const { sections, totals, groups } = await json('violations');
    assert.equal(totals.refused, 1);
    assert.deepEqual(
      sections.map(({ entries }) => entries.length),
      [1, 0, 0],
    );
    assert.match(String(groups[0]?.names[1]), /Nothing here/);
  });

  it('secret: what was called with it, its life, and when it was last used', async () => {
    const { sections, totals } = await json('secret');
    assert.deepEqual(
      sections.map(({ entries }) => entries.length),
      [5, 1, 1],
    );
    const [uses] = sections as [Section];
    assert.equal(totals.last_used_at, uses.entries[3]?.created_at);
    const byGrant = await json('secret', `grant_id=${grant.grant_id}`);
    assert.deepEqual(
      byGrant.sections.map(({ entries }) => seqsOf(entries)),
      sections.map(({ entries }) => seqsOf(entries)),
    );
  });

  it('gdpr: by purpose, with retention, holds and erasures', async () => {
    const body = { filter: { provider: 'records' }, reason: 'A case' };
    const hold = await ask(server, 201, 'POST', '/v1/holds', { key: app.key, body });
    const { groups, facts } = await json('gdpr');
    const purposes = groups.map(({ names }) => names[2]);
    assert.ok(purposes.includes('Read /charts/1') && purposes.includes('Send the chart'));
    assert.equal(facts.retention?.['Entries are kept'], '365 days');
    assert.equal(facts.holds?.['Entries of this report on legal hold'], '5');
    assert.match(String(facts.holds?.[String(hold.hold_id)]), /A case/);
    assert.ok(facts.erasures);
    await ask(server, 200, 'DELETE', `/v1/holds/${String(hold.hold_id)}`, { key: app.key });
  });

  it('hipaa: disclosures are what was sent, not what was refused', async () => {
    const { sections, facts } = await json('hipaa');
    const [disclosures] = sections as [Section];
    assert.equal(disclosures.entries.length, EVENTS + 2);
    assert.equal(facts.verification?.['Result'], 'sound');
  });

  it('soc2: changes, denials and the state of the ledger', async () => {
    const { sections, facts, totals } = await json('soc2');
    const types = sections.flatMap(({ entries }) => entries.map(({ event_type }) => event_type));
    for (const type of ['api_key.minted', 'agent.created', 'grant.created', 'policy.deleted']) {
      assert.ok(types.includes(type), type);
    }
    assert.equal(new Set(sections.flatMap(({ entries }) => seqsOf(entries))).size, types.length);
    assert.equal(totals.entries, types.length);
    assert.match(String(facts.witnesses?.['Witnesses']), /^none/);
    const words = sections.flatMap(({ entries }) => entries.map(({ sentence }) => sentence));
    assert.ok(words.some((one) => one.includes('created the policy “Nothing here”')));
  });

  it('a filter narrows any of them', async () => {
    const { sections } = await json('access', 'user=ann&provider=records');
    assert.equal(sections[0]?.entries.length, 5);
  });
});

describe('the page', () => {
  it('runs nothing, loads nothing and hides nothing, whatever stands in an entry', async () => {
    for (const kind of KINDS) {
      const answer = await fetchReport(kind, subjectOf(kind));
      assert.equal(answer.status, 200, answer.text.slice(0, 300));
      const { text, headers } = answer;
      assert.match(String(headers['content-type']), /^text\/html/);
      const csp = String(headers['content-security-policy']);
      assert.match(csp, /^default-src 'none'; style-src 'sha256-[^']+'; /);
      assert.ok(!/<(script|img|link|iframe)|<[^>]*\s(on\w+|src|href)=|\u202E/.test(text), kind);
      assert.ok(text.endsWith('</html>\n'));
      const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(text) ?? [];
      assert.ok(csp.includes(createHash('sha256').update(style).digest('base64')));
    }
    const { text } = await fetchReport('access', 'user=ann');
    assert.ok(text.includes('&lt;script&gt;alert(1)&lt;/script&gt;'));
  });

  it('has a row for each entry, the checkpoint and the key to check it', async () => {
    const { sections, checkpoint } = await json('access', 'user=ann');
    const { text } = await fetchReport('access', 'user=ann');
    const rows = [...text.matchAll(/<tr><td class="n">(\d+)</g)].map(([, seq]) => Number(seq));
    assert.deepEqual(rows, seqsOf(sections.flatMap(({ entries }) => entries)));
    const { vkey } = await ask(server, 200, 'GET', '/v1/ledger', { key: app.key });
    assert.ok(text.includes(String(vkey)));
    assert.match(checkpoint, /\n\n— /);
  });
});

describe('a report', () => {
  it('is on the record, and its bytes can be held against its manifest', async () => {
    const answer = await fetchReport('violations', '');
    const id = String(answer.headers['affidavit-export-id']);
    const manifest = await ask(server, 200, 'GET', `/v1/events/exports/${id}`, { key: app.key });
    assert.equal(manifest.sha256, createHash('sha256').update(answer.bytes).digest('hex'));
    assert.equal(manifest.report, 'violations');
    const exported = await find(server, app.key, { event_type: 'trail.exported' });
    const args = exported.at(-1)?.args as Record<string, unknown>;
    assert.deepEqual([args.export_id, args.report, args.format], [id, 'violations', 'html']);
  });

  it('names the query of the bundle that has all its entries', async () => {
    const answer = await fetchReport('access', 'user=ann%40example.com&provider=records');
    const query = String(answer.headers['affidavit-bundle-query']);
    const names = [...new URLSearchParams(query)].map((pair) => pair.join('=')).sort();
    assert.deepEqual(names, ['provider=records', 'user=ann', 'user=ann@example.com']);
    const bundle = await server.request('GET', `/v1/events/bundle?${query}`, { key: app.key });
    assert.equal(bundle.status, 200);
  });

  it('is refused where it cannot be made', async () => {
    const refusals: readonly [Answer<unknown>, number, Parameters<typeof problem>[2], string][] = [
      [await fetchReport('weather', ''), 404, 'not_found', 'kind'],
      [await fetchReport('access', ''), 400, 'invalid_request', 'user'],
      [await fetchReport('agent', ''), 400, 'invalid_request', 'agent'],
      [await fetchReport('secret', ''), 400, 'invalid_request', 'secret_id'],
      [await fetchReport('secret', 'secret_id=sec_none'), 404, 'not_found', 'secret_id'],
      [await fetchReport('soc2', 'format=pdf'), 400, 'invalid_request', 'format'],
      [await fetchReport('soc2', 'colour=red'), 400, 'unknown_filter', 'colour'],
      [await fetchReport('soc2', 'from=yesterday'), 400, 'invalid_request', 'from'],
    ];
    for (const [answer, status, code, field] of refusals) {
      assert.equal(problem(answer, status, code).field, field);
    }
    const other = await makeApp(server, 'reports of others');
    const foreign = await fetchReport('secret', subjectOf('secret'), other.key);
    problem(foreign, 404, 'not_found');
    const { body } = await fetchReport<Report>('access', 'user=ann&format=json', other.key);
    assert.equal(body.totals.entries, 0);
  });
});
