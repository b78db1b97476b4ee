import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { Receipt } from '@affidavit/ledger';

import { example, exampleBundle, table, VKEY } from './support/format-document.ts';
import { fileOf, runVerifier, withoutPython } from './support/second-verifier.ts';

/** The verifier in Python agrees with this one: on the document's examples, sound and damaged. */

const KEY = ['--vkey', VKEY];
const OTHER_KEY = ['--vkey', String(table('cosignature')['vkey'])];

/** Of a receipt only this is proved: when and as what an entry was written is in its evidence. */
function bareReceipt(): string {
  const { events } = JSON.parse(example('receipt')) as { events: Receipt[] };
  return JSON.stringify({
    events: events.map(({ seq, leaf_hash, proof }) => ({ seq, leaf_hash, proof })),
  });
}

/** What it can check, each as a file. */
const artefacts: readonly (readonly [string, string, string | Uint8Array])[] = [
  ['checkpoint', '.txt', `${example('checkpoint')}\n`],
  ['evidence', '.json', example('evidence')],
  ['receipt', '.json', bareReceipt()],
  ['range', '.json', example('range')],
  ['range-lines', '.ndjson', `${example('range-lines')}\n`],
  ['bundle', '.tar', exampleBundle()],
];

/** One bit of each of so many bytes, spread over the whole. */
function* flipped(content: string | Uint8Array, count: number): Generator<Buffer> {
  const bytes = Buffer.from(content as string);
  for (let i = 0; i < count; i += 1) {
    const at = Math.floor(((i + 0.5) * bytes.length) / count);
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] as number) ^ (1 << (i % 8));
    yield damaged;
  }
}

suite('the second verifier', { skip: withoutPython }, () => {
  for (const [name, ending, content] of artefacts) {
    test(`finds the ${name} of the document sound, and a damaged one broken`, async () => {
      const sound = await runVerifier([...KEY, fileOf(content, ending)]);
      assert.equal(sound.code, 0, sound.stdout + sound.stderr);
      assert.match(sound.stdout, /^sound: .*\nunder the checkpoint of 5 entries of affidavit\.ex/);
      for (const damaged of flipped(content, 3)) {
        const { code, stdout, stderr } = await runVerifier([...KEY, fileOf(damaged, ending)]);
        assert.equal(code, 1, `${stdout}${stderr}${damaged.toString()}`);
      }
    });
  }

  test('believes no other key', async () => {
    for (const [, ending, content] of artefacts) {
      const { code, stdout } = await runVerifier([...OTHER_KEY, fileOf(content, ending)]);
      assert.deepEqual([code, /not signed|other log/.test(stdout)], [1, true], stdout);
    }
  });

  test('holds a range to the times that are asked for', async () => {
    const file = fileOf(example('range'), '.json');
    const within = ['--from', '2026-11-21T09:00:00.000Z', '--to', '2026-11-21T10:00:00.000Z'];
    assert.equal((await runVerifier([...KEY, ...within, file])).code, 0);
    const before = ['--from', '2026-11-21T08:30:00.250Z', '--to', '2026-11-21T10:00:00.000Z'];
    const { code, stdout } = await runVerifier([...KEY, ...before, file]);
    assert.deepEqual([code, /entry 0: is needed/.test(stdout)], [1, true]);
  });

  test('says when it could not check, and why', async () => {
    const cases: [readonly string[], RegExp][] = [
      [[...KEY, '/nowhere/at/all'], /No such file/],
      [[fileOf(example('evidence'), '.json')], /--vkey/],
      [['--vkey', 'nonsense', fileOf(example('evidence'), '.json')], /--vkey/],
      [[...KEY, '--from', 'noon', fileOf(example('range'), '.json')], /a time/],
      [[], /usage/],
    ];
    for (const [argv, reason] of cases) {
      const { code, stderr } = await runVerifier(argv);
      assert.equal(code, 2, stderr);
      assert.match(stderr, reason);
    }
    const file = fileOf(exampleBundle(), '.tar');
    const { code, stderr } = await runVerifier([file], ['-S', '-I']);
    assert.deepEqual([code, /cryptography. is not installed/.test(stderr)], [2, true], stderr);
  });

  test('says when it had to believe the key in the file', async () => {
    const { code, stdout } = await runVerifier([fileOf(exampleBundle(), '.tar')]);
    assert.deepEqual([code, /the key is the one in the file itself/.test(stdout)], [0, true]);
  });
});
