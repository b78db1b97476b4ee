import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AffidavitError } from '@affidavit/schema';
import { compilePolicy } from './compile.ts';
import type { CedarPolicyInput } from './compile.ts';

function refusal(cedar: string): AffidavitError {
  try {
    compilePolicy({ name: 'n', cedar });
  } catch (error) {
    assert.ok(error instanceof AffidavitError);
    assert.equal(error.code, 'invalid_request');
    assert.equal(error.details.field, 'cedar');
    return error;
  }
  return assert.fail(`accepted: ${cedar.slice(0, 100)}`);
}

const forbid = (condition: string) => `forbid (principal, action, resource) when { ${condition} };`;

test('every attribute can be used, and the text is kept as it is', () => {
  const cedar = `// a comment
forbid (principal is Agent, action == Action::"call", resource is Grant in Provider::"github")
when {
  context.method == "POST" && context.url like "https://*" && context.host == "a.test" &&
  context.path like "/v1/*" && context.scopes.contains("repo") && context.grant_age_seconds > 5 &&
  context.now < datetime("2030-01-01") && context.local["Asia/Kathmandu"].minute < 60 &&
  context.local["UTC"].weekday == "mon" && resource.kind == "oauth" &&
  resource.principal_type == "user" && resource.principal_id == "ada"
}
unless {
  (context has source_ip && context.source_ip.isLoopback()) ||
  (context has caller && context.caller == "a") || (context has run_id && context.run_id == "a") ||
  (context has task_context && context.task_context == "a") ||
  (context has tenant_id && context.tenant_id == "a") || (context has reason && context.reason == "a")
};`;
  assert.deepEqual(compilePolicy({ name: 'n', cedar }), { cedar, warnings: [] });
});

test("a syntax error has Cedar's message and the position", () => {
  const error = refusal('forbid (principal,\n  action resource);');
  assert.match(error.message, /unexpected token `resource` \(line 2, column 10\)$/);
  assert.deepEqual(error.details.extra, { position: { line: 2, column: 10, offset: 28 } });
  const second = refusal(`/* é */`);
  assert.match(second.message, /line 1/);
});

test('columns count characters, not bytes', () => {
  const error = refusal('// ééé\nforbid (principal, action, resource) when { "é" == };');
  assert.deepEqual(error.details.extra, { position: { line: 2, column: 52, offset: 62 } });
});

test('the schema is held to strictly', () => {
  const wrong: [string, RegExp][] = [
    [forbid('context.methd == "GET"'), /attribute `methd` .* not found/],
    [forbid('context.method == 1'), /types .* are not compatible|not compatible/],
    [forbid('context.source_ip.isLoopback()'), /optional attribute `source_ip`/],
    [forbid('context.caller == "x"'), /optional attribute `caller`/],
    [forbid('context has source_ip && context.source_ip == ip("10.0.0")'), /IP address/],
    [forbid('context.local["Mars/Base"].minute > 1'), /not found/],
    [forbid('principal == User::"ada"'), /entity type `User`/],
    ['forbid (principal, action == Action::"cal", resource);', /action `Action::"cal"`/],
    ['forbid (principal == agent::"agt_1", action, resource);', /entity type `agent`/],
    [forbid('context.method'), /expected Bool/],
  ];
  for (const [cedar, message] of wrong) assert.match(refusal(cedar).message, message, cedar);
  const second = refusal(`${forbid('true')}\n${forbid('context.nope')}`);
  assert.match(second.message, /^attribute `nope`.*\(line 2, column \d+\)$/);
});

test('empty, long, many and open texts are refused', () => {
  assert.match(refusal('').message, /empty/);
  assert.match(refusal('// only a comment').message, /empty/);
  assert.match(refusal('forbid (principal == ?principal, action, resource);').message, /slot/);
  assert.match(refusal(`${forbid('true')}\n`.repeat(101)).message, /101 statements/);
  assert.match(refusal(`// ${'é'.repeat(32_768)}\n${forbid('true')}`).message, /too long/);
  assert.equal(compilePolicy({ name: 'n', cedar: forbid('true').repeat(100) }).warnings.length, 0);
  const zones = Intl.supportedValuesOf('timeZone').slice(0, 21);
  const used = zones.map((zone) => forbid(`context.local["${zone}"].minute > 1`));
  assert.match(
    refusal(forbid(zones.map((z) => `context.local["${z}"].minute > 1`).join('||'))).message,
    /time zones/,
  );
  assert.equal(compilePolicy({ name: 'n', cedar: used.join('\n') }).warnings.length, 0);
});

test('what is valid and probably not meant is warned of', () => {
  const permit = compilePolicy({ name: 'n', cedar: 'permit (principal, action, resource);' });
  assert.match(permit.warnings.join(), /a permit has no effect of its own/);
  const never = compilePolicy({ name: 'n', cedar: forbid('1 == 2') });
  assert.match(never.warnings.join(), /^policy is impossible/);
});

test('name and body are required, and only one kind of body', () => {
  const cedar = forbid('true');
  const template = { kind: 'ttl', seconds: 1 };
  const wrong: [unknown, string][] = [
    [{ name: '', cedar }, 'name'],
    [{ name: 'n'.repeat(201), cedar }, 'name'],
    [{ cedar }, 'name'],
    [{ name: 'n' }, 'template'],
    [{ name: 'n', cedar: 5 }, 'cedar'],
    [{ name: 'n', cedar, template }, 'cedar'],
  ];
  for (const [input, field] of wrong) {
    assert.throws(
      () => compilePolicy(input as CedarPolicyInput),
      (error) => error instanceof AffidavitError && error.details.field === field,
      JSON.stringify(input).slice(0, 80),
    );
  }
});
