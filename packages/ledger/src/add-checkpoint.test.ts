import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { formatAddCheckpoint, parseAddCheckpoint } from './add-checkpoint.ts';
import { fromBase64 } from './bytes.ts';
import { makeLog } from './log.fixture.ts';

/** The example of the specification. */
const HASHES = [
  'PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=',
  'jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=',
  '5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=',
  '/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=',
];
const CHECKPOINT = `example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
`;

test('the example of the specification is read and written', () => {
  const text = `old 20852014\n${HASHES.join('\n')}\n\n${CHECKPOINT}`;
  const request = { old: 20852014, hashes: HASHES.map(fromBase64), checkpoint: CHECKPOINT };
  assert.equal(formatAddCheckpoint(request), text);
  assert.deepEqual(parseAddCheckpoint(text), request);
  const first = `old 0\n\n${CHECKPOINT}`;
  assert.equal(formatAddCheckpoint({ old: 0, hashes: [], checkpoint: CHECKPOINT }), first);
  assert.deepEqual(parseAddCheckpoint(first), { old: 0, hashes: [], checkpoint: CHECKPOINT });
});

test('what is written is read, with up to 63 hashes', () => {
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.array(hash, { maxLength: 63 }), (old, hashes) => {
      const request = { old, hashes, checkpoint: makeLog(3).checkpoint };
      assert.deepEqual(parseAddCheckpoint(formatAddCheckpoint(request)), request);
    }),
    { numRuns: 50 },
  );
  const many = { old: 1, hashes: Array.from({ length: 64 }, () => new Uint8Array(32)) };
  assert.throws(() => formatAddCheckpoint({ ...many, checkpoint: CHECKPOINT }), {
    code: 'invalid_argument',
  });
});

const broken: readonly string[] = [
  '',
  CHECKPOINT,
  `old 1\n${CHECKPOINT}`.replace('\n\n', '\n'),
  `old 01\n\n${CHECKPOINT}`,
  `old -1\n\n${CHECKPOINT}`,
  `old  1\n\n${CHECKPOINT}`,
  `old 1 \n\n${CHECKPOINT}`,
  `old\n\n${CHECKPOINT}`,
  `old \n\n${CHECKPOINT}`,
  `Old 1\n\n${CHECKPOINT}`,
  `new 1\n\n${CHECKPOINT}`,
  ` old 1\n\n${CHECKPOINT}`,
  `old 1e3\n\n${CHECKPOINT}`,
  `old 99999999999999999999\n\n${CHECKPOINT}`,
  `\n\nold 1\n\n${CHECKPOINT}`,
  `old 1\r\n\r\n${CHECKPOINT}`,
  `old 1\n${HASHES[0]} \n\n${CHECKPOINT}`,
  `old 1\n${HASHES[0]?.slice(0, -1)}\n\n${CHECKPOINT}`,
  `old 1\n${HASHES[0]?.slice(0, -4)}\n\n${CHECKPOINT}`,
  `old 1\n${HASHES[0]?.replace('w=', 'x=')}\n\n${CHECKPOINT}`,
  `old 1\n${`${HASHES[0]}\n`.repeat(64)}\n${CHECKPOINT}`,
];
for (const [index, text] of broken.entries()) {
  test(`what is not a request is refused (${index + 1})`, () => {
    assert.throws(() => parseAddCheckpoint(text), { name: 'LedgerError', code: 'malformed' });
  });
}
