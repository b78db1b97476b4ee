import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CedarTrap, withCedar } from './cedar.ts';
import { compilePolicy } from './compile.ts';
import { nestingFault } from './nesting.ts';
import { readPolicyText } from './syntax.ts';
import { decideBy, decisionInput, engine, storedText } from './testing/fixtures.ts';

const forbid = (condition: string) => `forbid (principal, action, resource) when { ${condition} };`;
const NEVER = 'context.method == "X"';

/** Ways to nest, by how often. All are false for a GET, so the call would be allowed. */
const SHAPES: Record<string, (times: number) => string> = {
  brackets: (times) => forbid(`${'('.repeat(times)}${NEVER}${')'.repeat(times)}`),
  chain: (times) => forbid(Array.from({ length: times }, () => NEVER).join(' || ')),
  conjunction: (times) => forbid(`${'1 == 1 && '.repeat(times)}${NEVER}`),
  sum: (times) => forbid(`${NEVER} && ${'1 + '.repeat(times)}1 == 1`),
  conditionals: (times) => forbid(`${'if 1 == 2 then false else '.repeat(times)}${NEVER}`),
  nestedConditionals: (times) =>
    forbid(`${'if ('.repeat(times)}${NEVER}${') then true else false'.repeat(times)}`),
  bracketedChains: (times) =>
    forbid(
      `${'('.repeat(30)}${NEVER}${`${` || ${NEVER}`.repeat(Math.ceil(times / 30))})`.repeat(30)}`,
    ),
  sets: (times) => forbid(`${NEVER} && ${'['.repeat(times)}1${']'.repeat(times)} == [1]`),
  clauses: (times) =>
    `forbid (principal, action, resource) ${'when { context.method == "X" } '.repeat(times)};`,
  unless: (times) =>
    `forbid (principal, action, resource) ${'unless { context.method == "GET" } '.repeat(times)};`,
};

/** The largest size that is accepted, and the size after it. */
function edge(shape: (times: number) => string): number {
  let low = 1;
  let high = 4000;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if ('message' in readPolicyText(shape(middle))) high = middle;
    else low = middle;
  }
  return low;
}

for (const [name, shape] of Object.entries(SHAPES)) {
  test(`the deepest ${name} that are accepted can also be validated and decided`, () => {
    const times = edge(shape);
    assert.ok(times >= 10 && times < 3999, `accepted ${times}`);
    const text = shape(times);
    if (name !== 'sets') compilePolicy({ name, cedar: text });
    const decision = decideBy([storedText('pol_1', text)]);
    assert.doesNotMatch(decision.explanation, /too complex/);
    if (name !== 'sets') assert.equal(decision.policy_decision, 'ALLOW', decision.explanation);
  });
}

test('what is far too deep is refused before Cedar sees it', () => {
  const hostile = [
    forbid('('.repeat(60_000)),
    forbid('['.repeat(30_000) + ']'.repeat(30_000)),
    forbid('if true then '.repeat(4000)),
    forbid(`1${' + 1'.repeat(15_000)} == 1`),
    forbid(`context${'.a'.repeat(30_000)}`),
    forbid(`${'('.repeat(39)}1${`${' + 1'.repeat(300)})`.repeat(39)} == 1`),
    '"'.repeat(60_000),
  ];
  for (const text of hostile) {
    const read = readPolicyText(text);
    assert.ok('message' in read, text.slice(0, 80));
  }
  assert.equal(decideBy([]).policy_decision, 'ALLOW');
});

test('what is closed counts towards what follows it', () => {
  const rings = (count: number, each: number) =>
    forbid(`${'('.repeat(count)}1${`${' + 1'.repeat(each)})`.repeat(count)} == 1`);
  assert.equal(nestingFault(rings(30, 30)), null);
  assert.match(nestingFault(rings(30, 40)) ?? '', /operators/);
  const side = ` + (1${' + 1'.repeat(300)})`;
  assert.equal(nestingFault(forbid(`1${side.repeat(20)} == 1`)), null);
  const conditions = `${'if ('.repeat(26)}true${') then true else false'.repeat(26)}`;
  assert.match(
    nestingFault(forbid(`if (${conditions}) then ${'if true then '.repeat(26)}`)) ?? '',
    /conditionals/,
  );
});

test('what is quoted or commented does not count', () => {
  assert.equal(
    nestingFault(forbid(`context.path == "${'('.repeat(500)}\\"${'['.repeat(500)}"`)),
    null,
  );
  assert.equal(nestingFault(`// ${'('.repeat(500)}\n${forbid('true')}`), null);
  assert.match(nestingFault(forbid(`// "\n${'('.repeat(500)}`)) ?? '', /brackets/);
});

test('many statements do not add up', () => {
  assert.equal(nestingFault(forbid(`${NEVER} || ${NEVER}`).repeat(400)), null);
});

test('should Cedar break all the same, it is loaded anew and sets go on deciding', () => {
  const set = engine.compile([storedText('pol_1', forbid('context.method == "POST"'))]);
  const tooDeep = forbid(`${'('.repeat(600)}true${')'.repeat(600)}`);
  const breakCedar = () =>
    withCedar((cedar) => cedar.checkParsePolicySet({ staticPolicies: tooDeep }));
  for (let round = 0; round < 3; round += 1) {
    assert.throws(breakCedar, CedarTrap);
    assert.equal(engine.decide(set, decisionInput()).policy_decision, 'ALLOW');
    const post = engine.decide(set, decisionInput({ request: { method: 'POST' } }));
    assert.equal(post.policy_id, 'pol_1');
  }
});
