import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';

import {
  axeFaults,
  openPortal,
  settled,
  visit,
  withoutPortal,
  type Portal,
  type Tab,
} from '../support/portal.ts';
import { startProvider, type Provider } from '../support/provider.ts';
import { ask } from '../support/world.ts';

/** From the first start to the first entry, and what an agent did between two moments, by the pages alone. */

suite('a newcomer and an analyst', { skip: withoutPortal }, () => {
  let portal: Portal;
  let provider: Provider;
  let tab: Tab;
  let key = '';

  before(async () => {
    [portal, provider] = await Promise.all([openPortal(), startProvider()]);
    tab = await portal.open('/');
  });
  after(async () => {
    await portal?.close();
    await provider?.close();
  });

  test('the overview leads from nothing to the first call, and shows it by itself', async () => {
    const { page } = tab;
    await page.getByRole('button', { name: 'Make an agent' }).click();
    await page.getByLabel('Name').fill('pr-review-agent');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Make a key' }).click();
    await page.getByRole('button', { name: 'Mint the key' }).click();
    key = await page
      .getByRole('dialog', { name: 'The new key' })
      .locator('code')
      .first()
      .innerText();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('button', { name: 'Add a credential' }).click();
    await page.getByLabel('Name of the provider').fill('github');
    await page.getByLabel('Its address').fill(provider.url);
    await page.getByLabel('The credential', { exact: true }).fill('a-token-that-is-long-enough');
    await page.getByLabel('Whose account it is').fill('alice@example.com');
    await page.getByRole('button', { name: 'Add it' }).click();
    await page.getByText('Waiting for the first call').waitFor();
    assert.deepEqual(await axeFaults(page), []);
    const command = await page.locator('main pre').innerText();
    assert.ok(command.includes(key));
    await promisify(execFile)('sh', ['-c', command], { timeout: 10_000 });
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await settled(page);
    await page.getByRole('link', { name: 'pr-review-agent' }).waitFor();
    assert.deepEqual(await axeFaults(page), []);
    assert.deepEqual(tab.troubles, []);
  });

  test('a point of time leads to the calls behind it', async () => {
    const { page } = tab;
    await page.getByText('Show as a table').first().click();
    const table = page.getByRole('region', { name: 'Calls, as a table' });
    await table.getByRole('row').last().getByRole('button').click();
    await page.waitForURL(/\/executions\?.*from=.*to=/);
  });

  test('what an agent did between two moments is there in order, with its tasks', async () => {
    const { page } = tab;
    for (const [run_id, task_context] of [
      ['run_2', 'Summarise the review'],
      ['run_3', 'Answer the ticket'],
    ]) {
      const body = { method: 'GET', url: '/pulls/12', provider: 'github', run_id, task_context };
      await ask(portal.server, 200, 'POST', '/v1/request', { key, body });
    }
    const { data } = await ask<{ data: { agent_id: string }[] }>(
      portal.server,
      200,
      'GET',
      '/v1/agents',
    );
    const from = encodeURIComponent(new Date(Date.now() - 3_600_000).toISOString());
    await visit(page, `${portal.server.url}/agents/${data[0]?.agent_id}?from=${from}`);
    const tasks = await page.locator('main h2').allInnerTexts();
    assert.deepEqual(
      tasks.map((text) => text.replaceAll(/\s+/g, ' ')),
      ['A run without a task run_1', 'Summarise the review run_2', 'Answer the ticket run_3'],
    );
    const list = page.getByRole('list', { name: 'Answer the ticket' });
    await list.getByRole('link').first().focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByText('Answer the ticket').first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'run_3' }).first().click();
    await page.getByRole('heading', { name: 'What happened when' }).waitFor();
    await page.getByText('Too early to tell').waitFor();
    assert.deepEqual(tab.troubles, []);
  });
});
