import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { startAffidavit, type Affidavit } from './support/server.ts';
import { startService, type Service } from './support/service.ts';
import { ask, ledgerSize, makeAgent, makeApp, makeGrant, problem } from './support/world.ts';
import type { AgentUnderTest, AppUnderTest } from './support/world.ts';

/** What a change of policies would have decided otherwise, told from the calls of the last days. */

let server: Affidavit;
let service: Service;
let app: AppUnderTest;
let ada: AgentUnderTest;
let eva: AgentUnderTest;
let grant_id: string;
/** Denies all PUT from the beginning. */
let noPut: string;

before(async () => {
  server = await startAffidavit();
  service = await startService();
  app = await makeApp(server, 'preview');
  ada = await makeAgent(server, app, 'Ada');
  eva = await makeAgent(server, app, 'Eva');
  const secret = 'sk_preview_98127634';
  ({ grant_id } = await makeGrant(server, app, {
    provider: 'shop',
    base_url: service.url,
    secret,
  }));
  noPut = await save(`forbid (principal, action, resource) when { context.method == "PUT" };`);
  for (const key of [ada.key, eva.key]) {
    for (const method of ['GET', 'GET', 'DELETE', 'PUT']) {
      const body = { url: '/', grant_id, method };
      await server.request('POST', '/v1/request', { key, body });
    }
  }
});
after(async () => {
  await service.close();
  await server.stop();
});

async function save(cedar: string): Promise<string> {
  const options = { key: app.key, body: { name: 'a policy', cedar } };
  const saved = await ask<{ policy_id: string }>(server, 201, 'POST', '/v1/policies', options);
  return saved.policy_id;
}

interface Preview {
  readonly complete: boolean;
  readonly calls: number;
  readonly changed: number;
  readonly changes: Record<string, number>;
  readonly not_evaluated: Record<string, number>;
  readonly examples: Record<string, string>[];
}

const preview = (body: object) =>
  ask<Preview>(server, 200, 'POST', '/v1/policies/preview', { key: app.key, body });

const deleting = (name = 'no deletes', applies_to: object = {}) => ({
  name,
  template: { kind: 'methods', methods: ['GET', 'PUT'] },
  applies_to,
});

describe('a preview', () => {
  it('of a new policy names the calls that it would have denied', async () => {
    const found = await preview({ policy: deleting(), days: 7 });
    assert.equal(found.complete, true);
    assert.equal(found.calls, 8);
    assert.deepEqual([found.changed, found.changes], [2, { 'ALLOW to DENY': 2 }]);
    const [example] = found.examples;
    assert.equal(example?.agent_id, eva.agent_id);
    assert.deepEqual([example?.was, example?.would_be], ['ALLOW', 'DENY']);
    assert.match(String(example?.policy_id), /^pol_/);
    const path = `/v1/executions/${example?.execution_id}`;
    const execution = await ask(server, 200, 'GET', path, { key: app.key });
    assert.equal(execution.method, 'DELETE');
  });

  it('changes nothing', async () => {
    const body = { url: '/', grant_id, method: 'DELETE' };
    const size = await ledgerSize(server, app.key);
    await preview({ policy: deleting(), days: 8 });
    // The question is on the record, and nothing else.
    assert.equal(await ledgerSize(server, app.key), size + 1);
    const { data } = await ask<{ data: object[] }>(server, 200, 'GET', '/v1/policies', {
      key: app.key,
    });
    assert.equal(data.length, 1);
    const tested = await ask(server, 200, 'POST', '/v1/policies/test', { key: app.key, body });
    assert.equal(tested.policy_decision, 'ALLOW');
  });

  it('looks only at whom the policy concerns', async () => {
    const found = await preview({ policy: deleting('hers', { agent_id: ada.agent_id }) });
    assert.equal(found.changed, 1);
    assert.equal(found.examples[0]?.agent_id, ada.agent_id);
  });

  it('of an approval tells what would have waited', async () => {
    const found = await preview({ policy: { name: 'look', template: { kind: 'approval' } } });
    // What another policy denies is denied, with or without approval.
    assert.deepEqual(found.changes, { 'ALLOW to APPROVAL': 6 });
  });

  it('of another text for a policy, and of its deletion, tells what would have been allowed', async () => {
    const replaced = await preview({ policy: deleting(), policy_id: noPut });
    assert.deepEqual(replaced.changes, { 'ALLOW to DENY': 2, 'DENY to ALLOW': 2 });
    const deleted = await preview({ delete: noPut });
    assert.deepEqual(deleted.changes, { 'DENY to ALLOW': 2 });
    assert.equal(deleted.examples[0]?.policy_id, 'builtin:delegation');
  });

  it('says what it cannot decide again', async () => {
    const gone = await makeGrant(server, app, {
      provider: 'gone',
      base_url: service.url,
      secret: 'sk_gone_98127634',
    });
    await ask(server, 200, 'DELETE', `/v1/grants/${gone.grant_id}`, { key: app.key });
    const body = { url: '/', grant_id: gone.grant_id };
    await server.request('POST', '/v1/request', { key: ada.key, body });
    const { not_evaluated } = await preview({ policy: deleting(), days: 9 });
    assert.deepEqual(not_evaluated, { built_in_rule: 1 });
  });

  it('comes with a change that asks for it', async () => {
    const path = '/v1/policies?preview_days=7';
    const options = { key: app.key, body: deleting() };
    const saved = await ask<{ policy_id: string; preview: Preview }>(
      server,
      201,
      'POST',
      path,
      options,
    );
    assert.equal(saved.preview.changed, 2);
    const changed = await ask<{ preview: Preview }>(
      server,
      200,
      'PUT',
      `/v1/policies/${saved.policy_id}?preview_days=7`,
      { key: app.key, body: { ...deleting(), template: { kind: 'methods', methods: ['PATCH'] } } },
    );
    assert.deepEqual(changed.preview.changes, { 'ALLOW to DENY': 4 });
    await ask(server, 200, 'DELETE', `/v1/policies/${saved.policy_id}`, { key: app.key });
  });

  it('is refused for what makes no sense', async () => {
    const refused = async (body: object, field: string) => {
      const answer = await server.request('POST', '/v1/policies/preview', { key: app.key, body });
      assert.equal(problem(answer, 400, 'invalid_request').field, field);
    };
    await refused({}, 'policy');
    await refused({ policy: deleting(), days: 0 }, 'days');
    await refused({ policy: { name: 'n', cedar: 'forbid (' } }, 'cedar');
    const unknown = { key: app.key, body: { delete: 'pol_none' } };
    problem(await server.request('POST', '/v1/policies/preview', unknown), 404, 'not_found');
    const path = '/v1/policies?preview_days=many';
    problem(
      await server.request('POST', path, { key: app.key, body: deleting() }),
      400,
      'invalid_request',
    );
  });
});
