import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { parseVerifierKey } from '@affidavit/ledger';
import * as fc from 'fast-check';

import { checkCosignature, forkOf, newKey, SpecLog } from './testing/spec-log.ts';
import { openState, type WitnessState } from './state.ts';
import { Witness } from './witness.ts';

/** Whatever comes, in whatever order, over whatever restarts: one history is cosigned, or none. */

const key = newKey('log.example/log');
const honest = new SpecLog(key);
const logs = [honest, ...[0, 1, 3, 6, 11].map((from) => forkOf(honest, from))];
const MAX = 14;

const ask = fc.record({
  log: fc.nat(logs.length - 1),
  old: fc.nat(MAX),
  size: fc.nat(MAX),
  /** Asks from the size that the witness said last, as a log would. */
  told: fc.boolean(),
  /** Which process of the witness is asked, and whether it has just been started. */
  process: fc.nat(1),
  restart: fc.boolean(),
});

/** Whether all of these trees can be of one log, by their definition. */
function assertOneHistory(cosigned: readonly { log: SpecLog; size: number }[]): void {
  for (const a of cosigned) {
    for (const b of cosigned) {
      if (a.size > b.size) continue;
      assert.equal(a.log.text(a.size), b.log.text(a.size), `${a.size} is not a past of ${b.size}`);
    }
  }
}

test('what was cosigned is one history, and never shrinks', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(ask, { minLength: 1, maxLength: 25 }), async (asks) => {
      const folder = mkdtempSync(join(tmpdir(), 'affidavit-witness-'));
      const states: (WitnessState | null)[] = [null, null];
      const cosigned: { log: SpecLog; size: number }[] = [];
      let told = 0;
      try {
        for (const { log: number, process, restart, ...sizes } of asks) {
          const log = logs[number] as SpecLog;
          if (restart) {
            states[process]?.close();
            states[process] = null;
          }
          const state = (states[process] ??= openState(folder, 'witness.example'));
          const known = [parseVerifierKey(key.vkey)];
          const witness = new Witness({ state, logs: known, now: () => 1_700_000_000_000 });
          const old = sizes.told ? told : sizes.old;
          const size = Math.max(old, sizes.size);
          const { status, body } = await witness.addCheckpoint(log.request(old, size));
          assert.ok([200, 409, 422].includes(status), body);
          if (status === 409 && /^\d+\n$/.test(body)) told = Number(body);
          if (status !== 200) continue;
          checkCosignature(body, log.text(size), witness.vkey);
          assert.ok(size >= (cosigned.at(-1)?.size ?? 0));
          told = size;
          cosigned.push({ log, size });
        }
        assertOneHistory(cosigned);
      } finally {
        for (const state of states) state?.close();
        rmSync(folder, { recursive: true, force: true });
      }
    }),
    { numRuns: 120 },
  );
});
