import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { startAffidavit, type Affidavit } from './support/server.ts';
import { ask, makeAgent, makeApp, problem } from './support/world.ts';
import type { AgentUnderTest, AppUnderTest, Entry } from './support/world.ts';

/** Timelines, activity, runs with their verdicts and figures, against a recount by hand. */

const RUNS = 8;
const CALLS = 6;

interface Page {
  readonly data: readonly Entry[];
  readonly next_cursor: string | null;
  readonly has_more: boolean;
}
interface Finding {
  readonly check: string;
  readonly dimension?: string;
  readonly value?: unknown;
  readonly prior_runs?: number;
  readonly event_ids?: readonly string[];
  readonly threshold?: number;
}
interface Run extends Page {
  readonly run_id: string;
  readonly agent_id: string;
  readonly calls: number;
  readonly baseline: {
    readonly verdict: string;
    readonly findings: readonly Finding[];
    readonly runs_compared: number;
    readonly before_seq: number;
    readonly run_ids: readonly string[];
  };
}
interface Row {
  readonly run_id: string;
  readonly agent_id: string;
  readonly task_context: string;
  readonly last_at: string;
  readonly calls: number;
  readonly entries: number;
}
interface Person {
  readonly principal_id: string;
  readonly entries: number;
  readonly agents: readonly object[];
  readonly providers: readonly string[];
}
interface Figures {
  readonly count: number;
  readonly failure_rate: number;
  readonly block_rate: number;
  readonly replay_rate: number;
  readonly duration_ms: { readonly p50: number; readonly p99: number; readonly count: number };
}
interface Stats {
  readonly total: Figures;
  readonly groups: readonly (Figures & Readonly<Record<string, unknown>>)[];
  readonly complete: boolean;
}

let server: Affidavit;
let app: AppUnderTest;
let agent: AgentUnderTest;
let executions = 0;

/** One call that an agent says it made. */
const called = (run_id: string, index: number, more: object = {}) => ({
  event_type: 'api.called',
  run_id,
  task_context: `Task of ${run_id}`,
  execution_id: `exe_activity_${executions++}`,
  principal_id: index % 2 === 0 ? 'ann' : 'bob',
  provider: 'mail',
  method: 'GET',
  url: `https://mail.example/messages/${1000 + executions}`,
  outcome: index % 3 === 0 ? 'provider_error' : 'success',
  latency_ms: index + 1,
  ...more,
});

const report = (events: readonly object[], key = agent.key) =>
  ask(server, 201, 'POST', '/v1/events', { key, body: { events } });
const runOf = (run_id: string, count: number, more: object = {}) =>
  report(Array.from({ length: count }, (_, index) => called(run_id, index, more)));
const get = <T>(path: string) => ask<T>(server, 200, 'GET', path, { key: app.key });
const seqsOf = (entries: readonly Entry[]) => entries.map(({ seq }) => seq);

before(async () => {
  server = await startAffidavit();
  app = await makeApp(server, 'activity');
  agent = await makeAgent(server, app, 'reader');
  for (let run = 0; run < RUNS; run++) await runOf(`run_${run}`, CALLS);
});
after(async () => assert.equal(await server.stop(), 0, server.stdout()));

async function pages(path: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  let cursor = '';
  for (let tries = 0; tries < 100; tries++) {
    const page = await get<Page>(`${path}${path.includes('?') ? '&' : '?'}limit=7${cursor}`);
    entries.push(...page.data);
    if (!page.has_more) return entries;
    cursor = `&cursor=${page.next_cursor}`;
  }
  throw new Error('the pages have no end');
}

