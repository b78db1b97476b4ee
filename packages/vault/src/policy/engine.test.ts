import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { PREPARED_SETS } from './cedar.ts';
import { compilePolicy } from './compile.ts';
import { decideBy, decisionInput, engine, stored, storedText } from './testing/fixtures.ts';
import type { Variation } from './testing/fixtures.ts';

const BUILTIN = [
  'builtin:delegation',
  'builtin:grant_expiry',
  'builtin:grant_status',
  'builtin:scope',
];
const forbid = (condition: string) => `forbid (principal, action, resource) when { ${condition} };`;

test('without policies, delegation allows', () => {
  const set = engine.compile([]);
  assert.deepEqual(engine.decide(set, decisionInput()), {
    policy_decision: 'ALLOW',
    policy_id: 'builtin:delegation',
    rule: 'delegation',
    policies_checked: BUILTIN,
    policy_context: {
      rule: 'delegation',
      policy_set_sha256: '4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945',
      compared: { actor_id: 'agt_1', agents: 'listed' },
    },
    explanation: 'The grant grt_1 is delegated to agent agt_1, and no policy forbids the call.',
  });
});

test('built-in rules deny, whatever policies permit', () => {
  const permit = storedText('pol_1', 'permit (principal, action, resource);');
  const service = { type: 'service', id: 'key_1' } as const;
  const denials: [Variation, string][] = [
    [{ grant: { agents: [] } }, 'delegation'],
    [{ grant: { agents: ['agt_2'] } }, 'delegation'],
    [{ actor: service }, 'delegation'],
    [{ actor: service, grant: { agents: ['key_1'] } }, 'delegation'],
    [{ grant: { status: 'revoked' } }, 'grant_status'],
    [{ grant: { expires_at: '2026-06-01T12:00:00.000Z' } }, 'grant_expiry'],
    [{ grant: { expires_at: 'unreadable' } }, 'grant_expiry'],
    [{ grant: { scopes: ['read'] }, request: { scopes: ['read', 'write'] } }, 'scope'],
  ];
  for (const [variation, rule] of denials) {
    const decision = decideBy([permit], variation);
    assert.deepEqual(
      [decision.policy_decision, decision.policy_id, decision.rule, decision.policies_checked],
      ['DENY', `builtin:${rule}`, rule, BUILTIN],
    );
    assert.equal(decision.policy_context['rule'], rule);
  }
  const allowed: Variation[] = [
    { grant: { agents: '*' } },
    { actor: service, grant: { agents: '*' } },
    { grant: { expires_at: '2026-06-01T12:00:00.001Z' } },
    { grant: { scopes: ['read'] }, request: { scopes: ['read'] } },
    { grant: { scopes: ['read'] } },
    { request: { scopes: ['any'] } },
  ];
  for (const variation of allowed) {
    const decision = decideBy([permit], variation);
    assert.deepEqual(
      [decision.policy_decision, decision.policy_id],
      ['ALLOW', 'builtin:delegation'],
    );
  }
});

test('a forbid that errs denies in its own name, and so does a permit that errs', () => {
  const erring = [
    forbid('context.source_ip.isInRange(ip("10.0.0.0/8"))'),
    forbid('context.caller == "x"'),
    forbid('context.local["Mars/Base"].minute > 1'),
    forbid('9223372036854775807 + context.grant_age_seconds > 1'),
    forbid('ip(context.method).isIpv4()'),
    'permit (principal, action, resource) when { context.nope };',
  ];
  for (const cedar of erring) {
    const decision = decideBy([storedText('pol_0', forbid('false')), storedText('pol_1', cedar)]);
    assert.deepEqual(
      [decision.policy_decision, decision.policy_id, decision.rule],
      ['DENY', 'pol_1', 'policy_error'],
      cedar,
    );
    assert.ok(String(decision.policy_context['error']).length > 5);
  }
});

test('a policy that cannot be used denies everything, the smallest id first', () => {
  const broken = [
    'forbid (',
    '',
    forbid('('.repeat(500)),
    'permit (principal == ?principal, action, resource);',
  ];
  for (const cedar of broken) {
    const set = engine.compile([
      storedText('pol_3', 'nonsense'),
      storedText('pol_2', cedar),
      storedText('pol_1', forbid('false')),
    ]);
    const decision = engine.decide(set, decisionInput({ grant: { agents: [] } }));
    assert.deepEqual(
      [decision.policy_decision, decision.policy_id, decision.rule, decision.policies_checked],
      ['DENY', 'pol_2', 'policy_error', ['pol_2']],
    );
    assert.equal(set.broken?.policy.policy_id, 'pol_2');
  }
});

