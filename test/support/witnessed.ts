import assert from 'node:assert/strict';

import { checkCosignature } from '@affidavit/witness/testing/spec-log';

import type { Affidavit } from './server.ts';
import { eventually } from './trail.ts';
import { ask } from './world.ts';

/** For tests: what a ledger says of its witnesses. */

export interface ShownWitness {
  readonly name: string;
  readonly vkey: string;
  readonly cosigned_size: number | null;
  readonly last_seen: string | null;
  readonly status: 'ok' | 'behind' | 'missing' | 'conflict';
  readonly error: string | null;
}

export interface WitnessedLedger {
  readonly vkey: string;
  readonly origin: string;
  readonly size: number;
  readonly checkpoint: string;
  readonly witnesses: readonly ShownWitness[];
}

interface Asking {
  readonly key?: string;
}

export const ledgerOf = (server: Affidavit, { key }: Asking = {}) =>
  ask<WitnessedLedger>(server, 200, 'GET', '/v1/ledger', { key });

/** Adds a witness and answers its id. */
export async function addWitness(
  server: Affidavit,
  { url, vkey }: { readonly url: string; readonly vkey: string },
  { key }: Asking = {},
): Promise<string> {
  const body = { url, vkey };
  const added = await ask<{ witness_id: string }>(server, 201, 'POST', '/v1/witnesses', {
    key,
    body,
  });
  return added.witness_id;
}

/** Waits for the state of one witness; answers it. */
export async function witnessState(
  server: Affidavit,
  name: string,
  holds: (witness: ShownWitness, ledger: WitnessedLedger) => boolean,
  { key, limitMs = 30_000 }: Asking & { readonly limitMs?: number } = {},
): Promise<ShownWitness> {
  let found: ShownWitness | undefined;
  await eventually(
    `the witness ${name}`,
    async () => {
      const ledger = await ledgerOf(server, key === undefined ? {} : { key });
      found = ledger.witnesses.find((one) => one.name === name);
      return found !== undefined && holds(found, ledger);
    },
    limitMs,
  );
  return found as ShownWitness;
}

/** All that there is has been cosigned. */
export const isOk = ({ status, cosigned_size }: ShownWitness, { size }: WitnessedLedger) =>
  status === 'ok' && cosigned_size === size;

/** Checks the cosignatures of these witnesses on a checkpoint by hand; answers its size. */
export function assertCosigned(note: string, vkeys: readonly string[]): number {
  const split = note.lastIndexOf('\n\n');
  const text = note.slice(0, split + 1);
  const lines = note.slice(split + 2, -1).split('\n');
  for (const vkey of vkeys) {
    const [name] = vkey.split('+');
    const own = lines.filter((line) => line.startsWith(`\u2014 ${name} `));
    assert.equal(own.length, 1, note);
    const time = checkCosignature(`${own[0]}\n`, text, vkey);
    assert.ok(Math.abs(time - Date.now() / 1000) < 3600);
  }
  return Number(text.split('\n')[1]);
}
