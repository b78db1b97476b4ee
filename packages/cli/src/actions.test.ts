import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { run, sendJson, startSite } from './testing/run.ts';

/** Verbs and actions from the command line. */

describe('affidavit action', () => {
  it('sends the arguments, and prints the record', async (t) => {
    const site = await startSite((_, response) =>
      sendJson(response, 200, { execution_id: 'exe_1', outcome: 'dry_run' }),
    );
    t.after(site.close);
    const argv = ['action', 'stripe:create_refund', '--args', '{"amount":5}', '--dry-run'];
    const { code, stdout } = await run([...argv, '--reason', 'why', '--url', site.url]);
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), { execution_id: 'exe_1', outcome: 'dry_run' });
    const [asked] = site.asked;
    assert.equal(
      `${asked?.method} ${asked?.url.pathname}`,
      'POST /v1/actions/stripe%3Acreate_refund',
    );
    const { caller: _, ...body } = JSON.parse(asked?.text ?? '') as Record<string, unknown>;
    assert.deepEqual(body, {
      args: { amount: 5 },
      dry_run: true,
      reason: 'why',
    });
  });

  it('ends with 2 for arguments that are no JSON object', async () => {
    for (const args of ['{', '[]', '5']) {
      const { code } = await run(['action', 'a:b', '--args', args, '--url', 'http://x']);
      assert.equal(code, 2, args);
    }
  });
});

describe('affidavit verbs', () => {
  it('lists and removes verbs', async (t) => {
    const verb = { verb: 'shop:close', risk_level: 'HIGH', governance: 'block', method: 'POST' };
    const site = await startSite((_, response) =>
      sendJson(response, 200, { data: [verb], next_cursor: null, has_more: false }),
    );
    t.after(site.close);
    const listed = await run(['verbs', 'list', '--url', site.url]);
    assert.match(listed.stdout, /VERB[\s\S]*shop:close +HIGH +block/);
    const removed = await run(['verbs', 'remove', 'shop:close', '--url', site.url]);
    assert.equal(removed.code, 0);
    assert.equal(site.asked.at(-1)?.method, 'DELETE');
  });
});