describe('the timeline of an agent', () => {
  it('has every call in order, once, with its task, by id and by name', async () => {
    const byId = await pages(`/v1/agents/${agent.agent_id}/timeline`);
    assert.equal(byId.length, RUNS * CALLS);
    assert.deepEqual(
      seqsOf(byId),
      seqsOf(byId).toSorted((a, b) => a - b),
    );
    assert.ok(byId.every(({ task_context, run_id }) => task_context === `Task of ${run_id}`));
    assert.deepEqual(seqsOf(await pages('/v1/agents/reader/timeline')), seqsOf(byId));
    const [first, second] = [byId[10], byId[20]] as [Entry, Entry];
    const range = `from=${first.created_at}&to=${second.created_at}`;
    const within = await pages(`/v1/agents/${agent.agent_id}/timeline?${range}`);
    const expected = byId.filter(
      ({ created_at = '' }) =>
        created_at >= String(first.created_at) && created_at < String(second.created_at),
    );
    assert.deepEqual(seqsOf(within), seqsOf(expected));
  });

  it('takes further filters, and has no administration unless asked', async () => {
    const failed = await pages('/v1/agents/reader/timeline?outcome=provider_error');
    assert.equal(failed.length, (RUNS * CALLS) / 3);
    const admin = await pages('/v1/agents/reader/timeline?category=admin');
    assert.ok(admin.some(({ event_type }) => event_type === 'agent.created'));
    const path = '/v1/agents/reader/timeline?colour=red';
    problem(await server.request('GET', path, { key: app.key }), 400, 'unknown_filter');
  });
});

describe('the activity of a principal', () => {
  it('is what their data was used for, the newest first', async () => {
    const all = await pages('/v1/principals/ann/activity');
    assert.equal(all.length, (RUNS * CALLS) / 2);
    assert.ok(all.every(({ principal_id }) => principal_id === 'ann'));
    assert.deepEqual(
      seqsOf(all),
      seqsOf(all).toSorted((a, b) => b - a),
    );
    assert.deepEqual(await pages('/v1/principals/nobody/activity'), []);
  });

  it('leads from the list of those on whose behalf an agent acted', async () => {
    const { data } = await get<{ data: Person[] }>('/v1/principals?agent=reader&provider=mail');
    const who = { agent_id: agent.agent_id, agent_name: 'reader' };
    assert.deepEqual(
      data.map(({ principal_id, entries, agents, providers }) => [
        principal_id,
        entries,
        agents,
        providers,
      ]),
      ['bob', 'ann'].map((name) => [name, (RUNS * CALLS) / 2, [who], ['mail']]),
    );
    assert.deepEqual((await get<{ data: Person[] }>('/v1/principals?agent=nobody')).data, []);
  });
});

