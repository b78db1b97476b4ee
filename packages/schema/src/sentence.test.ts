import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { sentenceOf, sentenceText } from './sentence.ts';
import type { Told } from './sentence.ts';

const called: Told = {
  seq: 12,
  created_at: '2026-11-21T09:14:03.120Z',
  event_type: 'api.called',
  agent_id: 'agt_1',
  agent_name: 'research-agent',
  principal_id: 'alice',
  principal_email: 'alice@example.com',
  provider: 'mail',
  grant_id: 'grt_0199f0c2a1b27c3d8e4f5a6b7c8d9e0f',
  grant_kind: 'managed_secret',
  method: 'GET',
  url: 'http://127.0.0.1:4021/messages?unread=true',
  response_status: 200,
  latency_ms: 12.4,
  outcome: 'success',
  reason: 'Summarise the mail',
};

const result = (more: Told) => sentenceOf({ ...called, ...more });

describe('sentenceText', () => {
  it('tells time, who, what, for whom, with what, why and how it ended', () => {
    assert.equal(
      sentenceText(called),
      '09:14:03 research-agent called GET mail /messages?unread=true for alice@example.com ' +
        'with secret grant grt_…8d9e0f because “Summarise the mail”: 200 in 12 ms.',
    );
  });

  it('does with little', () => {
    const little = { created_at: '2026-11-21T09:14:03.120Z', event_type: 'task.finished' };
    assert.equal(sentenceText(little), '09:14:03 somebody task.finished: no outcome yet.');
    const { what } = sentenceOf({ ...little, source: 'reported' });
    assert.equal(what, 'reported task.finished');
  });

  it('tells a denial by the name of the policy, its rule and what it saw', () => {
    const policy_context = {
      rule: 'time_window',
      policy: { name: 'Office hours', template: { kind: 'time_window' } },
      compared: { weekday: 'sat', local_time: '09:14', time_zone: 'UTC' },
    };
    const denied = sentenceText({
      created_at: '2026-11-21T09:14:03.120Z',
      actor_name: 'billing-agent',
      provider: 'billing',
      method: 'GET',
      url: 'https://billing.test/invoices',
      policy_decision: 'DENY',
      policy_id: 'pol_1',
      policy_context,
      outcome: 'policy_denied',
    });
    assert.equal(
      denied,
      '09:14:03 billing-agent asked for GET billing /invoices: ' +
        'denied by “Office hours” (time_window); it was sat 09:14.',
    );
  });

  it('tells a denial of which only the id is known', () => {
    const { result: told } = sentenceOf({ outcome: 'policy_denied', policy_id: 'builtin:scope' });
    assert.equal(told, 'denied by “builtin:scope”');
  });

  it('tells each ending, and how to feel about it', () => {
    const endings = [
      [{ outcome: 'success', latency_ms: 3.21 }, '200 in 3.2 ms', 'good'],
      [
        { outcome: 'provider_error', response_status: 500 },
        'the provider answered 500 in 12 ms',
        'failed',
      ],
      [
        { outcome: 'network_error', error_code: 'ECONNREFUSED' },
        'the provider did not answer (ECONNREFUSED) in 12 ms',
        'failed',
      ],
      [{ outcome: 'blocked', error_code: 'egress_blocked' }, 'blocked (egress_blocked)', 'refused'],
      [{ outcome: 'dry_run' }, 'a dry run: nothing was done', 'good'],
      [{ outcome: 'replayed' }, 'a repeat: the first answer was given again', 'good'],
      [{ outcome: 'error' }, 'it failed', 'failed'],
      [{ outcome: 'unknown' }, 'nobody knows how it ended', 'open'],
    ] as const;
    for (const [more, text, mood] of endings) {
      const sentence = result(more);
      assert.equal(sentence.result, text);
      assert.equal(sentence.mood, mood);
    }
    assert.match(result({ response_body_truncated: true }).result, /only the beginning/);
    const { outcome: _, ...intent } = called;
    assert.equal(sentenceOf(intent).result, 'no outcome yet');
  });

  it('names the action, the token and the OAuth grant', () => {
    assert.equal(result({ verb: 'crm:delete' }).what, 'ran crm:delete');
    assert.equal(result({ token_id: 'tok_1' }).credential, 'with token tok_1');
    assert.equal(result({ grant_kind: 'oauth' }).credential, 'with OAuth grant grt_…8d9e0f');
  });

  it('lets nothing that others wrote reach the terminal as a command', () => {
    const evil = '\u001B[2Jgone\u202Eover\nnext';
    const text = sentenceText({ ...called, reason: evil, agent_name: evil, verb: evil });
    assert.doesNotMatch(text, /[\p{Cc}\p{Cf}]/u);
    assert.match(text, /gone.over next/);
  });
});
