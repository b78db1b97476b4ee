import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';

import { newTrail, type KeptTrail } from '../support/kept-trail.ts';
import { startAffidavit, type Affidavit } from '../support/server.ts';

/** What was swept or erased is in no file of the data folder, while the server runs. */

let server: Affidavit;
before(async () => {
  server = await startAffidavit();
});
after(async () => assert.equal(await server.stop(), 0, server.stdout()));

/** Texts that stand in no other entry, of sizes as bodies have them. */
const mark = (kind: string, n: number) => `${kind}${String(n).padStart(6, '0')}mark`;
const event = (n: number, more: object = {}) => ({
  event_type: 'api.called',
  provider: 'crm',
  actor_type: 'user',
  actor_id: mark('actor', n % 40),
  principal_id: mark('principal', n % 40),
  reason: `because of ${mark('reason', n)}`,
  context: { ticket: mark('ticket', n) },
  args: { text: mark('args', n).repeat(1 + ((n * 7) % 50)) },
  response_body: `${mark('body', n)} `.repeat(1 + ((n * 31) % 400)),
  ...more,
});

async function fill(trail: KeptTrail, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let at = 0; at < count; at += 100) {
    const events = Array.from({ length: 100 }, (_, n) => event(at + n));
    ids.push(...(await trail.write(events)).map(({ event_id }) => event_id));
  }
  return ids;
}

/** The texts of this kind that stand in any file of the data folder, by their numbers. */
function standing(kind: string): Set<number> {
  const found = new Set<number>();
  for (const name of readdirSync(server.dataFolder, { recursive: true }) as string[]) {
    let text = '';
    try {
      text = readFileSync(join(server.dataFolder, name)).toString('latin1');
    } catch {
      continue;
    }
    for (const [, number] of text.matchAll(new RegExp(`${kind}(\\d{6})mark`, 'g'))) {
      found.add(Number(number));
    }
  }
  return found;
}

const numbers = (count: number, wanted: (n: number) => boolean = () => true) =>
  [...Array(count).keys()].filter(wanted);

suite('the bytes of', () => {
  test('erased bodies, and of a principal, are gone; all others are there', async () => {
    const trail = await newTrail(server, 'bytes');
    const count = 3000;
    const ids = await fill(trail, count);
    const event_ids = ids.filter((_, n) => n % 30 === 7);
    const bodies = await trail.erase({ event_ids, parts: ['response_body'] });
    assert.deepEqual([bodies.erased, bodies.space_freed], [100, true]);
    const theirs = await trail.erase({ principal_id: mark('principal', 11) });
    assert.deepEqual([theirs.erased, theirs.space_freed], [75, true]);
    const isTheirs = (n: number) => n % 40 === 11;
    const left = (wanted: (n: number) => boolean) => new Set(numbers(count, wanted));
    assert.deepEqual(
      standing('body'),
      left((n) => n % 30 !== 7 && !isTheirs(n)),
    );
    for (const kind of ['args', 'reason', 'ticket']) {
      assert.deepEqual(
        standing(kind),
        left((n) => !isTheirs(n)),
        kind,
      );
    }
    for (const kind of ['principal', 'actor']) {
      assert.deepEqual(standing(kind), new Set(numbers(40, (n) => n !== 11)), kind);
    }
  });

  test('everything that was swept are gone, from the index too', async () => {
    const trail = await newTrail(server, 'swept bytes');
    const own = (n: number) => event(n, { actor_id: mark('sweptactor', n), args: mark('sw', n) });
    await trail.write(Array.from({ length: 1000 }, (_, n) => own(n)));
    await trail.write(Array.from({ length: 1000 }, (_, n) => own(n + 1000)));
    const [held] = await trail.write([own(5000)]);
    await trail.hold({ event_ids: [held?.event_id] });
    await trail.days(0);
    const { deleted, space_freed } = await trail.sweep();
    assert.ok(deleted > 2000 && space_freed);
    for (const kind of ['sweptactor', 'sw']) assert.deepEqual(standing(kind), new Set([5000]));
  });
});