describe('a run', () => {
  it('stands once in the list of runs, where its newest entry is', async () => {
    const rows: Row[] = [];
    let cursor = '';
    for (let pages = 0; pages < 20; pages++) {
      const page = await get<{ data: Row[]; next_cursor: string | null }>(
        `/v1/runs?limit=3${cursor}`,
      );
      rows.push(...page.data);
      if (page.next_cursor === null) break;
      cursor = `&cursor=${page.next_cursor}`;
    }
    const names = rows.map(({ run_id }) => run_id);
    assert.deepEqual([...new Set(names)], names);
    const times = rows.map(({ last_at }) => last_at);
    assert.deepEqual(times, times.toSorted().toReversed());
    const row = rows.find(({ run_id }) => run_id === 'run_3');
    assert.deepEqual(
      [row?.calls, row?.entries, row?.agent_id, row?.task_context],
      [CALLS, CALLS, agent.agent_id, 'Task of run_3'],
    );
    const some = await get<{ data: Row[] }>('/v1/runs?run_id=run_3&run_id=run_4');
    assert.deepEqual(some.data.map(({ run_id }) => run_id).sort(), ['run_3', 'run_4']);
  });

  it('is shown in order, with its figures', async () => {
    const run = await get<Run>('/v1/runs/run_3?limit=4');
    assert.deepEqual([run.run_id, run.agent_id, run.calls], ['run_3', agent.agent_id, CALLS]);
    assert.equal(run.data.length, 4);
    const rest = await get<Run>(`/v1/runs/run_3?limit=4&cursor=${run.next_cursor}`);
    assert.deepEqual([rest.data.length, rest.has_more], [CALLS - 4, false]);
    problem(await server.request('GET', '/v1/runs/none', { key: app.key }), 404, 'not_found');
  });

  it('is never consistent with too little behind it', async () => {
    for (const name of ['run_0', 'run_4']) {
      const { baseline } = await get<Run>(`/v1/runs/${name}`);
      assert.equal(baseline.verdict, 'insufficient_history');
      assert.equal(baseline.runs_compared, Number(name.slice(4)));
    }
  });

  it('is consistent when it does what earlier ones did, whatever comes later', async () => {
    const { baseline, data } = await get<Run>('/v1/runs/run_7');
    assert.equal(baseline.verdict, 'consistent', JSON.stringify(baseline.findings));
    assert.equal(baseline.before_seq, data[0]?.seq);
    assert.deepEqual([...baseline.run_ids].sort(), [
      'run_0',
      'run_1',
      'run_2',
      'run_3',
      'run_4',
      'run_5',
      'run_6',
    ]);
    await runOf('run_odd', CALLS, { provider: 'bank' });
    assert.deepEqual((await get<Run>('/v1/runs/run_7')).baseline, baseline);
  });

  it('is novel where it does what none did, with the entries that show it', async () => {
    await runOf('run_novel', CALLS, { provider: 'payroll', url: 'https://pay.example/salaries' });
    const { baseline, data } = await get<Run>('/v1/runs/run_novel');
    assert.equal(baseline.verdict, 'novel');
    const found = baseline.findings.find(({ dimension }) => dimension === 'provider');
    assert.deepEqual([found?.check, found?.value, found?.prior_runs], ['first_seen', 'payroll', 0]);
    assert.deepEqual(
      found?.event_ids,
      data.map(({ event_id }) => event_id),
    );
    const operation = baseline.findings.find(({ dimension }) => dimension === 'operation');
    assert.equal(operation?.value, 'payroll GET /salaries');
    await runOf('run_again', CALLS, { provider: 'payroll', url: 'https://pay.example/salaries' });
    const again = await get<Run>('/v1/runs/run_again');
    assert.ok(again.baseline.findings.every(({ check }) => check === 'rare'));
  });

  it('is of unusual volume where it does far more of the same', async () => {
    await runOf('run_much', CALLS + 11);
    const { baseline } = await get<Run>('/v1/runs/run_much');
    assert.equal(baseline.verdict, 'unusual_volume', JSON.stringify(baseline.findings));
    assert.equal(baseline.findings[0]?.value, CALLS + 11);
    assert.equal(baseline.findings[0]?.threshold, CALLS + 10);
    await runOf('run_more', CALLS + 10);
    assert.equal((await get<Run>('/v1/runs/run_more')).baseline.verdict, 'consistent');
  });
});

describe('stats', () => {
  it('are those of a recount', async () => {
    const other = await makeApp(server, 'stats');
    const key = (await makeAgent(server, other, 'counter')).key;
    const outcomes = ['success', 'policy_denied', 'replayed', 'error', 'blocked'];
    const events = Array.from({ length: 200 }, (_, index) =>
      called('run', index, {
        outcome: outcomes[index % 5],
        provider: index % 2 === 0 ? 'mail' : 'crm',
      }),
    );
    await report(events, key);
    const stats = await ask<Stats>(server, 200, 'GET', '/v1/stats?group_by=agent,provider', {
      key: other.key,
    });
    const { total, groups, complete } = stats;
    assert.deepEqual([total.count, complete], [200, true]);
    assert.deepEqual([total.failure_rate, total.block_rate, total.replay_rate], [0.2, 0.4, 0.2]);
    assert.deepEqual([total.duration_ms.p50, total.duration_ms.p99], [100, 198]);
    assert.deepEqual(
      groups.map(({ agent: name, provider, count }) => [name, provider, count]).sort(),
      [
        ['counter', 'crm', 100],
        ['counter', 'mail', 100],
      ],
    );
    const path = '/v1/stats?interval=day&provider=crm';
    const days = await ask<Stats>(server, 200, 'GET', path, { key: other.key });
    assert.equal(
      days.groups.reduce((sum, { count }) => sum + count, 0),
      100,
    );
    for (const bad of ['group_by=colour', 'interval=year']) {
      const answer = await server.request('GET', `/v1/stats?${bad}`, { key: app.key });
      problem(answer, 400, 'invalid_request');
    }
  });
});