test('of overlapping policies the smallest id decides, in whatever order they come', () => {
  const policies = ['pol_c', 'pol_a', 'pol_d', 'pol_b', 'pol_10', 'pol_9'].map((id) =>
    storedText(
      id,
      `${forbid('context.method == "X"')}\n${forbid(id === 'pol_10' ? 'false' : 'true')}`,
    ),
  );
  fc.assert(
    fc.property(fc.shuffledSubarray(policies, { minLength: 1 }), (chosen) => {
      const decision = decideBy(chosen);
      const ids = chosen.map(({ policy_id }) => policy_id).sort();
      const forbidding = ids.filter((id) => id !== 'pol_10');
      assert.equal(decision.policy_id, forbidding[0] ?? 'builtin:delegation');
      assert.deepEqual(decision.policies_checked, [...BUILTIN, ...ids]);
    }),
    { numRuns: 50 },
  );
});

test('a forbid that holds is named before one that errs', () => {
  const decision = decideBy([
    storedText('pol_1', forbid('context.caller == "x"')),
    storedText('pol_2', forbid('true')),
  ]);
  assert.deepEqual([decision.policy_id, decision.rule], ['pol_2', 'cedar']);
});

test('policies_checked are those whose scope the call is in', () => {
  const scoped = (principal: string, resource: string) =>
    `forbid (${principal}, action, ${resource}) when { false };`;
  const cases: [string, string, boolean][] = [
    ['principal', 'resource', true],
    ['principal == Agent::"agt_1"', 'resource', true],
    ['principal == Agent::"agt_2"', 'resource', false],
    ['principal == Service::"agt_1"', 'resource', false],
    ['principal in Agent::"agt_1"', 'resource', true],
    ['principal is Agent', 'resource is Grant', true],
    ['principal is Service', 'resource', false],
    ['principal is Agent in Agent::"agt_2"', 'resource', false],
    ['principal', 'resource == Grant::"grt_1"', true],
    ['principal', 'resource == Grant::"grt_2"', false],
    ['principal', 'resource in Provider::"github"', true],
    ['principal', 'resource in Provider::"gitlab"', false],
    ['principal', 'resource is Grant in Provider::"github"', true],
    ['principal', 'resource is Provider', false],
    ['principal', 'resource == Provider::"github"', false],
  ];
  for (const [principal, resource, concerned] of cases) {
    const cedar = scoped(principal, resource);
    const decision = decideBy([storedText('pol_1', cedar)]);
    assert.equal(decision.policies_checked.includes('pol_1'), concerned, cedar);
    // Cedar agrees: with the condition gone, exactly the concerned ones forbid.
    const held = decideBy([storedText('pol_1', cedar.replace('false', 'true'))]);
    assert.equal(held.policy_decision, concerned ? 'DENY' : 'ALLOW', cedar);
  }
});

test('applies_to narrows a template', () => {
  const ttl = { kind: 'ttl', seconds: 1 } as const;
  const cases: [Parameters<typeof stored>[2], boolean][] = [
    [undefined, true],
    [{ provider: 'github' }, true],
    [{ provider: 'gitlab' }, false],
    [{ agent_id: 'agt_1', grant_id: 'grt_1', provider: 'github' }, true],
    [{ agent_id: 'agt_1', grant_id: 'grt_1', provider: 'gitlab' }, false],
    [{ agent_id: 'agt_2' }, false],
    [{ grant_id: 'grt_2' }, false],
  ];
  for (const [applies_to, denies] of cases) {
    const { policy_decision } = decideBy([stored('pol_1', ttl, applies_to)]);
    assert.equal(policy_decision, denies ? 'DENY' : 'ALLOW', JSON.stringify(applies_to));
  }
});

test('an ambiguous path is denied wherever a concerned forbid looks at it, however it asks', () => {
  const url = 'https://a.test/x%2fadmin';
  const looking = [
    forbid('context.path like "/admin*"'),
    forbid('context.url like "*/admin*"'),
    forbid('context has path && context.path == "/admin"'),
    forbid('(if context.method == "GET" then context else context).path == "/admin"'),
  ];
  for (const cedar of looking) {
    const decision = decideBy([storedText('pol_1', cedar)], { url });
    assert.deepEqual(
      [decision.policy_decision, decision.policy_id, decision.rule],
      ['DENY', 'pol_1', 'cedar'],
    );
    assert.match(decision.explanation, /ambiguous: it has an encoded slash/);
    assert.equal(decideBy([storedText('pol_1', cedar)]).policy_decision, 'ALLOW', cedar);
  }
  const blind = [
    forbid('context.method == "POST"'),
    'permit (principal, action, resource) when { context.path == "/" };',
    'forbid (principal, action, resource in Provider::"other") when { context.path == "/" };',
  ];
  for (const cedar of blind) {
    assert.equal(decideBy([storedText('pol_1', cedar)], { url }).policy_decision, 'ALLOW', cedar);
  }
});

