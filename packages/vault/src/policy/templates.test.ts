import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { AffidavitError } from '@affidavit/schema';
import type { PolicyTemplate } from '@affidavit/schema';
import { compilePolicy } from './compile.ts';
import type { TemplatePolicyInput } from './compile.ts';
import { readPolicyText } from './syntax.ts';
import { decideBy, decisionInput, engine, stored } from './testing/fixtures.ts';

const cedarOf = (input: TemplatePolicyInput) => compilePolicy(input).cedar;

test('templates are written as Cedar that a person can read', () => {
  const template: PolicyTemplate = {
    kind: 'time_window',
    days: ['fri', 'mon'],
    from: '09:00',
    to: '18:00',
    time_zone: 'Europe/Berlin',
  };
  const applies_to = { provider: 'github', agent_id: 'agt_1' };
  assert.equal(
    cedarOf({ name: 'office', template, applies_to }),
    `@name("office")
@template("time_window")
forbid (principal == Agent::"agt_1", action, resource in Provider::"github")
unless {
  // mon, fri from 09:00 to 18:00 in Europe/Berlin
  ["mon", "fri"].contains(context.local["Europe/Berlin"].weekday) &&
  context.local["Europe/Berlin"].minute >= 540 &&
  context.local["Europe/Berlin"].minute < 1080
};
`,
  );
  assert.equal(
    cedarOf({ name: 'n', template: { kind: 'ip_allowlist', cidrs: ['10.1.2.3/8', '::/0'] } }),
    `@name("n")
@template("ip_allowlist")
forbid (principal, action, resource)
unless {
  context has source_ip &&
  (
    context.source_ip.isInRange(ip("10.0.0.0/8")) ||
    context.source_ip.isInRange(ip("::/0"))
  )
};
`,
  );
  assert.equal(
    cedarOf({
      name: 'n',
      template: { kind: 'methods', methods: ['get'], paths: ['/v1/*', '/%2A'] },
      applies_to: { grant_id: 'grt_1' },
    }),
    `@name("n")
@template("methods")
forbid (principal, action, resource == Grant::"grt_1")
unless {
  ["GET"].contains(context.method) &&
  (
    context.path like "/v1/*" ||
    context.path like "/\\*"
  )
};
`,
  );
  assert.equal(
    cedarOf({
      name: 'n',
      template: { kind: 'ttl', seconds: 60 },
      applies_to: { grant_id: 'grt_1', provider: 'p' },
    }),
    `@name("n")
@template("ttl")
forbid (principal, action, resource == Grant::"grt_1")
when { resource in Provider::"p" }
unless {
  context.grant_age_seconds <= 60
};
`,
  );
});

test('an allowlist knows IPv4, IPv6, IPv4 inside IPv6, everything, and nothing', () => {
  const list = stored('pol_1', { kind: 'ip_allowlist', cidrs: ['10.0.0.0/8', '2001:db8::/32'] });
  const verdict = (source_ip: string | undefined, policy = list) =>
    decideBy([policy], { request: source_ip === undefined ? {} : { source_ip } }).policy_decision;
  for (const inside of ['10.0.0.0', '10.255.255.255', '::ffff:10.9.9.9', '2001:db8::1']) {
    assert.equal(verdict(inside), 'ALLOW', inside);
  }
  for (const outside of ['11.0.0.0', '::ffff:11.0.0.1', '2001:db9::1', '::1', 'no address', '']) {
    assert.equal(verdict(outside), 'DENY', outside);
  }
  assert.equal(verdict(undefined), 'DENY');
  const all4 = stored('pol_1', { kind: 'ip_allowlist', cidrs: ['0.0.0.0/0'] });
  assert.equal(verdict('203.0.113.9', all4), 'ALLOW');
  assert.equal(verdict('::ffff:203.0.113.9', all4), 'ALLOW');
  assert.equal(verdict('2001:db8::1', all4), 'DENY');
  assert.equal(verdict(undefined, all4), 'DENY');
  const all6 = stored('pol_1', { kind: 'ip_allowlist', cidrs: ['::/0'] });
  assert.equal(verdict('2001:db8::1', all6), 'ALLOW');
  assert.equal(verdict('203.0.113.9', all6), 'DENY');
});

