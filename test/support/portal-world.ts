import { ask, makeAgent, makeGrant } from './world.ts';
import type { Affidavit } from './server.ts';
import { startService } from './service.ts';

/** For tests of pages: a small world in which every text that can be written means harm. */

export const HOSTILE = {
  html: '<img src=x onerror="globalThis.harmed=1"><script>globalThis.harmed=1</script>',
  formula: '=HYPERLINK("http://203.0.113.1/","click")',
  bidi: 'invoice\u202efdp.exe',
  long: 'x'.repeat(500),
} as const;

const { html, formula, bidi, long } = HOSTILE;

/** Lays it out on the default app. Answers with the paths of the pages about single things. */
export async function layOut(server: Affidavit): Promise<readonly string[]> {
  // First: what is on top of the trail shall be what agents did.
  const operated = await layOutSettings(server);
  const app = { key: server.adminKey };
  const service = await startService();
  const agent = await makeAgent(server, app, `agent ${html}`.slice(0, 120));
  const principal = { type: 'user', id: `eve ${html}`.slice(0, 200), email: 'eve@example.com' };
  const grant = await makeGrant(server, app, {
    provider: 'harm',
    base_url: service.url,
    secret: 'a-secret-that-is-long-enough',
    agents: [agent.agent_id],
    principal,
  });
  const { policy_id } = await ask<{ policy_id: string }>(server, 201, 'POST', '/v1/policies', {
    body: { name: formula, template: { kind: 'methods', methods: ['GET', 'POST'] } },
  });
  const call = (method: string, status: number) =>
    ask<{ execution_id: string }>(server, status, 'POST', '/v1/request', {
      key: agent.key,
      body: {
        method,
        url: `/things/${encodeURIComponent(html)}?q=${encodeURIComponent(formula)}`,
        grant_id: grant.grant_id,
        reason: `${html} ${bidi}`,
        run_id: `run ${html}`.slice(0, 100),
        task_context: formula,
        context: { [formula.slice(0, 60)]: html, tool: bidi },
        ...(method === 'GET' ? {} : { json: { text: html, formula } }),
      },
    });
  const { execution_id } = await call('GET', 200);
  await call('POST', 200);
  await call('DELETE', 403);
  const events = [html, formula, bidi, long].map((text) => ({
    event_type: 'tool.called',
    reason: text,
    task_context: text.slice(0, 200),
    principal_id: principal.id,
    run_id: 'harm',
    args: { [text.slice(0, 60)]: text },
    result: text,
    context: { tool: text.slice(0, 400) },
  }));
  await ask(server, 201, 'POST', '/v1/events', { body: { events } });
  await service.close();
  const one = encodeURIComponent;
  return [
    `/executions/${execution_id}`,
    `/runs/${one(`run ${html}`.slice(0, 100))}`,
    '/runs/harm',
    `/agents/${agent.agent_id}`,
    `/people/${one(principal.id)}`,
    `/grants/${grant.grant_id}`,
    `/policies/${policy_id}`,
    ...operated,
  ];
}

/** What operators name: it comes from people who may mean harm to others of them. */
async function layOutSettings(server: Affidavit): Promise<readonly string[]> {
  const make = <T = object>(path: string, body: object) =>
    ask<T>(server, 201, 'POST', `/v1/${path}`, { body });
  const name = html.slice(0, 120);
  const filter = { task_context: formula };
  const url = 'http://127.0.0.1:9/harm';
  const { destination_id } = await make<{ destination_id: string }>('destinations', {
    type: 'webhook',
    name,
    config: { url },
    filter,
  });
  const { monitor_id } = await make<{ monitor_id: string }>('monitors', { name, filter });
  await make('callers', { name, description: `${formula} ${bidi}` });
  await make('operators', { email: 'eve@example.com', name, role: 'analyst' });
  await make('keys', { name, scopes: ['events:read'] });
  await make('holds', { reason: `${html} ${bidi}`, filter });
  await make('erasures', { principal_id: formula, reason: html });
  await make('apps', { name });
  return [
    `/destinations/${destination_id}`,
    `/destinations/${destination_id}?tab=setup`,
    `/monitors/${monitor_id}`,
    `/monitors/${monitor_id}?tab=setup`,
  ];
}