test('no query, fragment or credentials reach a policy', () => {
  const url = 'https://user:pass@a.test./v1?token=abc#part';
  const decision = decideBy(
    [storedText('pol_1', forbid('context.url == context.url && context.host == context.host'))],
    { url },
  );
  assert.deepEqual(decision.policy_context['compared'], {
    url: 'https://a.test/v1',
    host: 'a.test',
  });
});

test('a Cedar policy says what it looked at', () => {
  const cedar = forbid(
    'context.method == "GET" && context has source_ip && context.source_ip.isIpv4() && ' +
      'context.now > datetime("2020-01-01") && context.local["UTC"].weekday == "mon" && !(context has caller)',
  );
  compilePolicy({ name: 'n', cedar });
  const decision = decideBy([storedText('pol_1', cedar)], {
    request: { source_ip: '::ffff:10.0.0.1' },
  });
  assert.deepEqual(decision.policy_context['compared'], {
    method: 'GET',
    source_ip: '10.0.0.1',
    now: '2026-06-01T12:00:00.000Z',
    local: { UTC: { weekday: 'mon', minute: 720 } },
  });
  assert.equal(decision.explanation, 'Policy "name of pol_1" (pol_1) forbids this call.');
  assert.equal((decision.policy_context['policy'] as { cedar: string }).cedar, cedar);
});

test('a long Cedar text is cut in the record and stands there by its hash', () => {
  const cedar = `${forbid('true')} // ${'x'.repeat(5000)}`;
  const { policy } = decideBy([storedText('pol_1', cedar)]).policy_context as {
    policy: Record<string, unknown>;
  };
  assert.equal(String(policy['cedar']).length, 4096);
  assert.equal(policy['cedar_truncated'], true);
  assert.match(String(policy['cedar_sha256']), /^[0-9a-f]{64}$/);
});

test('an input that cannot be evaluated is denied, not thrown', () => {
  const decision = decideBy([storedText('pol_1', forbid('context.local["UTC"].minute > 1500'))], {
    now: new Date(Number.NaN),
  });
  assert.deepEqual(
    [decision.policy_decision, decision.policy_id, decision.rule],
    ['DENY', 'builtin:policy_engine', 'policy_error'],
  );
});

test('a string that is not Unicode cannot slip past a policy that reads it', () => {
  const policy = storedText('pol_1', forbid('context has reason && context.reason == "no"'));
  const decision = decideBy([policy], { request: { reason: 'no\ud800' } });
  assert.deepEqual([decision.policy_decision, decision.rule], ['DENY', 'policy_error']);
});

test('hostile strings in the call stay strings', () => {
  const policy = storedText('pol_1', forbid('context has reason && context.reason == "no"'));
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (reason, id) => {
      const actor = { type: 'agent', id } as const;
      const grant = { agents: [id], kind: reason, principal: { type: reason, id: reason } };
      const request = { reason, caller: reason, scopes: [reason, reason] };
      const decision = decideBy([policy], { actor, grant, request });
      assert.equal(decision.policy_decision, reason === 'no' ? 'DENY' : 'ALLOW');
    }),
    { numRuns: 100 },
  );
});

test('more sets than Cedar keeps prepared go on deciding, each by its own policies', () => {
  const sets = Array.from({ length: PREPARED_SETS + 20 }, (_, index) =>
    engine.compile([storedText(`pol_${index}`, forbid(`context.method == "M${index}"`))]),
  );
  for (const index of [0, 1, 5, PREPARED_SETS, PREPARED_SETS + 19, 0, 1]) {
    const set = sets[index];
    assert.ok(set);
    const own = decisionInput({ request: { method: `M${index}` } });
    assert.equal(engine.decide(set, own).policy_id, `pol_${index}`);
    const other = decisionInput({ request: { method: `M${index + 1}` } });
    assert.equal(engine.decide(set, other).policy_decision, 'ALLOW');
  }
});