test('a denial by address says which address, or that there was none', () => {
  const list = stored('pol_1', { kind: 'ip_allowlist', cidrs: ['10.0.0.0/8'] });
  const unknown = decideBy([list]);
  assert.equal(unknown.rule, 'ip_allowlist');
  assert.deepEqual(unknown.policy_context['compared'], { source_ip: null });
  assert.match(unknown.explanation, /unknown address/);
  const known = decideBy([list], { request: { source_ip: '::ffff:192.0.2.1' } });
  assert.deepEqual(known.policy_context['compared'], { source_ip: '192.0.2.1' });
});

test('the longest allowlist is taken', () => {
  const cidrs = Array.from({ length: 200 }, (_, index) => `10.${index}.0.0/16`);
  const list = stored('pol_1', { kind: 'ip_allowlist', cidrs });
  const from = (source_ip: string) => decideBy([list], { request: { source_ip } }).policy_decision;
  assert.deepEqual(['10.0.0.1', '10.199.0.1', '10.200.0.1'].map(from), ['ALLOW', 'ALLOW', 'DENY']);
});

test('methods and paths are both held to, and only what is given', () => {
  const both = { kind: 'methods', methods: ['GET', 'head'], paths: ['/v1/*', '/health'] } as const;
  const policy = stored('pol_1', { ...both, methods: [...both.methods], paths: [...both.paths] });
  const verdict = (method: string, path: string, held = policy) =>
    decideBy([held], { url: `https://a.test${path}`, request: { method } }).policy_decision;
  assert.equal(verdict('get', '/v1/x/y?z=/admin'), 'ALLOW');
  assert.equal(verdict('HEAD', '/health'), 'ALLOW');
  assert.equal(verdict('GET', '/v1'), 'DENY');
  assert.equal(verdict('GET', '/health/x'), 'DENY');
  assert.equal(verdict('POST', '/v1/x'), 'DENY');
  const onlyMethods = stored('pol_1', { kind: 'methods', methods: ['GET'] });
  assert.equal(verdict('GET', '/any%2Fthing//', onlyMethods), 'ALLOW');
  const onlyPaths = stored('pol_1', { kind: 'methods', paths: ['/v1/*'] });
  assert.equal(verdict('DELETE', '/v1/x', onlyPaths), 'ALLOW');
});

test('no spelling of a path gets past an allowed prefix', () => {
  const policy = stored('pol_1', { kind: 'methods', paths: ['/public/*'] });
  const verdict = (path: string) => decideBy([policy], { url: `https://a.test${path}` });
  assert.equal(verdict('/public/a/b').policy_decision, 'ALLOW');
  const spellings = [
    '/public/../admin',
    '/public/%2e%2e/admin',
    '/public/..%2fadmin',
    '/public/%2e%2e%2fadmin',
    '/public/..%5cadmin',
    '/public/..\\admin',
    '/public//%2e%2e/%2e%2e/admin',
    '/public/%252e%252e/admin',
    '/public/..;/admin',
    '/public/x%00',
    '//public/x',
    '/PUBLIC/x',
    '/publi%63',
  ];
  for (const path of spellings) assert.equal(verdict(path).policy_decision, 'DENY', path);
  assert.deepEqual(verdict('/public/..%2fadmin').policy_context['compared'], {
    path: '/public/../admin',
    ambiguity: 'it has an encoded slash',
  });
  assert.equal(verdict('/public/..%2fadmin').rule, 'methods');
});

test('a grant is as old as its creation, to the second, rounded up', () => {
  const policy = stored('pol_1', { kind: 'ttl', seconds: 60 });
  const verdict = (now: string, created_at = '2026-01-01T00:00:00.000Z') =>
    decideBy([policy], { now, grant: { created_at } }).policy_decision;
  assert.equal(verdict('2026-01-01T00:01:00.000Z'), 'ALLOW');
  assert.equal(verdict('2026-01-01T00:01:00.001Z'), 'DENY');
  assert.equal(verdict('2025-12-31T23:59:59.000Z'), 'ALLOW');
  assert.equal(verdict('2026-01-01T00:00:01.000Z', 'unreadable'), 'DENY');
});

