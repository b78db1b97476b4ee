import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { sampleEvents } from './support/sample-events.ts';
import { fillTrail } from './support/sample-trail.ts';
import { startAffidavit, type Affidavit } from './support/server.ts';
import { readAll } from './support/trail.ts';

/** The sample that pages are tested and shown with is worth looking at, and the same each time. */

const DAY_MS = 86_400_000;
const until = Date.UTC(2026, 10, 21);

let server: Affidavit;
before(async () => {
  server = await startAffidavit();
});
after(async () => assert.equal(await server.stop(), 0, server.stdout()));

test('it is the same for the same seed, in whole runs over thirty days', () => {
  const wish = { seed: 7, entries: 3000, until, agentIds: new Map<string, string>() };
  const events = [...sampleEvents(wish)];
  const textOf = (seed: number) => JSON.stringify([...sampleEvents({ ...wish, seed })]);
  assert.ok(textOf(7) === JSON.stringify(events));
  assert.ok(textOf(8) !== JSON.stringify(events));
  const runs = [...Map.groupBy(events, (event) => event['run_id']).values()].slice(0, -1);
  for (const run of runs) {
    assert.ok(new Set(run.map((event) => event['execution_id'])).size >= 8);
  }
  const times = events.map((event) => Date.parse(String(event['occurred_at'])));
  const oldest = Math.min(...times);
  assert.ok(oldest >= until - 30 * DAY_MS && oldest < until - 29 * DAY_MS);
  assert.ok(Math.max(...times) > until - DAY_MS);
});

test('a server takes all of it', async () => {
  await fillTrail(server, { entries: 1100 });
  const entries = await readAll(server, 'source=reported');
  assert.equal(entries.length, 1100);
  const names = new Set(entries.map(({ agent_name }) => agent_name));
  assert.equal(names.size, 6);
  for (const outcome of ['success', 'policy_denied', 'provider_error']) {
    assert.ok(
      entries.some((entry) => entry['outcome'] === outcome),
      outcome,
    );
  }
});
