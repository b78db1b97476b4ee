import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AffidavitError } from '@affidavit/schema';

import { compilePolicy } from './compile.ts';
import { layerOf } from './compiled-set.ts';
import { decideBy, decisionInput, engine, stored, storedText } from './testing/fixtures.ts';

const DELETING = 'forbid (principal, action, resource) when { context.method == "DELETE" };';
const approving = (text = DELETING, more = '') => `@require("approval") ${more}${text}`;

test('an approval that is missing denies, and says that nothing else is', () => {
  const policy = stored('pol_1', { kind: 'approval' });
  const decision = decideBy([policy]);
  assert.equal(decision.policy_decision, 'DENY');
  assert.equal(decision.rule, 'approval');
  assert.equal(decision.policy_id, 'pol_1');
  assert.deepEqual(decision.approval, { expires_in_seconds: 86_400 });
  assert.match(decision.explanation, /asks for a person's approval/);
  const set = engine.compile([policy]);
  const approved = engine.decide(set, { ...decisionInput(), approved: true });
  assert.equal(approved.policy_decision, 'ALLOW');
  assert.equal(approved.policy_id, 'pol_1');
  assert.equal(approved.approval, undefined);
});

test('a Cedar text asks for approval by an annotation, under its conditions', () => {
  const policy = storedText('pol_1', approving(DELETING, '@expires_in_seconds("60") '));
  assert.equal(decideBy([policy]).policy_decision, 'ALLOW');
  const held = decideBy([policy], { request: { method: 'DELETE' } });
  assert.deepEqual([held.rule, held.approval?.expires_in_seconds], ['approval', 60]);
});

test('of several approvals the shortest time counts, and the first decides', () => {
  const policies = [
    stored('pol_1', { kind: 'approval', expires_in_seconds: 600 }, { agent_id: 'agt_1' }),
    stored('pol_2', { kind: 'approval', expires_in_seconds: 60 }, { grant_id: 'grt_1' }),
  ];
  const held = decideBy(policies);
  assert.deepEqual([held.policy_id, held.layer], ['pol_2', 'grant']);
  assert.equal(held.approval?.expires_in_seconds, 60);
});

test('what nothing lifts, and what errs, comes before what is required', () => {
  const approval = stored('pol_1', { kind: 'approval' });
  const forbidden = storedText('pol_2', 'forbid (principal, action, resource);');
  const erring = storedText(
    'pol_3',
    'forbid (principal, action, resource) when { context.nothing == 1 };',
  );
  const denied = decideBy([approval, forbidden, erring]);
  assert.deepEqual([denied.policy_id, denied.rule, denied.approval], ['pol_2', 'cedar', undefined]);
  const erred = decideBy([approval, erring]);
  assert.deepEqual([erred.policy_id, erred.rule], ['pol_3', 'policy_error']);
  const approved = { ...decisionInput(), approved: true };
  for (const policies of [
    [approval, forbidden],
    [approval, erring],
  ]) {
    assert.equal(engine.decide(engine.compile(policies), approved).policy_decision, 'DENY');
  }
});

test('what is required of a call does not stand against a token for calls', () => {
  const policies = [
    stored('pol_1', { kind: 'approval' }),
    stored('pol_2', { kind: 'rate', limit: 1, window_seconds: 1 }),
    stored('pol_3', { kind: 'methods', methods: ['PUT'] }),
  ];
  const decision = engine.decide(engine.compile(policies, new Set(['method'])), decisionInput());
  assert.deepEqual([decision.policy_decision, decision.rates], ['ALLOW', undefined]);
});

test('rates are named with what they are counted under', () => {
  const rate = { kind: 'rate', limit: 3, window_seconds: 60 } as const;
  const counters = [undefined, 'agent', 'grant', 'principal'] as const;
  const policies = counters.map((per, index) =>
    stored(`pol_${index}`, { ...rate, ...(per === undefined ? {} : { per }) }),
  );
  const decision = decideBy(policies);
  assert.equal(decision.policy_decision, 'ALLOW');
  assert.deepEqual(
    decision.rates?.map(({ counter }) => counter),
    ['', 'agt_1', 'grt_1', 'user ada'],
  );
  assert.equal(JSON.stringify(decision.policy_context['rates']).match(/"limit":3/g)?.length, 4);
  const elsewhere = stored('pol_9', rate, { agent_id: 'agt_2' });
  assert.equal(decideBy([elsewhere]).rates, undefined);
});

test('scopes: those asked for, or all of the grant, must be among the allowed ones', () => {
  const policy = stored('pol_1', { kind: 'scopes', scopes: ['read', 'list'] });
  const verdict = (asked: readonly string[], granted: readonly string[]) =>
    decideBy([policy], { request: { scopes: asked }, grant: { scopes: granted } });
  assert.equal(verdict(['read'], ['read', 'write']).policy_decision, 'ALLOW');
  assert.equal(verdict(['read'], []).policy_decision, 'ALLOW');
  const wide = verdict([], ['read', 'write']);
  assert.deepEqual([wide.rule, wide.policy_decision], ['scopes', 'DENY']);
  assert.match(wide.explanation, /uses write/);
  assert.match(verdict([], []).explanation, /names none/);
});

test('a policy is of the layer of its scope, and the widest layer decides first', () => {
  const approval = { kind: 'approval' } as const;
  const layers = [
    stored('pol_4', approval),
    stored('pol_3', approval, { provider: 'github' }),
    stored('pol_2', approval, { provider: 'github', grant_id: 'grt_1' }),
    stored('pol_1', approval, { grant_id: 'grt_1', agent_id: 'agt_1' }),
  ];
  assert.deepEqual(layers.map(layerOf), ['app', 'provider', 'grant', 'agent']);
  for (let from = 0; from < layers.length; from++) {
    const decision = decideBy(layers.slice(from).toReversed());
    assert.equal(decision.policy_id, layers[from]?.policy_id);
    assert.equal(decision.policies_checked.length, 4 + layers.length - from);
  }
});

test('annotations that nobody understands are refused', () => {
  const rate = '@require("rate") @limit("3") @window_seconds("60") ';
  const wrong = [
    approving(DELETING.replace('forbid', 'permit')),
    `@require("a miracle") ${DELETING}`,
    `@require ${DELETING}`,
    approving(DELETING, '@expires_in_seconds("soon") '),
    approving(DELETING, '@expires_in_seconds("0") '),
    `@require("rate") ${DELETING}`,
    `${rate}@per("moon") ${DELETING}`,
  ];
  for (const cedar of wrong) {
    assert.throws(
      () => compilePolicy({ name: 'n', cedar }),
      (error) =>
        error instanceof AffidavitError &&
        error.code === 'invalid_request' &&
        error.details.field === 'cedar' &&
        /@require|@expires|@limit|@per/.test(error.message),
      cedar,
    );
  }
  assert.deepEqual(compilePolicy({ name: 'n', cedar: rate + DELETING }).warnings, []);
});