test('a wrong template is refused with its field', () => {
  const window = {
    kind: 'time_window',
    days: ['mon'],
    from: '09:00',
    to: '18:00',
    time_zone: 'UTC',
  };
  const wrong: [unknown, string][] = [
    [{ ...window, from: '9:00' }, 'template.from'],
    [{ ...window, from: '24:00' }, 'template.from'],
    [{ ...window, to: '09:00' }, 'template.to'],
    [{ ...window, days: ['monday'] }, 'template.days[0]'],
    [{ ...window, days: [] }, 'template.days'],
    [{ ...window, time_zone: 'Mars/Base' }, 'template.time_zone'],
    [{ ...window, time_zone: '+02:00' }, 'template.time_zone'],
    [{ ...window, time_zone: 'UTC"] || true' }, 'template.time_zone'],
    [{ ...window, until: '18:00' }, 'template'],
    [{ kind: 'ip_allowlist', cidrs: ['10.0.0.0/8', '10.0.0.0/40'] }, 'template.cidrs[1]'],
    [{ kind: 'methods' }, 'template.methods'],
    [{ kind: 'methods', paths: ['/a', '/a/../b'] }, 'template.paths[1]'],
    [{ kind: 'methods', paths: ['v1'] }, 'template.paths[0]'],
    [{ kind: 'ttl', seconds: 0 }, 'template.seconds'],
    [{ kind: 'ttl', seconds: 1.5 }, 'template.seconds'],
    [{ kind: 'other' }, 'template.kind'],
    [null, 'template'],
  ];
  for (const [template, field] of wrong) {
    assert.throws(
      () => compilePolicy({ name: 'n', template } as TemplatePolicyInput),
      (error) =>
        error instanceof AffidavitError &&
        error.code === 'invalid_request' &&
        error.details.field === field,
      JSON.stringify(template),
    );
  }
});

const HOSTILE = [
  'x"); permit (principal, action, resource); //',
  '"',
  '\\',
  '\\"',
  'a\nforbid (principal, action, resource);',
  'a\u2028b\u0000\u202e',
  '*',
  '\ud800',
  '?principal',
];

test('nothing in a name or provider becomes policy', () => {
  const template: PolicyTemplate = { kind: 'ttl', seconds: 1 };
  const check = (text: string) => {
    const cedar = cedarOf({ name: text, template, applies_to: { provider: text } });
    const read = readPolicyText(cedar);
    assert.ok(!('message' in read), cedar);
    assert.deepEqual([read.length, read[0]?.effect], [1, 'forbid']);
    const set = engine.compile([{ policy_id: 'pol_1', name: text, cedar }]);
    const own = decisionInput({ grant: { provider: text.toWellFormed() } });
    assert.equal(engine.decide(set, own).policy_id, 'pol_1', cedar);
    const other = decisionInput({ grant: { provider: `${text.toWellFormed()}other` } });
    assert.equal(engine.decide(set, other).policy_decision, 'ALLOW', cedar);
  };
  for (const text of HOSTILE) check(text);
  fc.assert(fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), check), {
    numRuns: 200,
  });
});

test('ids that are none of ours are refused, as they would never apply', () => {
  const template: PolicyTemplate = { kind: 'ttl', seconds: 1 };
  const wrong = { agent_id: 'agt_1"; permit', grant_id: 'pol_1', provider: '' };
  for (const [field, value] of Object.entries(wrong)) {
    assert.throws(
      () => compilePolicy({ name: 'n', template, applies_to: { [field]: value } }),
      (error) => error instanceof AffidavitError && error.details.field === `applies_to.${field}`,
      field,
    );
  }
});

test('a path pattern matches literally but for its stars', () => {
  const literal = fc
    .string({ unit: 'grapheme-ascii', maxLength: 8 })
    .map((text) => text.replaceAll('*', ''));
  fc.assert(
    fc.property(literal, literal, (before, after) => {
      const encoded = `/${encodeURIComponent(before)}x`;
      const url = `https://a.test${encoded}${encodeURIComponent(after)}`;
      let policy;
      try {
        policy = stored('pol_1', { kind: 'methods', paths: [`${encoded}*`] });
      } catch (error) {
        assert.ok(error instanceof AffidavitError);
        return;
      }
      const { policy_decision, policy_context } = decideBy([policy], { url });
      const ambiguous = JSON.stringify(policy_context).includes('ambiguity');
      assert.equal(policy_decision, ambiguous ? 'DENY' : 'ALLOW');
    }),
    { numRuns: 100 },
  );
});
