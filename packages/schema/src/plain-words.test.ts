import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { plainSentenceOf } from './plain-words.ts';
import type { Told } from './sentence.ts';

const called: Told = {
  event_type: 'api.called',
  source: 'observed',
  actor_type: 'agent',
  agent_name: 'pr-review-agent',
  provider: 'github',
  method: 'GET',
  url: 'https://api.github.com/repos/acme/app/pulls/12',
  outcome: 'success',
  reason: 'Summarise the review',
};
const say = (more: Told) => plainSentenceOf({ ...called, ...more }, 'ada').sentence;

describe('plainSentenceOf', () => {
  it('tells who did what, where and what for', () => {
    assert.equal(
      say({}),
      'pr-review-agent read pull request 12 at GitHub for ‘Summarise the review’',
    );
  });

  it('tells things by their path where it can, and the call where it cannot', () => {
    const at = (path: string, method = 'GET') =>
      plainSentenceOf({ ...called, method, url: `https://x.test${path}` }, 'ada').what;
    const what = (said: string) => `${said} at GitHub`;
    assert.equal(at('/v1/messages'), what('read messages'));
    assert.equal(at('/messages/18c2', 'DELETE'), what('deleted message 18c2'));
    assert.equal(at('/calendar/entries/7', 'PATCH'), what('changed entry 7'));
    assert.equal(at('/user'), what('read the profile'));
    assert.equal(at(`/files/${'a1'.repeat(20)}`), what('read a file'));
    assert.equal(at('/~x/y;z', 'POST'), what('called POST /~x/y;z'));
    assert.equal(at('/'), what('called GET /'));
  });

  it('says that something did not happen, without the rule that kept it back', () => {
    const denied = { event_type: 'credential.denied', policy_decision: 'DENY' } as const;
    const policy = { policy_id: 'pol_secret', policy_context: { policy: { name: 'Secret' } } };
    const said = say({ ...denied, ...policy, outcome: 'policy_denied', method: 'DELETE' });
    assert.match(said, /tried to delete pull request 12 at GitHub .*: it was not allowed$/);
    assert.ok(!/secret/i.test(said));
    assert.match(
      say({ outcome: 'provider_error', response_status: 404 }),
      /did not do it \(404\)$/,
    );
  });

  it('names the person, and nobody else', () => {
    const revoked = {
      event_type: 'wallet.grant_revoked',
      actor_type: 'user',
      actor_id: 'ada',
    } as const;
    const { reason: _, ...bare } = called;
    const words = (more: Told) => plainSentenceOf({ ...bare, ...more }, 'ada').sentence;
    assert.equal(words(revoked), 'You ended the connection to GitHub');
    assert.match(words({ ...revoked, actor_id: 'bob' }), /^Another person /);
    const operator = {
      event_type: 'grant.created',
      actor_type: 'operator',
      actor_name: 'Eve',
    } as const;
    assert.equal(words({ ...operator, reason: 'internal' }), 'An administrator connected GitHub');
    assert.match(words({ actor_type: 'service', caller: 'crm' }), /^crm read /);
  });

  it('says what clients report as theirs, and is harmless', () => {
    const reported = { event_type: 'mail.summarised', source: 'reported' } as const;
    const bare = { actor_type: 'agent', agent_name: 'a\u202eb\u001b[31m' } as const;
    const { sentence } = plainSentenceOf({ ...reported, ...bare }, 'ada');
    assert.equal(sentence, 'a\uFFFDb\uFFFD[31m reported “mail summarised”');
    const claimed = { event_type: 'user.signed_in', source: 'reported' } as const;
    assert.equal(plainSentenceOf({ ...claimed, ...bare }, 'ada').what, 'reported “user signed in”');
  });
});
